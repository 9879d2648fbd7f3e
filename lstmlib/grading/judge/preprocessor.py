"""The judge in the place of nbgrader's ``Execute``."""

import atexit
from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked, is_solution
from traitlets import Dict, Enum, Float, List, Unicode

from lstmlib.grading.judge.referee import Referee
from lstmlib.grading.judge.sandbox import Bubblewrap, Furniture, Process

LARGEST_FILES = 50 * 2**20  # bytes of all that was handed in beside the notebook


class Judge(NbGraderPreprocessor):
    """Runs a submission: the student's cells in a sandbox, the tests in this process, on proxies.

    A test cell is scored by its outputs, as nbgrader always does; they come from this process alone.
    """

    sandbox = Enum(
        ["bubblewrap", "process"],
        "bubblewrap",
        help="Where students' code runs: in a bubblewrap sandbox, or unprotected in a process of its own.",
    ).tag(config=True)
    timeout = Float(30, help="Seconds for a cell of the student's, or one call of a test.").tag(config=True)
    packages = List(Unicode(), help="Packages of the course that students' cells may import.").tag(config=True)
    absent = Dict(
        help="Assignment to the modules that hold what it asks students to write; they are not there when it is judged."
    ).tag(config=True)
    preload = List(
        Unicode(), ["numpy", "matplotlib.pyplot"], help="Modules that are imported once for all submissions."
    ).tag(config=True)

    def preprocess(self, nb, resources):
        place = resources["nbgrader"]
        absent = tuple(self.absent.get(place["assignment"], ()))
        referee = Referee(
            self._open(absent),
            self._open(()),
            files=_files(Path(resources["metadata"]["path"])),
            released=self._released(place),
            seconds=self.timeout,
        )
        cells = [cell for cell in nb.cells if cell.cell_type == "code"]
        outputs, _ = referee.judge([{"role": _role(cell), "source": cell.source} for cell in cells])
        for count, (cell, shown) in enumerate(zip(cells, outputs, strict=True), 1):
            cell.execution_count = count
            for output in shown:
                if "execution_count" in output:
                    output["execution_count"] = count
            cell.outputs = [nbformat.from_dict(output) for output in shown]
        return nb, resources

    def _open(self, absent):
        """A sandbox in which these modules are absent; it is kept for the next submission."""
        furniture = Furniture(tuple(self.packages), absent, {}, tuple(self.preload))
        backend = {"bubblewrap": Bubblewrap, "process": Process}[self.sandbox]
        key = (backend, furniture.packages, furniture.absent if backend is Bubblewrap else ())
        if key not in _open_sandboxes:
            _open_sandboxes[key] = backend(furniture)
            atexit.register(_open_sandboxes[key].close)
        return _open_sandboxes[key]

    def _released(self, place):
        """The code of the release, as students got it."""
        course = self.parent.parent.coursedir
        folder = course.format_path(course.release_directory, ".", place["assignment"])
        path = Path(folder) / f"{place['notebook']}.ipynb"
        if not path.exists():
            return []
        return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


_open_sandboxes: dict = {}


def _role(cell):
    if is_grade(cell) and not is_solution(cell):
        return "test"
    return "locked" if is_locked(cell) else "student"


def _files(folder):
    """What lies beside the notebook; links are not followed, and notebooks are left out."""
    found, total = {}, 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix == ".ipynb":
            continue
        total += path.stat().st_size
        if total > LARGEST_FILES:
            break
        found[str(path.relative_to(folder))] = path.read_bytes()
    return found
