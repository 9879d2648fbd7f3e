"""What a student tries out with the library while it is there costs nothing where it is not."""

import os
import shutil
from dataclasses import replace

import pytest

from lstmlib.grading.judge.bubblewrap import Bubblewrap
from lstmlib.grading.judge.referee import Referee
from lstmlib.grading.judge.sandbox import Furniture
from tests.test_judge import failed

pytestmark = pytest.mark.skipif(
    not shutil.which("bwrap") and not os.environ.get("CI"), reason="bubblewrap is not installed"
)
RIGHT = "\ndef f():\n    return 7\n"
TRIES = {
    "a check before the second try": "from lstmlib.check import check\ndef f():\n    return 0\ncheck(f, 'f')" + RIGHT,
    "more of the same": "from lstmlib.check import check\ncheck(1, 'f')\nfrom lstmlib import LSTM\nx = LSTM(2,\n 3)\n"
                        "y = x.forward(1)" + RIGHT,
    "a module below it": "from lstmlib.check.report import Report\nimport functools\n@functools.cache" + RIGHT,
    "with magic": "%matplotlib inline\nimport lstmlib.check\nx = !echo 5\nlstmlib.check.check(1)\n%time y = 3" + RIGHT,
    "as a type": "from lstmlib.lstm import LSTM\ndef compare(a: LSTM | None):\n    pass" + RIGHT,
    "as a class": "from lstmlib.lstm import LSTM\nprint(isinstance(1, LSTM))" + RIGHT,
    "its source": "import inspect\nfrom lstmlib import lstm\nprint(inspect.getsource(lstm.step))" + RIGHT,
    "its length": "from lstmlib.lstm import Tape\nfor field in range(len(Tape._fields)):\n    print(field)" + RIGHT,
    "in a function of its own": "from lstmlib.check import check\ndef look():\n    check(1)\nlook()\n\n" + RIGHT,
}  # fmt: skip


CHECK = "from lstmlib.check import check\n"
CHECKS = {
    "in a cell with magic": f"%%time\n{CHECK}check(1, 'f')" + RIGHT,
    "in a block": f"{CHECK}if True:\n    check(1, 'f')\n    def f():\n        return 7",
    "in a decorator": f"{CHECK}def look(g):\n    assert check(g, 'f').passed\n    return g\n@look" + RIGHT,
    "in a module": "from mine import f",
    "in parts": f"{CHECK}first, *rest = [check(1)]\nlen(check(1)), 1 << check(1), divmod(check(1), 2)" + RIGHT,
    "as text": f"{CHECK}def show(g):\n    print(f'{{check(g, 1).points(1):.2f}}')\nshow(1)" + RIGHT,
    "in a function that asks": f"{CHECK}def look(g):\n    assert check(g, 1).points(1) == 1\nlook(1)" + RIGHT,
    "in a loop": f"{CHECK}n = sum(check(k).points(1) for k in 'ab')\nfor m in check(1):\n    n += m" + RIGHT,
    "after all": "from lstmlib.check import *\ncheck(1, 'f')" + RIGHT,
}


@pytest.fixture(scope="module")
def boxes():
    absent = ("lstmlib.check", "lstmlib.lstm")
    furniture = Furniture(("lstmlib",), absent, plain=True)
    both = [Bubblewrap(furniture), Bubblewrap(Furniture(("lstmlib",)))]
    yield both
    for box in both:
        box.close()


@pytest.fixture(scope="module")
def silent(boxes):
    box = Bubblewrap(replace(boxes[0].furniture, silent=("lstmlib.check.check",)))
    yield box, boxes[1]
    box.close()


def judge(boxes, source, test, files=None):
    cells = [{"role": "student", "source": source}, {"role": "test", "source": test}]
    return Referee(*boxes, files).judge(cells)[0][1]


@pytest.mark.parametrize("name", TRIES)
def test_what_stands_below_is_there(boxes, name):
    assert not failed(judge(boxes, TRIES[name], "assert f() == 7"))


def test_what_calls_the_library_still_gets_nothing_but_a_sentence(boxes):
    source = "from lstmlib.check import check\ncheck(1, 'f')\nfrom lstmlib.lstm import forget_gate as f"
    assert "answers what the exercise asks you to write" in str(judge(boxes, source, "assert f(1) == 7"))


@pytest.mark.parametrize("error", ["1 / 0", "import no_such_module", "from math import no_such", "raise SystemExit",
                                   "import lstmlib.lstm\n1 / 0"])
def test_any_other_error_ends_a_cell(boxes, error):
    assert failed(judge(boxes, error + RIGHT, "f()"))


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_is_silent_stops_nothing(silent, name):
    mine = f"{CHECK}def f():\n    return 7\nprint(check(f, 'f'))\n"
    assert not failed(judge(silent, CHECKS[name], "assert f() == 7", {"mine.py": mine.encode()}))


@pytest.mark.parametrize("answer", ["check(f, 'f')", "check", "check.f()"])
def test_a_silent_check_is_no_answer(silent, answer):
    assert failed(judge(silent, f"{CHECK}def f():\n    return {answer}", "assert f() == 7"))
    other = judge(silent, "from lstmlib.check import families as f", "assert f() == 7")
    assert "answers what the exercise asks you to write" in str(other)
