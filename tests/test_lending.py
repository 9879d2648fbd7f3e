"""What a test hands to a student's function that is no data: it can be used there, and opens nothing else."""

import json
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from tests.test_judge import box, failed, judge, text  # noqa: F401 - fixtures

TRY = """
def look(thing):
    found = []
    for name in ("read_text", "args", "keywords", "func", "buffer", "name"):
        try:
            found.append(getattr(thing, name))
        except AttributeError:
            pass
    print("found:", len(found))
"""


@pytest.mark.parametrize("thing", ["pathlib.Path('/')", "open('/dev/null')", "iter([1])", "socket.socket()"])
def test_what_would_open_more_than_the_test_meant_is_not_handed_on(judge, thing):  # noqa: F811
    _, shown = judge(TRY, [f"import pathlib, socket\nlook({thing})"])
    assert failed(shown) and "expected data, a function or an object" in str(shown) and "found:" not in text(shown)


@pytest.mark.parametrize(
    "function",
    [
        "open", "eval", "getattr", "os.getcwd", "np.loadtxt", "np.save", "np.fromfile", "np.ones(2).tofile", "os.walk",
        "functools.partial(open)", "functools.partial(np.memmap)", "pathlib.Path.cwd", "np.testing.runstring",
        "open('/dev/null').read", "functools.update_wrapper", "Own().__getattribute__",
    ],
)  # fmt: skip
def test_functions_that_reach_beyond_their_arguments_are_not_handed_on(judge, function):  # noqa: F811
    own = "import functools, os, pathlib\nimport numpy as np\nclass Own:\n    pass\n"
    _, shown = judge(TRY, [own + f"look({function})"])
    assert failed(shown) and "expected" in str(shown) and "own" in str(shown) and "found:" not in text(shown)
    student = "def ask(thing):\n    return thing.f"
    _, shown = judge(student, [own + f"class Thing:\n    f = staticmethod({function})\nask(Thing())"])
    assert failed(shown) and "expected" in str(shown)


@pytest.mark.parametrize(
    "function",
    [
        "abs", "len", "math.sqrt", "operator.neg", "np.sum", "np.tanh", "np.linalg.norm", "np.array", "statistics.mean",
        "random.choice", "np.random.default_rng(0).choice", "{1: 2}.get", "calls.append", "functools.lru_cache(len)",
        "functools.partial(max, 1)", "functools.partial(int, base=2)", "functools.partial(twice, 2)", "Own().load",
        "np.add.reduce", "scipy.special.softmax", "lambda x: open('/dev/null').read()", "types.SimpleNamespace()",
    ],
)  # fmt: skip
def test_functions_that_keep_to_their_arguments_are_handed_on(judge, function):  # noqa: F811
    own = """
import functools, math, operator, random, statistics, types
import scipy.special
import numpy as np
class Own:
    def load(self, x):
        return x
calls = []
"""
    student = TRY + "def twice(x, *more):\n    return 2 * x"
    _, shown = judge(student, [own + f"look({function})"])
    assert not failed(shown) and "found:" in text(shown), shown


def test_what_a_partial_holds_is_not_shown(judge):  # noqa: F811
    test = "import functools\nlook(functools.partial(print, 42))"
    assert "found: 0" in text(judge(TRY, [test])[1])


def test_what_a_function_hands_out_is_looked_at_as_well(judge):  # noqa: F811
    student = "def ask(f):\n    return f()"
    _, shown = judge(student, ["import pathlib\nask(lambda: pathlib.Path.cwd())"])
    assert failed(shown) and "expected data" in str(shown)


def test_functions_and_objects_of_the_test_s_own_are_used(judge):  # noqa: F811
    student = "def use(thing, f):\n    return f(thing.x) + thing.twice()"
    own = "class Own:\n    x = 1\n    def twice(self):\n        return 2 * self.x\n"
    test = "import functools, types\nassert use(Own(), functools.partial(lambda a, b: a + b, 1)) == 4\n"
    more = "assert use(types.SimpleNamespace(x=2, twice=lambda: 0), abs) == 2"
    assert not failed(judge(student, [own + test + more])[1])


def test_attributes_of_an_object_of_the_test_s_are_not_set(judge):  # noqa: F811
    student = """
class Mine:
    pass
def link(node):
    mine = Mine()
    mine.next = node
    node.next = mine
"""
    shown = judge(student, ["class Node:\n    next = None\nlink(Node())"])[1]
    assert shown[-1]["ename"] == "AttributeError" and "but next cannot be set" in shown[-1]["evalue"]


def test_what_a_test_does_for_a_function_counts_for_the_function(judge):  # noqa: F811
    slow = "import time\ndef slow():\n    for _ in range(3000):\n        time.sleep(0.01)\n"
    student, again = "def ask(f):\n    return f()", "assert ask(lambda: 1) == 1"
    _, shown, after = judge(student, [slow + "ask(slow)"], [again], seconds=1.0)
    assert failed(shown) and "TimeoutError" in str(shown) and not failed(after)


def test_many_named_tuples_are_of_one_class(judge):  # noqa: F811
    student = "import collections\nPair = collections.namedtuple('Pair', 'a b')\ndef f():\n    return [Pair(1, 2)] * 2"
    assert not failed(judge(student, ["one, two = f()\nassert type(one) is type(two) and one.a == 1"])[1])


def test_names_of_fields_that_are_the_same_to_python_make_a_plain_tuple(judge):  # noqa: F811
    student = "class Odd(tuple):\n    _fields = ('fi', '\\ufb01')\ndef f():\n    return Odd((1, 2))"
    assert not failed(judge(student, ["assert f() == (1, 2)"])[1])


def test_a_test_has_no_more_memory_than_the_notebook():
    code = """
import numpy as np
from lstmlib.grading.judge.station import _apart
print(_apart(lambda: np.ones(2**27).nbytes, 60.0, 2**29).decode())
print(_apart(lambda: np.ones(2**25).nbytes, 60.0, 2**29).decode())
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        too_much, enough = (json.loads(run.stdout.readline()) for _ in range(2))
    assert "MemoryError" in too_much["failed"] and enough == 2**28


def test_what_takes_long_to_read_is_given_up_in_time(judge):  # noqa: F811
    student = """
import sys
writing = next(module for name, module in sys.modules.items() if name.endswith("room.writing"))
class Collide: pass
def write(writer, value, depth):
    return ["set", writer.number(value), [["int", hex(k * (2**61 - 1))[2:]] for k in range(1, 40_000)]]
writing._EXACTLY[Collide] = write
def f():
    return Collide()
x = Collide()
"""
    started = time.monotonic()
    _, called, found, after = judge(student, ["f()"], ["x"], ["assert 1"], seconds=1.0)
    assert "could not be read" in str(called) and "could not be read" in str(found) and not failed(after)
    assert time.monotonic() - started < 8


def test_what_no_alarm_can_end_ends_the_process_and_is_told():
    code = """
from lstmlib.grading.judge import alarms
from lstmlib.grading.judge.station import _apart
alarms.DEAF = 1
def work():
    with alarms.at_most(0.5):
        with alarms.at_most(5.0):
            pass
        sum(range(10**12))
print(_apart(work, 60.0, 2**30).decode())
"""
    run = [sys.executable, "-c", code]
    with subprocess.Popen(run, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as judging:
        assert "no end of what the student's program had asked" in json.loads(judging.stdout.readline())["failed"]
