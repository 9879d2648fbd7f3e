"""Honest submissions under the judge: they get what they deserve, and a mishap costs what it touches."""

import os
import shutil
import warnings
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.macro import Macro

from lstmlib.grading.judge.bubblewrap import Bubblewrap
from lstmlib.grading.judge.referee import Referee, make_shell
from lstmlib.grading.judge.sandbox import Furniture, Process, SandboxError

IN_CI = bool(os.environ.get("CI"))


@pytest.fixture(scope="module", params=[Process, Bubblewrap], ids=["process", "bubblewrap"])
def box(request):
    if request.param is Bubblewrap and not shutil.which("bwrap") and not IN_CI:
        pytest.skip("bubblewrap is not installed")
    backend = request.param(Furniture(preload=("import numpy",)))
    yield backend
    backend.close()


@pytest.fixture
def judge(box):
    """Run cells: a student's come as text, tests in a list; gives the outputs of each."""

    def run(*cells, released=(), files=None, seconds=10.0):
        listed = [
            {"role": "test", "source": cell[0]} if isinstance(cell, list) else {"role": "student", "source": cell}
            for cell in cells
        ]
        return Referee(box, box, files, released, seconds, own=["lstmlib"]).judge(listed)[0]

    return run


def failed(outputs):
    return any(output["output_type"] == "error" or output.get("name") == "stderr" for output in outputs)


def text(outputs):
    return "".join(output.get("text", "") for output in outputs)


def test_a_right_function_passes_and_a_wrong_one_fails(judge):
    test = ["import numpy as np\nassert np.allclose(double(np.arange(3.0)), [0, 2, 4])"]
    assert not failed(judge("def double(v):\n    return 2 * v", test)[1])
    assert failed(judge("def double(v):\n    return 3 * v", test)[1])


def test_a_test_that_ends_in_a_number_gives_partial_credit(judge):
    (shown,) = judge("def f():\n    return 1", ["f() + 0.5"])[1]
    assert shown["data"]["text/plain"] == "1.5"


@pytest.mark.parametrize(
    "value",
    ["(1, [2.5, {'a': None}])", "2**100", "{1, 2}", "float('inf')", "b'ab'", "'text'", "range(3)", "1 + 2j"],
)
def test_data_are_compared_as_data(judge, value):
    assert not failed(judge(f"x = {value}", [f"assert x == {value} and type(x) is type({value})"])[1])


def test_dates_are_compared_and_handed_over_as_data(judge):
    student = """
import datetime
def newyear(year): return datetime.date(year, 1, 1)
def later(when, days): return when + datetime.timedelta(days)
"""
    test = """
from datetime import date, datetime, timezone
assert newyear(2024) == date(2024, 1, 1) != newyear(2023) and later(newyear(2024), 1) == date(2024, 1, 2)
assert later(datetime(2024, 1, 1, 5, tzinfo=timezone.utc), 1) == datetime(2024, 1, 2, 5, tzinfo=timezone.utc)
"""
    assert not failed(judge(student, [test])[1])


def test_builtin_classes_are_handed_over_and_compared(judge):
    student = """
def convert(kind, texts):
    return [kind(text) for text in texts]
def kind_of(value):
    return type(value)
def complaint():
    return ValueError
class Forged:
    pass
def forge():
    import builtins
    builtins.int, Forged.__name__ = Forged, "int"
    return Forged
"""
    test = """
assert convert(int, ["1"]) == [1] and kind_of(2.0) is float and complaint() == ValueError
assert forge() != int and forge() is not int and kind_of(1) is int
"""
    shown = judge(student, [test])[1]
    assert not failed(shown), shown


def test_a_small_class_can_be_used(judge):
    student = """
class Counter:
    step = 2
    def __init__(self, start=0):
        self.count = start
    def add(self, n=1):
        self.count += self.step * n
        return self
    def __len__(self):
        return self.count
    def __eq__(self, other):
        return self.count == other.count
    def __add__(self, other):
        return Counter(self.count + other.count)
    def __getitem__(self, k):
        return [10, 20][k]
"""
    test = """
c = Counter(start=3)
assert c.add(2).count == 7 and len(c) == 7 and isinstance(c, Counter)
c.count = 9
assert c.count == 9 and c == Counter(9) and c != Counter(8) and (c + c).count == 18
assert c[1] == 20 and list(c) == [10, 20] and type(c).__name__ == "Counter"
"""
    assert not failed(judge(student, [test])[1])


