"""Whose a name is that a test uses, and what it may do with what it finds there."""

from tests.test_judge import box, failed, judge, text  # noqa: F401 - two are fixtures


def test_a_name_is_whose_the_release_last_says_it_is(judge):  # noqa: F811
    released = [
        "from statistics import mean, median\ntry:\n    import math as m\nexcept ImportError:\n    m = None",
        "def mean(xs):\n    ...",
        "min, max = None, None\nsum: int = None",
    ]
    assert failed(judge("x = 1", ["assert mean([1, 3]) == 2"], released=released)[1])
    student = "def mean(xs):\n    return 5\nmin, max, sum = 1, 2, 3\nmedian = m = 7"
    test = "assert mean([1, 3]) == 5 and median([1, 3]) == 2 and (min, max, sum) == (1, 2, 3) and m.sqrt(4) == 2"
    assert not failed(judge(student, [test], released=released)[1])


def test_objects_that_are_asked_for_say_what_they_are(judge):  # noqa: F811
    student = """
class V:
    def __init__(self, x): self.x = x
    def __add__(self, other): return V(self.x + getattr(other, 'x', other))
    __radd__ = __add__
    def __repr__(self): return f"V({self.x})"
def f():
    "Say nothing."
    return V(1)
"""
    test = "assert f\"{V(1) + 2}\" == 'V(3)' == repr(V(2) + V(1)) == str(1 + V(2)) and f.__doc__ == 'Say nothing.'"
    assert not failed(judge(student, [test], released=["class V:\n    pass"])[1])
    shown = judge(student, ["print(V(1), f())"], ["f() + 1"])  # nobody asked for a V, nor made this one in the test
    assert "V(1)" not in text(shown[1]) and shown[2][-1]["ename"] == "TypeError"


def test_modules_that_the_release_imports_are_the_course_s(judge):  # noqa: F811
    fake = "class np:\n    allclose = staticmethod(lambda *a: True)"
    assert failed(judge(fake, ["assert np.allclose(1, 2)"], released=["import numpy as np"])[1])


def test_a_builtin_that_is_asked_for_is_the_student_s(judge):  # noqa: F811
    student, test = "def max(a, b):\n    return 'mine'", ["assert max(1, 2) == 'mine'"]
    assert not failed(judge(student, test, released=["def max(a, b):\n    raise NotImplementedError"])[1])
    assert failed(judge(student, test)[1])


def test_names_that_nobody_defined_are_missing(judge):  # noqa: F811
    assert failed(judge("x = 1", ["y"])[1])
    assert not failed(judge("x = 1", ["assert globals().get('y') is None and 'y' not in globals() and x == 1"])[1])
