"""What is shown of a cell: an error and standard error above all, for they cost the points."""

import json

import pytest

from lstmlib.grading.judge.outputs import LONGEST_IN_ALL, Space
from lstmlib.grading.judge.referee import Referee, make_shell
from lstmlib.grading.room.outputs import LARGEST_RICH
from tests.test_judge import box, failed, judge  # noqa: F401 - two are fixtures


def test_an_error_that_ipython_cannot_format_is_an_error(judge):  # noqa: F811
    student = "def f(x):\n    print('x' * 10_000)\n    if x > 150:\n        raise ValueError(\n 'no')\n    return 2 * x"
    shown = judge(student, ["f(200)"], ["for k in range(200):\n    assert f(k) == 2 * k"])
    for outputs in shown[1:]:
        (error,) = (output for output in outputs if output["output_type"] == "error")
        assert error["ename"] == "ValueError" and error["evalue"] == "no"
        assert "raise ValueError(" in "".join(error["traceback"])
        assert not any(output.get("name") == "stderr" for output in outputs)


def test_a_cell_that_fails_shows_it_whatever_ipython_does(monkeypatch):
    shell = make_shell()
    monkeypatch.setattr(shell, "showtraceback", lambda *unused, **named: None)
    outputs, success = shell.show("1 / 0")
    assert not success and [output["ename"] for output in outputs] == ["ZeroDivisionError"]


def test_standard_error_is_never_left_out(judge):  # noqa: F811
    flood = "for _ in range({}):\n    print('x' * 1000)\n    {}\nimport sys\nprint('no', file=sys.stderr)"
    for cell in (flood.format(1100, "pass"), flood.format(1100, "display(1)")):
        assert [output["text"].strip() for output in judge([cell])[0] if output.get("name") == "stderr"] == ["no"]


def test_what_a_cell_makes_of_warnings_counts_as_where_the_test_is(judge):  # noqa: F811
    student = "import numpy as np\nnp.seterr(all='raise')\ndef f(x):\n    return 1 / (1 + np.exp(-x))"
    also = "import warnings\nwarnings.simplefilter('error')\ndef g():\n    warnings.warn('no')"
    calls = "assert f(np.array([-1e4]))[0] == 0\n    g()"
    quiet = "with warnings.catch_warnings(), np.errstate(all='ignore'):\n    warnings.simplefilter('ignore')\n    "
    head = "import warnings\nimport numpy as np\n"
    shown = judge(student, also, [head + quiet + calls], [head + "if True:\n    " + calls], ["g()"])
    assert not failed(shown[2])
    assert (shown[3][-1]["ename"], shown[4][-1]["ename"]) == ("FloatingPointError", "UserWarning")


@pytest.mark.parametrize("apart", [False, True])
def test_of_what_a_program_shows_only_so_much_is_kept_and_tests_lose_nothing(box, apart):  # noqa: F811
    show = f"display({{'image/png': 'A' * {LARGEST_RICH - 1000}, 'text/plain': 'x'}}, raw=True)"
    test = "f()\nimport sys\nprint('w', file=sys.stderr)\nprint('x' * 500_000)\n0.5"
    cells = [{"role": role, "source": show} for role in ("student", "locked", "student", "student")]
    cells += [{"role": "student", "source": source} for source in (f"{show}\n1 / 0", "def f():\n    print('said')")]
    cells += [{"role": "test", "source": test}, {"role": "test", "source": "f()\nassert False"}]
    outputs, _ = Referee(box, Another(box) if apart else box).judge(cells)
    assert sum(map(_size, outputs[:-2])) < LONGEST_IN_ALL + 10_000
    assert [_size(shown) > 1_000_000 for shown in outputs[:3]] == [True, True, False]
    assert [shown[0]["data"] for shown in outputs[2:5]] == [{"text/plain": "(too large to be shown)"}] * 3
    assert [output.get("ename") for output in outputs[4]] == [None, "ZeroDivisionError"]
    said = {output.get("name", output["output_type"]): output.get("text") for output in outputs[-2]}
    assert (said["stderr"], len(said["stdout"]) > 500_000) == ("w\n", True)
    assert outputs[-2][-1]["data"]["text/plain"] == "0.5"
    assert [output["ename"] for output in outputs[-1] if "ename" in output] == ["AssertionError"]


class Another:
    """The same sandbox, as another."""

    def __init__(self, box):  # noqa: F811
        self.open_room = box.open_room


def _size(outputs):
    return len(json.dumps(outputs))


def test_a_room_that_floods_its_cells_with_errors_has_them_cut():
    error = {"output_type": "error", "ename": "E" * 5_000, "evalue": "no" * 5_000, "traceback": ["x" * 2_000_000] * 100}
    space = Space()
    shown = [output for _ in range(20) for output in space.fit([error] * 1_000)]
    assert [output["ename"] for output in shown] == ["E" * 1_000] * 20
    assert _size(shown) < 20 * 5_000


def test_programs_find_a_user_and_streams_with_numbers(judge):  # noqa: F811
    cell = "import faulthandler, getpass, subprocess, sys\nfaulthandler.enable()\nfaulthandler.disable()\n"
    shown = judge(f"{cell}print(getpass.getuser(), subprocess.run(['true'], stdout=sys.stdout).returncode)")[0]
    assert [output["text"] for output in shown] == ["student 0\n"]
