"""What runs inside the sandbox: the process that holds a student's state, and what it shares with the judge.

These files import nothing but the standard library, NumPy, IPython and each other. They are mounted alone into the
sandbox; the rest of the judge, its tests and the course's answers are not there.
"""
