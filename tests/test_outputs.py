"""What is shown of a cell: an error and standard error above all, for they cost the points."""

from lstmlib.grading.judge.referee import make_shell
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
