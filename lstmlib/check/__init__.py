"""Student side: checks a function against the reference and names the mistake.

``check(my_forget_gate, "lstm.forget_gate")`` calls the function on data of several kinds, compares it with
the reference, and returns a `Report`. The cell in a student's notebook and the graded cell use the same code;
only the seed of the data differs.
"""

from lstmlib.check.checker import check
from lstmlib.check.quiz import check_choice, check_number
from lstmlib.check.report import Report

__all__ = ["Report", "check", "check_choice", "check_number"]
