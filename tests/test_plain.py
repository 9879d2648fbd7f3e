"""Rooms without IPython: cells that get one do there what they do in a kernel."""

import ast
import inspect
import random
import types

import pytest
from IPython.core.interactiveshell import InteractiveShell

from lstmlib.grading.judge.referee import Referee, make_shell
from lstmlib.grading.judge.sandbox import Furniture, Process, SandboxError
from lstmlib.grading.room.plain import Plain
from lstmlib.grading.room.shell import Shell
from tests.test_judge import CELLS, released_cells, text

NEED_A_KERNEL = [
    *("display(x)", "from IPython.display import HTML", "x = 1\nimport matplotlib.pyplot as plt", "name = input('?')"),
    *("print(_)", "x = _1", "len(In)", "Out[1]", "___", "x = 1\nquit()", "_, x = 1, 2\n_", "ls -l", "time (3)", "pwd"),
    *("await f()", "from __future__ import annotations", "if 'x' in globals():\n    pass", "get_ipython()"),
    *("for _ in []:\n    pass\ndel _", "_ += 'x'", "from pylab import *", "if 1:\n    __IPYTHON__", "help()"),
    *("files = !ls \\\n -a", "f(", "  x = 1\n  y = 2", "\n\n  x = 1", ">>> x = 1\n1", "\n... x\n1", ",f a\nx"),
    *("f(\n;a b", "x = 1\nfiles = !ls", "x?\ny", "x = 1\n%time x", "In [1]: x = 1\nIn [2]: y = 2", "!true\n" * 501),
    *("x = 1\ny\r,f a b", "x = 1\ny\v;f a b", "x = 1\ny\u2028/f a b"),
    *("\u00a0\nx = 1\ny = 2", "\n\u3000\nx = 1\n", "x = 1\n In [2]: y = 2", "x\n [ins] In [2]: y = 2"),
    *('v = """\nIn [1]: x\n"""', 'v = """\n[ins] In [2]: x\n"""'),
    *("%time 1\n" * 300 + "x = 1\n" * 20_000, "x = 1\n" * 20_000),
]
PLAIN = [
    *("x = 1", "x", "", "# nothing", "f(1)", "for _ in range(3):\n    pass", '"""In the morning."""\nx = 1'),
    *("f(\n x", "def f(x):\n    return (x\n", "if x != 1\n    y", "x = 1\n  y = 2", "x = 1\nf 2"),
    *("x" + "\n" * 90_000 + "(", "x\n" + " " * 90_000 + "\n("),  # and to find out takes no longer than for others
    *("def f(input, output):\n    return input", "_, x = 1, 2", "import sys\nsys.exit()"),
]


def test_what_needs_a_kernel_is_told_from_what_does_not():
    shell = make_shell()
    assert not [cell for cell in NEED_A_KERNEL if shell.is_plain(cell)]
    assert not [cell for cell in PLAIN if not shell.is_plain(cell)]


def test_what_ipython_changes_is_not_plain():
    shell, released = make_shell(), released_cells()
    plain = [cell for cell in [*CELLS, *released] if shell.is_plain(cell)]
    assert len(plain) > len(released) / 2
    for cell in plain:
        assert InteractiveShell.transform_cell(shell, cell).rstrip("\n") == cell.rstrip("\n")


def test_what_is_no_python_and_plain_is_none_for_ipython_either():
    shell, chance, plain = make_shell(), random.Random(0), 0
    odds = ["", *"!?%,;/ (\n\t", "\n,", ">>> ", "= !", "\n%%", "\r,", "\f;", "\u2029/", "\n In [1]: "]
    for cell in [*CELLS, *PLAIN, *NEED_A_KERNEL, *released_cells()]:
        for _ in range(20 if len(cell) < 10_000 else 0):
            place, odd = chance.randrange(len(cell) + 1), chance.choice(odds)
            broken = chance.choice(["", "", "\u00a0\n", "\n \n"]) + cell[:place] + odd + cell[place + 1 :]
            if not shell.compile.is_python(broken) and shell.is_plain(broken):
                plain += 1
                with pytest.raises(SyntaxError):
                    ast.parse(InteractiveShell.transform_cell(shell, broken))
    assert plain > 100


def test_looking_at_a_cell_asks_the_student_s_program_nothing():
    shell, asked = make_shell(), []
    shell.user_ns.attach(types.SimpleNamespace(lookup=asked.append), [])
    for cell in [*CELLS, *PLAIN, *NEED_A_KERNEL]:
        shell.is_plain(cell)
    assert asked == []


def values(namespace):
    """What cells have left, as far as it can be compared."""
    return {
        name: value.__code__.co_code if isinstance(value, types.FunctionType) else repr(value)
        for name, value in namespace.items()
        if name.startswith("v_")
    }