MANAGERS = """
import contextlib
class Guard:
    seen = "nothing"
    def __enter__(self):
        return self
    def __exit__(self, kind, error, traceback):
        self.seen = [kind, str(error), isinstance(error, LookupError)]
        self.heard = str(error)
        return True
    def bad(self):
        raise ValueError("bad")
@contextlib.contextmanager
def lent(names):
    yield names
    names.append("back")
class Plain:
    pass
"""


def test_an_object_of_a_student_s_can_be_entered_and_left(judge):
    test = """
guard, names = Guard(), []
with guard as entered:
    assert entered is guard and guard.seen == "nothing"
assert guard.seen == [None, "None", False]
try:
    with guard:
        raise KeyError("k")
except KeyError:
    assert guard.seen[0] is KeyError and guard.seen[2]
with lent(names) as entered:
    assert entered == []
try:
    with Plain():
        pass
except TypeError as error:
    assert "does not support the context manager protocol" in str(error)
else:
    raise AssertionError
try:
    with lent(names):
        raise ValueError("goes on")
except ValueError as error:
    assert str(error) == "goes on"
else:
    raise AssertionError
"""
    shown = judge(MANAGERS, [test])[1]
    assert not failed(shown), shown


@pytest.mark.parametrize("line", ["assert guard.seen == 1", "guard.bad()", "guard.seen + 1", "raise KeyError"])
def test_what_a_student_s_object_swallows_is_no_failed_check(judge, line):
    assert failed(judge(MANAGERS, [f"with Guard() as guard:\n    {line}"])[1])


def test_the_end_of_the_program_is_told_though_an_object_was_to_be_left(judge):
    student = MANAGERS + "def end():\n    import os\n    os._exit(1)"
    assert judge(student, ["with Guard():\n    end()"])[1][-1]["ename"] == "RoomLostError"


def test_a_change_of_an_argument_is_seen_by_the_test(judge):
    student = "def f(v, names):\n    v[0] = 7\n    names['k'] = v\n    return v"
    test = "import numpy as np\nv, d = np.zeros(2), {}\nassert f(v, d) is v and v[0] == 7 and d['k'] is v"
    assert not failed(judge(student, [test])[1])


def test_read_only_arrays_stay_so(judge):
    test = "import numpy as np\nv = np.zeros(2)\nv.flags.writeable = False\nf(v)"
    shown = judge("def f(v):\n    v[0] = 1", [test])[1]
    assert shown[-1]["ename"] == "ValueError"


def test_functions_can_be_handed_to_a_function(judge):
    student = "def twice(f, x):\n    return f(f(x))\ndef inc(x):\n    return x + 1"
    test = """
calls = []
def g(x):
    calls.append(x)
    return 3 * x
assert twice(g, 2) == 18 and calls == [2, 6] and twice(inc, 0) == 2
"""
    assert not failed(judge(student, [test])[1])


def test_an_error_of_the_function_reaches_the_test_with_its_line(judge):
    student = "class Mine(ValueError):\n    pass\ndef f(x):\n    raise Mine('no ' + x)"
    test = """
import traceback
try:
    f("way")
except ValueError as error:
    assert str(error) == "no way" and type(error).__name__ == "Mine"
    assert "raise Mine('no ' + x)" in "".join(traceback.format_exception(error))
else:
    raise AssertionError
try:
    {}[f.__name__]
except KeyError:
    pass
"""
    assert not failed(judge(student, [test])[1])


def test_every_test_meets_the_state_that_the_cells_left(judge):
    student = "n = [0]\ndef f():\n    n[0] += 1\n    return n[0]"
    shown = judge(student, ["assert f() == 1 and f() == 2"], ["assert f() == 1"])
    assert not failed(shown[1]) and not failed(shown[2])


@pytest.mark.parametrize("mishap", ["while True: pass", "import os; os._exit(1)", "import ctypes; ctypes.string_at(0)"])
def test_a_hang_or_a_crash_in_a_call_costs_one_question(judge, mishap):
    student = f"def bad():\n    {mishap}\ndef good():\n    return 1"
    shown = judge(student, ["bad()"], ["assert good() == 1"], seconds=1.0)
    assert failed(shown[1]) and not failed(shown[2])


