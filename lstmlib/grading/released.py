"""An assignment as it was released, from what nbgrader recorded in its gradebook."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

from nbformat.v4 import new_code_cell
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import ClearHiddenTests

from lstmlib.grading.judge.source import bound, is_opaque, mentioned


@dataclass(frozen=True)
class Released:
    """One notebook of an assignment.

    Attributes
    ----------
    name : str
    cells : dict
        Grade id to a dict of cell_type, source (with hidden tests) and nbgrader metadata, in their order.
    kernelspec : dict or None
    """

    name: str
    cells: dict
    kernelspec: dict | None = None

    @cached_property
    def digest(self):
        """SHA-256 of all that the gradebook says of the notebook."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @cached_property
    def texts(self):
        """Grade id to the source that students got."""
        return {name: without_hidden_tests(cell["source"]) for name, cell in self.cells.items()}

    @cached_property
    def language(self):
        """The language of the kernel, or its name where that is all that is known; without a kernel, python."""
        kernel = self.kernelspec or {}
        return str(kernel.get("language") or kernel.get("name") or "python").lower()

    @cached_property
    def needs(self):
        """Grade id of a locked cell to those of the locked cells above it that define what it mentions, or may."""
        found: dict[str, list] = {}
        defined: dict[str, set | None] = {}
        for name, cell in self.cells.items():
            if cell["cell_type"] == "code" and cell["metadata"]["locked"]:
                names = mentioned(cell["source"])
                found[name] = [other for other, theirs in defined.items() if theirs is None or theirs & names]
                defined[name] = None if is_opaque(cell["source"]) else bound(cell["source"])
        return found


def read_released(assignment):
    """Read the notebooks of an `nbgrader.api.Assignment`; return a dict of `Released` by name."""
    return {notebook.name: _read(notebook) for notebook in assignment.notebooks}


def without_hidden_tests(source):
    """The text of a cell as students have it."""
    cell = new_code_cell(source)
    ClearHiddenTests()._remove_hidden_test_region(cell)
    return cell.source


def _read(notebook):
    points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    grades, solutions, tasks = (
        {cell.name for cell in cells} for cells in (notebook.grade_cells, notebook.solution_cells, notebook.task_cells)
    )
    released = {}
    for cell in notebook.source_cells:
        metadata = {
            "grade": cell.name in grades,
            "grade_id": cell.name,
            "locked": cell.locked,
            "schema_version": SCHEMA_VERSION,
            "solution": cell.name in solutions,
            "task": cell.name in tasks,
            "checksum": cell.checksum,
            "cell_type": cell.cell_type,
        }
        if cell.name in points:
            metadata["points"] = points[cell.name]
        released[cell.name] = {"cell_type": cell.cell_type, "source": cell.source, "metadata": metadata}
    return Released(notebook.name, released, json.loads(notebook.kernelspec) if notebook.kernelspec else None)
