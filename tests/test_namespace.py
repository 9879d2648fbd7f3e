"""Whose a name is that a test uses, and what it may do with what it finds there."""

from pathlib import Path

import nbformat
import nbgrader
import pytest

from lstmlib.grading.score import score, score_judged
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


EXAMPLES = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
SQUARES = "def squares(n):\n    return [i**2 for i in range(1, n + 1)]\n"
USES = "def total(n):\n    return sum(squares(n))"
WITHOUT = """
orig_squares = squares
del squares
try:
    total(1)
except NameError:
    pass
else:
    raise AssertionError("total does not use squares")
finally:
    squares = orig_squares
"""
SPY = """
calls, original = [], squares
def squares(n):
    calls.append(n)
    return original(n)
assert total(3) == 14 and calls == [3]
"""


@pytest.mark.parametrize("test", [WITHOUT, SPY])
def test_a_test_may_see_whether_one_function_uses_another(judge, test):  # noqa: F811
    after = "assert squares(2) == [1, 4] and total(2) == 5"
    _, used, then = judge(SQUARES + USES, [test], [after if test is WITHOUT else "assert total(2) == 5"])
    assert not failed(used) and not failed(then), (used, then)
    _, unused, then = judge(SQUARES + "def total(n):\n    return n * (n + 1) * (2 * n + 1) // 6", [WITHOUT], [after])
    assert "does not use squares" in str(unused) and not failed(then)


def test_what_the_course_takes_away_or_replaces_was_found_at_the_student_s(judge):  # noqa: F811
    helper = "def _right(x):\n    return 7\n"
    assert failed(judge("def f():\n    return _right(1)", [f"{helper}assert f() == 7"])[1])
    assert failed(judge("_right = len\ndef f():\n    return _right(1)", [f"{helper}assert f() == 7"])[1])
    missing = judge("x = 1", ["del y"], ["del x\nassert 'x' not in globals()"], ["assert x == 1"])
    assert missing[1][-1]["ename"] == "NameError" and not failed(missing[2]) and not failed(missing[3])


def test_what_a_cell_imports_whole_is_the_course_s_though_it_stops_before(judge):  # noqa: F811
    student = "def warm():\n    raise ValueError\ndef gcd(a, b):\n    return 0\ndef add(a, b):\n    return 0\narea = 3"
    locked = "warm()\nfrom math import *"
    assert failed(judge(student, [locked], ["assert add(2, 4) == gcd(2, 4)"])[2])
    after = ["assert np.isclose(add(2, 3), 0) and area == 3"]
    for first in (locked, "vars(warm())", "'warm' in globals() and warm()", "%matplotlib inline\nwarm()"):
        shown = judge(student, [first], after, released=["import numpy as np", first, *after])
        assert failed(shown[1]) and not failed(shown[2]), first


def test_what_a_cell_has_bound_stays_though_it_imports_everything_and_fails(judge):  # noqa: F811
    locked = "from math import *\npi = 3\nwarm()"
    *_, after = judge("def warm():\n    raise ValueError", [locked], ["assert pi == 3 and gcd(2, 4) == 2"])
    assert not failed(after), after


def test_a_name_that_a_test_would_have_taken_away_stays_the_student_s(judge):  # noqa: F811
    student, after = SQUARES + "def total(n):\n    return 0", ["assert squares(2) == [1, 4]"]
    shown = judge(student, [f"assert total(1) == 1\n{WITHOUT}"], after)
    assert failed(shown[1]) and not failed(shown[2])


def test_an_exception_of_the_course_s_is_known_in_its_tests(judge):  # noqa: F811
    course = "class Broke(Exception):\n    def __init__(self, account, amount):\n        super().__init__(account)\n"
    student = course + "class Worse(Broke):\n    pass\ndef pay(kind):\n    raise kind('ada', 7)"
    test = "try:\n    pay({})\nexcept Broke as error:\n    assert str(error) == 'ada'\nelse:\n    raise AssertionError"
    by_name = student.replace("pay(kind)", "pay(name)").replace("kind('ada'", "globals()[name]('ada'")
    tests = [course + test.format(repr(name)) for name in ("Broke", "Worse")]
    assert not any(map(failed, judge(by_name, *([test] for test in tests))[1:]))
    assert failed(judge("def pay(name):\n    raise ValueError", [tests[0]])[1])


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("s*/**/ps1/problem1.ipynb")), ids=lambda path: path.parts[-3])
@pytest.mark.parametrize("released", [False, True])
def test_the_course_that_nbgrader_brings_earns_what_it_earns_in_one_kernel(path, released):
    notebook = nbformat.read(path, as_version=4)
    earned = [[each[:3] for each in way(notebook, released)] for way in (score, score_judged)]
    assert earned[0] == earned[1] and len(earned[0]) == 4


