"""What is done before there is a notebook leaves nothing behind but its speed."""

import linecache
import random
import sys
import types
import warnings

import nbformat
import numpy as np
import pytest

from lstmlib.check import check
from lstmlib.check.rehearsal import rehearse as rehearse_checks
from lstmlib.grading.judge.crowd import Crowd
from lstmlib.grading.judge.settings import Judge
from lstmlib.grading.room.plain import Plain
from lstmlib.grading.room.rehearsal import rehearse
from lstmlib.grading.room.shell import Shell
from tests.test_station import task, walls  # noqa: F401 - a fixture


@pytest.mark.parametrize("make", [Plain, lambda: Shell(user_module=types.ModuleType("__main__"))])
def test_a_room_s_rehearsal_leaves_no_name(make):
    def state():
        names = {name: repr(value) for name, value in shell.user_ns.items()}
        return names, random.getstate(), str(np.random.get_state())

    shell = make()
    before = state()
    shell.warm_up()
    rehearse(shell)
    assert state() == before
    assert not [name for name in linecache.cache if name.endswith(("room.py", "rehearsal.py"))]
    outputs, success = shell.show("x = 1\nprint(x)")
    assert success and [each["text"] for each in outputs] == ["1\n"]
    (name,) = (name for name, about in linecache.cache.items() if "print(x)" in "".join(about[2] if about[1:] else ""))
    assert name.startswith("<ipython-input-1-")


def test_a_rehearsal_of_the_checks_prints_nothing_and_draws_nothing(capfd):
    def state():
        reports = [str(check(lambda *unused: 0, each, seed=3)) for each in ("lstm.forget_gate", "lstm.lstm_step")]
        drawn = random.getstate(), str(np.random.get_state())
        return reports, drawn, list(warnings.filters), np.geterr(), sys.gettrace()

    before = state()
    rehearse_checks()
    assert state() == before
    assert capfd.readouterr() == ("", "")


def test_statements_of_the_settings_run_before_there_is_a_notebook(walls):  # noqa: F811
    statements = ["raise ValueError", "import json; json.warmed = 1"]
    settings = Judge(warm_up=statements)
    assert settings.task(nbformat.v4.new_notebook(), "rnn", [], {}, [], ["import os"], "").preload == [
        "import os", *statements,
    ]  # fmt: skip
    crowd = Crowd(1)
    try:
        cells = "import json\nwarm = json.warmed", ["import json\nprint(json.warmed, warm)"]
        result = crowd.submit(task(walls, *cells, preload=statements)).result()
    finally:
        crowd.close()
    assert result["outputs"][1][0]["text"] == "1 1\n"