SESSION = [
    "v_a = 1\nprint(v_a)\nimport sys\nprint('late', file=sys.stderr)",
    "v_b = 2\n1 / 0\nv_b = 3",
    "v_c = 4\nraise SystemExit(3)\nv_c = 5",
    "v_d = 6\nreturn 7",
    "v_e = (8",
    "v_f = 9\nbreak",
    "raise KeyboardInterrupt\n",
    "def v_g(x, /, y=1, *, z: int = 2):\n    '''Doc.'''\n    return x + y + z\nv_h = v_g(1), v_g.__module__, __name__",
    "class C:\n    def __repr__(self):\n        global v_i\n        v_i = 1\n        return 'C'\nv_i = 0",
    "del v_a\nv_j = [v_i for v_i in range(3)]\nassert v_j == 4",
    "import inspect\nv_k = inspect.getsource(v_g), inspect.getsource(C.__repr__)",
    "try:\n    v_l = undefined\nexcept NameError as error:\n    v_l = str(error)",
    "import __main__ as main\nv_m = main.v_b",
    "from dataclasses import dataclass\n\n@dataclass\nclass D:\n    x: int = 1\nv_n = D(3) == D(3), str(D())",
    "import builtins, __main__\nsum = None\nv_p = __builtins__ is builtins and __builtin__.sum([1, 2])\ndel open, sum",
    "def v_q(ask=input):\n    ask()\ntry:\n    v_q()\nexcept NotImplementedError as no:\n    v_r = type(no).__name__",
    "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    v_s = traceback.format_exc()",
    "import pickle\nv_o = pickle.loads(pickle.dumps(D(4)))",
]


@pytest.mark.filterwarnings("ignore:To exit")
def test_cells_leave_the_same_names_and_errors_as_in_ipython(monkeypatch):
    with_ipython, without = Shell(user_module=types.ModuleType("__main__")), Plain()
    left = []
    for shell in (with_ipython, without):
        monkeypatch.setitem(inspect.sys.modules, "__main__", shell.user_module)
        found = []
        for cell in SESSION:
            outputs, success = shell.show(cell, brief=True)
            printed = [(each["name"], each["text"]) for each in outputs if each["output_type"] == "stream"]
            errors = [each["ename"] for each in outputs if each["output_type"] == "error"]
            found.append((cell, printed if success else [], errors, success, values(shell.user_ns)))
        left.append(found)
    for one, other in zip(*left, strict=True):
        assert one == other
    assert sum(success for *_, success, _ in left[0]) == 11


@pytest.fixture(scope="module")
def boxes():
    """What judges, and what shows."""
    both = [Process(Furniture(plain=plain)) for plain in (True, False)]
    yield both
    for box in both:
        box.close()


LOADED = "import sys\nloaded = 'IPy' + 'thon' in sys.modules"


@pytest.mark.parametrize(("also", "loaded"), [("x = 1", False), ("%time x = 1", True), ("x = display", True)])
def test_ipython_is_there_if_a_cell_needs_it(boxes, also, loaded):
    cells = [{"role": "student", "source": LOADED}, {"role": "student", "source": also}]
    test = {"role": "test", "source": "print(loaded, x is not None)"}
    outputs, _ = Referee(*boxes).judge([*cells, test])
    assert text(outputs[-1]) == f"{loaded} True\n"


def test_ipython_is_there_if_a_module_beside_the_notebook_may_need_it(boxes):
    helper = b"def f():\n    display('x')\n    return 3"
    cells = [{"role": "student", "source": "import helper\nv = helper.f()"}, {"role": "test", "source": "print(v)"}]
    outputs, _ = Referee(*boxes, files={"helper.py": helper}).judge(cells)
    assert text(outputs[1]) == "3\n"


def test_where_ipython_cannot_be_loaded_it_is_said(tmp_path, monkeypatch):
    (tmp_path / "IPython.py").write_text("raise ImportError('not today')")
    shown = Process(Furniture())
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    boxes = Process(Furniture(plain=True)), shown
    test = {"role": "test", "source": "print(x)"}
    try:
        for _ in range(2):
            with pytest.raises(SandboxError, match="not today"):
                Referee(*boxes).judge([{"role": "student", "source": "%time x = 1"}, test])
        outputs, _ = Referee(*boxes).judge([{"role": "student", "source": "x = 1"}, test])
    finally:
        for box in boxes:
            box.close()
    assert text(outputs[1]) == "1\n"


def test_without_ipython_an_error_is_shown_with_the_line_of_the_cell(boxes):
    student = {"role": "student", "source": "def f(x):\n    y = 0\n    return x / y"}
    outputs, _ = Referee(*boxes).judge([student, {"role": "test", "source": "f(1)"}])
    assert "return x / y" in "".join(outputs[1][-1]["traceback"])


def test_without_ipython_a_cell_can_be_interrupted(boxes):
    cells = [
        {"role": "student", "source": "before = 1\nwhile True:\n    pass"},
        {"role": "student", "source": "after = before + 1"},
        {"role": "test", "source": "print(after)"},
    ]
    outputs, evidence = Referee(*boxes, seconds=0.5).judge(cells)
    assert text(outputs[-1]) == "2\n"
    assert evidence[0]["mishaps"] == ["a cell took more than 0.5 seconds"]