@pytest.mark.parametrize("mishap", ["while True: pass", "import os; os._exit(1)", "raise SystemExit", "def f(:"])
def test_a_hang_or_a_crash_in_a_cell_costs_that_cell(judge, mishap):
    first, last = (f"def {name}():\n    return {value}" for name, value in (("first", 1), ("last", 2)))
    shown = judge(first, mishap, last, ["assert first() + last() == 3"], seconds=1.0)
    assert failed(shown[1]) and not failed(shown[3])


def test_what_a_function_prints_shows_where_it_was_called(judge):
    student = "def f():\n    print('hello')"
    test = """
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as out:
    f()
assert out.getvalue() == "hello\\n"
"""
    assert not failed(judge(student, [test])[1])
    assert text(judge(student, ["f()"])[1]) == "hello\n"


def test_magics_and_rich_output_work(judge):
    shown = judge(
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "%%time\nx = sum(range(10))",
        "display({'a': 1})\nx",
        "1 / 0",
    )
    assert "image/png" in shown[0][-1]["data"]
    assert "Wall time" in text(shown[1])
    assert [output["output_type"] for output in shown[2]] == ["display_data", "execute_result"]
    assert shown[3][0]["ename"] == "ZeroDivisionError" and "1 / 0" in "".join(shown[3][0]["traceback"])


def test_pictures_in_bytes_are_shown_and_what_cannot_be_shown_ends_nothing(judge):
    picture = "class P:\n    def _repr_png_(self):\n        return b'PNG'\nx = 1\nP()"
    loop = "a = []\na.append(a)\ndisplay({'text/plain': 'p', 'text/loop': a}, raw=True)"
    shown = judge(picture, loop, ["print(x)"])
    assert shown[0][0]["data"]["image/png"] == "UE5H" and shown[1][0]["data"]["text/plain"] == "p"
    assert text(shown[2]) == "1\n"


CELLS = [
    "pwd",  # a single line may be the name of a magic
    "exit",
    "x = 1\n%pwd",
    "%%time\nx = 1",
    "x = 1\n%%time",
    "x = !ls\ny = 2",
    "len?\nx = 1",
    "def f(:\n    pass",
    "  x = 1\n  y = 2",
    'x = """\n%pwd\n!ls\n"""\nprint(x)',
    "x = (7\n% 4)\nprint(x)",
    "x = 7 \\\n% 4\nprint(x)",
    "# %pwd\nx = 1\n",
    "await f()\nx = 1",
    *("check(1)", "pwd", "time", "time (3)", "ls -l", "exit", "quit()", "!ls", "x?", "x = 1", "ls = 3", "a = !ls"),
    *("1;", "# nothing", "", "twice", "twice(3)", "f'{1}'", "(1)", "In [1]: x = 5", "In [1]: x = 5\nIn [2]: y = x"),
]


