"""A class of invented students whose submissions are made by code, each with the marks that it deserves.

``python -m tests.sample_class`` hands in, grades with nbgrader's own commands, and leaves a table in marks.txt.
"""