ACCOUNT = """
class TooLittle(ValueError):
    def __init__(self, wanted, there):
        super().__init__(f"{wanted} of {there}")
        self.there = there
class Worse(TooLittle): pass
class Other(Exception): pass
def pay(amount):
    raise (Worse if amount > 10 else TooLittle)(amount, 5)
"""


def test_an_exception_class_of_the_student_s_can_be_waited_for(judge):  # noqa: F811
    tests = [
        "try:\n    pay(7)\nexcept TooLittle as error:\n    assert str(error) == '7 of 5'",
        "import unittest\nwith unittest.TestCase().assertRaises(TooLittle):\n    pay(11)",
        "assert issubclass(Worse, ValueError) and issubclass(Worse, TooLittle) and not issubclass(Other, TooLittle)",
        "assert TooLittle.__name__ == 'TooLittle' and TooLittle(7, 5).there == 5",
        "try:\n    pay(7)\nexcept ValueError as e:\n    assert type(e) is TooLittle and isinstance(e, TooLittle)",
    ]
    wrong = "try:\n    pay(7)\nexcept (Other, Worse):\n    pass"
    *shown, last = judge(ACCOUNT, *([test] for test in [*tests, wrong]))
    assert not any(map(failed, shown)) and last[-1]["ename"] == "TooLittle"


def test_an_exception_of_the_student_s_cannot_take_the_place_of_what_the_judge_needs(judge):  # noqa: F811
    student = """
class AssertionError(BaseException): pass
class GeneratorExit(GeneratorExit): pass
class TimeoutError(KeyboardInterrupt): pass
def f(kind):
    raise globals()[kind]
"""
    for kind in ("AssertionError", "GeneratorExit", "TimeoutError"):
        shown = judge(student, [f"try:\n    f({kind!r})\nexcept Exception as e:\n    print(type(e).__mro__[1])"])[1]
        assert "RuntimeError" in text(shown), shown
    many = "def f(n):\n    raise type(f'E{n}', (Exception,), {})"
    test = "for n in range(3000):\n    try:\n        f(n)\n    except Exception as error:\n        "
    assert not failed(judge(many, [f"{test}assert str(n) in repr(type(error))"])[1])


KINDS = """
class MyKey(KeyError): pass
class Odd(SyntaxError): pass
class Text(UnicodeDecodeError): pass
class Bad(Exception):
    def __init__(self, code): super().__init__(f"code {code}")
def f(what):
    if what == "group":
        raise ExceptionGroup("a", [ValueError("b")])
    if what == "text":
        raise Text("utf-8", b"x", 0, 1, "no")
    raise {"key": MyKey, "odd": Odd, "bad": Bad}[what]("a")
"""


@pytest.mark.parametrize(("what", "message"), [
    ("key", "'a'"), ("odd", "a"), ("bad", "code a"), ("group", "a (1 sub-exception)"),
    ("text", "'utf-8' codec can't decode byte 0x78 in position 0: no"),
])  # fmt: skip
@pytest.mark.parametrize("known", ["", "class Bad(Exception):\n    def __new__(cls, code, more): ...\n"])
def test_an_error_says_what_it_said_over_there_whatever_it_is(judge, what, message, known):  # noqa: F811
    test = f"{known}try:\n    f({what!r})\nexcept Exception as e:\n    error = e"
    test += f"\nassert str(error) == {message!r}\nkind = type(error)"
    more = "\nassert not isinstance(f, kind) and (len(kind.__mro__) < 4 or isinstance(error, kind))"
    shown = judge(KINDS, [test + more])[1]
    assert not failed(shown), shown