def released_cells():
    """The code of all exercises."""
    return [
        cell.source
        for path in Path(__file__).parents[1].glob("exercises/*/*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]


def test_a_cell_is_read_as_ipython_reads_it():
    shell, released = make_shell(), released_cells()
    assert len(released) > 50
    shell.user_ns["twice"] = Macro("x = 1\n")
    shell.autocall = 2
    assert shell.transform_cell("print") == "print()\n"
    shell.autocall = 0
    for cell in [*CELLS, *released]:
        assert shell.transform_cell(cell) == InteractiveShell.transform_cell(shell, cell)
    shell.input_transformers_cleanup.append(lambda lines: [line.replace("one", "1") for line in lines])
    for cell in ("x = one\ny = one\n", "x = one\n"):
        assert shell.transform_cell(cell) == cell.replace("one", "1")


def test_what_was_read_ahead_runs_as_it_would_have(judge):
    cells = {
        "import asyncio\nawait asyncio.sleep(0)\nprint('waited')": "waited",
        "async def f():\n    return 3\nprint(await f())": "3",
        "x = 5\nx": "5",
        "x = 6\nx;": "",
        "from __future__ import annotations\ndef g(a: no): return 1": "",
        "def g(a: no): return 1\nprint(g.__annotations__)": "{'a': 'no'}",
    }
    for outputs, shown in zip(judge(*cells), cells.values(), strict=True):
        assert not failed(outputs), outputs
        assert shown in str(outputs) and bool(shown) == bool(outputs)


def test_warnings_of_what_was_read_ahead_come_once():
    shell = make_shell()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        shell.show("x = '\\d'\ny = 1")
    assert [str(each.message) for each in warned] == [r"invalid escape sequence '\d'"]


def test_random_numbers_that_a_test_meets_come_from_the_seed(box):
    cells = [
        {
            "role": "student",
            "source": "import random\nimport numpy as np\ndef f():\n    return random.random(), np.random.rand()",
        },
        {"role": "test", "source": "print(f())"},
    ]
    first, again, other = (text(Referee(box, box, seed=seed).judge(cells)[0][1]) for seed in ("a", "a", "b"))
    assert first == again != other and first


def test_files_beside_the_notebook_are_there(judge):
    student = "def f():\n    return open('data/a.txt').read()"
    assert not failed(judge(student, ["assert f() == 'x'"], files={"data/a.txt": b"x"})[1])


SLOPES = {
    "missing": "def tanh_slope(t)\n    return 1 - t ** 2",
    "a partial": "import functools\ntanh_slope = functools.partial(lambda power, t: t ** power, 2)",
    "an object": "class Slope:\n    def __call__(self, t):\n        return 1 - t\ntanh_slope = Slope()",
    "imported": "from slopes import tanh_slope",
    "a number": "tanh_slope = 0.5",
    "wrong": "def tanh_slope(t):\n    return 1 - t",
}


@pytest.mark.parametrize("what", SLOPES)
def test_a_step_is_judged_with_right_helpers_whatever_the_student_s_are(judge, what):
    step = """
def rnn_step_backward(dh, x, h_prev, h, W_x, W_h):
    da = dh * tanh_slope(h)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)
"""
    test = """
from lstmlib.check import check
report = check(rnn_step_backward, "rnn.rnn_step_backward")
assert report.passed and "(tanh_slope) something is not right yet" in report.message
try:
    found = tanh_slope
except NameError:
    found = None
assert not check(found, "rnn.tanh_slope").passed
"""
    shown = judge(SLOPES[what], step, [test], files={"slopes.py": b"def tanh_slope(t):\n    return 1 - t"})
    assert not failed(shown[2]), shown[2]


@pytest.mark.parametrize("held", ["deque(losses)", "array('d', losses)", "UserList(losses)", "iter(losses)"])
def test_losses_may_come_in_anything_that_holds_them_in_order(judge, held):
    student = f"""
from array import array
from collections import UserList, deque
def train(model, draw, optimiser, clip, iterations, rng):
    def step():
        loss, grads = model.loss(draw(rng))
        return clip(grads), optimiser.step(grads), loss
    losses = [step()[-1] for _ in range(iterations)]
    return {held}
"""
    test = "from lstmlib.check import check\nreport = check(train, 'training.train')\nassert report.passed, report"
    assert not failed(judge(student, [test])[1])


def test_a_function_of_the_test_s_may_call_one_of_the_student_s(judge):
    student = "def f(x):\n    return x * x\ndef slope(g, x):\n    return (g(x + 1) - g(x - 1)) / 2"
    test = "assert slope(lambda x: f(x) + f(1), 3) == 6"
    assert not failed(judge(student, [test])[1])
    broken = judge(student, ["def g(x):\n    return f('a')\nslope(g, 3)"], ["assert slope(f, 3) == 6"])
    assert broken[1][-1]["ename"] == "TypeError" and not failed(broken[2])
    endless = judge(student, ["def g(x):\n    return slope(g, x)\nslope(g, 3)"], ["assert slope(f, 3) == 6"])
    assert "more than 20 calls" in endless[1][-1]["evalue"] and not failed(endless[2])


def test_without_bubblewrap_there_is_one_clear_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match=r'apt install bubblewrap.*c\.Judge\.sandbox = "process"'):
        Bubblewrap(Furniture())


def test_libraries_find_a_home_when_they_are_loaded():
    if not shutil.which("bwrap") and not IN_CI:
        pytest.skip("bubblewrap is not installed")
    look = "import builtins, pathlib; builtins.seen = str(pathlib.Path.home())"
    box, cell = Bubblewrap(Furniture(preload=(look,))), "import pathlib\nprint(seen, pathlib.Path.home())"
    try:
        outputs, _ = Referee(box, box).judge([{"role": "student", "source": cell}])
    finally:
        box.close()
    assert text(outputs[0]) == "/student /student\n"


def test_cells_behind_the_last_test_run_once(tmp_path):
    boxes = [Process(Furniture()), Process(Furniture())]
    add = "open({!r}, 'a').write('x')"
    cells = [
        {"role": "student", "source": add.format(str(tmp_path / "before")), "name": "before"},
        {"role": "test", "source": "1 / 2", "name": "half"},
        {"role": "student", "source": add.format(str(tmp_path / "after")) + "\nprint(2)\n1 / 0", "name": "after"},
        {"role": "locked", "source": "print(3)", "name": "locked"},
    ]
    try:
        outputs, evidence = Referee(*boxes).judge(cells)
    finally:
        for box in boxes:
            box.close()
    assert (tmp_path / "before").read_text() == "xx" and (tmp_path / "after").read_text() == "x"
    assert text(outputs[2]) == "2\n" and "1 / 0" in "".join(outputs[2][-1]["traceback"]) and text(outputs[3]) == "3\n"
    assert [each["cell"] for each in evidence] == ["before", "half", "after", "locked"]
    assert [each["role"] for each in evidence] == ["student", "test", "student", "locked"]


def test_what_is_shown_under_cells_comes_from_where_nothing_is_absent():
    if not shutil.which("bwrap") and not IN_CI:
        pytest.skip("bubblewrap is not installed")
    absent = ("lstmlib.activations", "lstmlib.check")
    boxes = [Bubblewrap(Furniture(("lstmlib",), modules)) for modules in (absent, ())]
    try:
        cells = [
            {"role": "student", "source": "from lstmlib.activations import sigmoid\ndef f():\n    return sigmoid(0.0)"},
            {"role": "test", "source": "assert f() == 0.5"},
            {"role": "student", "source": "print(f())"},
        ]
        _, test, shown = Referee(*boxes).judge(cells)[0]
    finally:
        for box in boxes:
            box.close()
    assert "while it is graded it is not there" in str(test) and text(shown) == "0.5\n"


def test_what_an_exercise_asks_for_is_absent():
    if not shutil.which("bwrap") and not IN_CI:
        pytest.skip("bubblewrap is not installed")
    box = Bubblewrap(Furniture(("lstmlib",), ("lstmlib.lstm", "lstmlib.fast.lstm", "lstmlib.check")))
    try:
        cells = [
            {"role": "student", "source": "from lstmlib.lstm import forget_gate\nimport lstmlib"},
            {"role": "test", "source": "forget_gate(1, 2, 3, 4, 5)"},
            {"role": "student", "source": "import lstmlib.activations\nfloat(lstmlib.activations.sigmoid(0))"},
            {"role": "student", "source": "import lstmlib.grading.judge"},
        ]
        shown, _ = Referee(box, box).judge(cells)
    finally:
        box.close()
    assert not failed(shown[0])
    assert "lstmlib.lstm.forget_gate is in a part of the library that answers" in shown[1][0]["evalue"]
    assert shown[2][0]["data"]["text/plain"] == "0.5"
    assert failed(shown[3])


def test_what_is_masked_agrees_with_nothing_unless_a_test_knows_of_masks(judge):
    student = "import numpy as np\ndef double(v):\n    return np.ma.masked_all(len(v))"
    test = "import numpy as np\nnp.testing.assert_allclose(double(np.arange(3.0)), [0, 2, 4])"
    shown = judge(student, [test])[1]
    assert failed(shown) and "entries that are masked" in str(shown)
    assert not failed(judge(student.replace("masked_all", "ones"), ["assert double([1]) == [1]"])[1])
    assert not failed(judge(student, ["import numpy.ma as ma\nassert ma.is_masked(double([1]))"])[1])
    lent = "import numpy as np\ndef double(f):\n    f(np.ma.array([0.0, 7, 7], mask=[0, 1, 1]))"
    test = "import numpy as np\ngot = []\ndouble(got.append)\nassert np.allclose(got[0], [0, 2, 4])"
    assert failed(judge(lent, [test])[1])


def test_leaving_a_block_does_not_tell_what_was_expected(judge):
    test = """
import numpy as np
with Guard() as guard:
    try:
        with guard:
            np.testing.assert_equal(1, 777)
    except AssertionError:
        pass
assert guard.seen[0] is not None and "777" not in repr(guard.heard) and guard.seen[1] == ""
"""
    shown = judge(MANAGERS.replace("self.seen =", "self.seen = self.seen if kind is None else"), [test])[1]
    assert not failed(shown), shown
