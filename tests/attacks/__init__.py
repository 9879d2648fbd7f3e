"""Dishonest submissions, and what they reach under nbgrader as it comes and under our grader.

``python -m tests.attacks`` prints a table. What could harm the machine is never run outside the sandbox.
"""
