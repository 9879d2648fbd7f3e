"""Run an attack, under our grader and under nbgrader's own, and say what it got."""

import contextlib
import json
import logging
import os
import re
import socket
import sqlite3
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade

from lstmlib.grading.judge.bubblewrap import Bubblewrap
from lstmlib.grading.judge.referee import Referee
from lstmlib.grading.judge.sandbox import Furniture, Limits
from lstmlib.grading.judge.student import Student
from tests.attacks.attack import RELEASE
from tests.conftest import judge_settings

POINTS = 1
ESCAPES = re.compile(r"\x1b\[[\d;]*m")


class Result(NamedTuple):
    """What an attack got."""

    points: float
    said: str
    reached: bool
    ungraded: bool = False  # nbgrader gave up on the notebook

    @property
    def succeeded(self):
        return bool(self.points) or self.reached

    def __str__(self):
        got = [f"{self.points:g} of {POINTS}"] if self.points else []
        got += ["reached it"] if self.reached else []
        got += ["not graded"] if self.ungraded else []
        return " and ".join(got) or "nothing"


def open_box():
    """A sandbox as an lstm submission gets it, with small limits."""
    limits = Limits(memory=2**30, disk=64 * 2**20)
    preload = ("import numpy", "import lstmlib.check")
    settings = judge_settings()
    absent, silent = tuple(settings["absent"]["lstm"]), tuple(settings["silent"])
    return Bubblewrap(Furniture(("lstmlib",), absent, preload, plain=True, silent=silent), limits)


@contextlib.contextmanager
def course(folder):
    """A folder with what attacks are after, a secret in the environment and a listener; gives what to put in sources."""
    for name in ("submitted/other/a/a.ipynb", "source/answers.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("secret")
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as database:
        database.execute("create table if not exists marks (points)")
    os.environ["ATTACKED_SECRET"] = "1"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {"COURSE": str(folder), "PORT": str(listener.getsockname()[1])}
    del os.environ["ATTACKED_SECRET"]


def ours(attack, box, places):
    """What it gets under our grader."""
    cells = attack.cells(places)
    outputs, _ = Referee(box, box, None, [RELEASE], attack.seconds).judge(cells)
    return _result([nbformat.from_dict(shown) for shown in outputs])


def open_stock_box():
    """The same sandbox for a whole nbgrader: what could harm the machine runs against stock in there."""
    limits = Limits(memory=2 * 2**30, disk=64 * 2**20, sockets=True)  # a kernel listens on some
    return Bubblewrap(Furniture(("lstmlib",), (), ("import numpy", "import nbgrader.preprocessors")), limits)


def stock(attack, places, folder, box):
    """What it gets where nbgrader runs student's cells and tests in one kernel.

    Harmful ones run in the sandbox `box`, nbgrader, kernel and all; others in a kernel that can do what we can.
    """
    notebook = new_notebook(cells=[new_code_cell(cell["source"]) for cell in attack.cells(places)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells[-1].metadata["tags"] = list(attack.tags)
    if attack.harmful:
        student = Student(box, 60.0)
        try:
            outputs = student.run(_INSIDE.format(notebook=nbformat.writes(notebook)))
        finally:
            student.close()
        said = "".join(output.get("text", "") for output in outputs)
        if _MARK not in said:
            return Result(0, f"{said[-1000:]}{outputs[-1:]}", False, ungraded=True)
        return _result([nbformat.from_dict(shown) for shown in json.loads(said.partition(_MARK)[2])])
    try:
        Execute(timeout=20, log=logging.getLogger("quiet")).preprocess(notebook, {"metadata": {"path": str(folder)}})
    except Exception as error:
        return Result(0, f"{type(error).__name__}: {error}", False, ungraded=True)
    return _result([cell.outputs for cell in notebook.cells])


_MARK = "THE OUTPUTS OF ITS CELLS:"
_INSIDE = f"""
import json, logging, nbformat
from nbgrader.preprocessors import Execute
notebook = nbformat.reads({{notebook!r}}, as_version=4)
Execute(timeout=20, log=logging.getLogger("quiet")).preprocess(notebook, {{{{"metadata": {{{{"path": "."}}}}}}}})
for cell in notebook.cells:
    for output in cell.outputs:
        if "text" in output:
            output.text = output.text[:20_000]
print({_MARK!r} + json.dumps([cell.outputs for cell in notebook.cells]))
"""


def _result(outputs):
    said = "\n".join(_text(output) for shown in outputs for output in shown)
    test = new_code_cell("", metadata={"nbgrader": {"grade": True, "solution": False, "points": POINTS}})
    test.outputs = outputs[-1]
    points, _ = determine_grade(test, logging.getLogger("quiet"))
    return Result(points, said, "REACHED" in ESCAPES.sub("", said))


def _text(output):
    if output["output_type"] == "stream":
        return output["text"]
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return repr(output["data"])
