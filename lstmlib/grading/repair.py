"""Bring a submitted notebook back to the shape that was released, so that its cells can be graded.

Students duplicate cells, delete and move them, or change their metadata, most often by accident. What nbgrader
recorded when it made the release says how the notebook should look.
"""

import secrets

from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor


class RepairCells(NbGraderPreprocessor):
    """Takes the place of nbgrader's ``DeduplicateIds``; ``OverwriteCells`` comes after it.

    - Cells without an id get one (notebooks saved in a format before 4.5 have none).
    - Tags are removed. They steer execution: skip-execution would keep a test from running, and a test that
      shows no error counts as passed.
    - Of several cells with the same grade id the last one keeps it (as in nbgrader), and the others become
      ordinary cells; nbgrader would leave metadata that stop the whole batch.
    - The nbgrader metadata of every known cell are those of the release, and so is the text of locked cells.
    - Locked and graded cells that are missing are put back, after the cell that they followed. A solution cell
      is not: its stub could hide what the student wrote elsewhere.
    - A locked test that stands before the solution that it tests is moved behind it.

    Nothing that a student wrote is deleted. Each repair is logged as a warning.
    """

    def preprocess(self, nb, resources):
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            released = _released_cells(gradebook.find_notebook(place["notebook"], place["assignment"]))
        self.where = f"{place['student']}/{place['assignment']}/{place['notebook']}"
        self.repair(nb, released)
        return nb, resources

    def repair(self, nb, released):
        """Repair a notebook in place.

        Parameters
        ----------
        nb : nbformat.NotebookNode
        released : dict
            Grade id to a dict of cell_type, source and nbgrader metadata, in the order of the release.
        """
        self._give_ids(nb)
        self._remove_tags(nb)
        self._settle_identities(nb, released)
        self._restore_locked_text(nb, released)
        self._put_back(nb, released)
        self._move_behind(nb, released)

    def _give_ids(self, nb):
        nb.nbformat_minor = max(nb.nbformat_minor, 5)
        taken = set()
        for cell in nb.cells:
            if not isinstance(cell.get("id"), str) or cell.id in taken:
                cell["id"] = secrets.token_hex(4)
            taken.add(cell.id)

    def _remove_tags(self, nb):
        count = sum(cell.metadata.pop("tags", None) is not None for cell in nb.cells)
        if count:
            self._report(f"tags of {count} cells", "removed")

    def _settle_identities(self, nb, released):
        seen = set()
        for cell in reversed(nb.cells):
            grade_id = _grade_id(cell)
            if grade_id in released and grade_id not in seen:
                seen.add(grade_id)
                cell.metadata["nbgrader"] = dict(released[grade_id]["metadata"])
            elif "nbgrader" in cell.metadata:
                del cell.metadata["nbgrader"]
                reason = "a second copy" if grade_id in seen else "an unknown id"
                self._report(f"cell {grade_id}", f"{reason}, now an ordinary cell")

    def _restore_locked_text(self, nb, released):
        for cell in nb.cells:
            original = released.get(_grade_id(cell))
            if original and original["metadata"]["locked"]:
                if cell.source not in (original["source"], _as_released(original["source"])):
                    self._report(f"cell {_grade_id(cell)}", "its text had been changed, restored")
                cell.source = original["source"]

    def _put_back(self, nb, released):
        position = 0
        for grade_id, original in released.items():
            found = _position(nb, grade_id)
            if found is not None:
                position = found + 1
            elif original["metadata"]["locked"] or original["metadata"]["grade"] or original["metadata"]["task"]:
                new_cell = new_code_cell if original["cell_type"] == "code" else new_markdown_cell
                metadata = {"nbgrader": dict(original["metadata"])}
                nb.cells.insert(position, new_cell(original["source"], metadata=metadata))
                position += 1
                self._report(f"cell {grade_id}", "was missing, put back")

    def _move_behind(self, nb, released):
        solution = None
        for grade_id, original in released.items():
            position = _position(nb, grade_id)
            if position is None:
                continue
            if original["metadata"]["solution"]:
                solution = grade_id
            elif original["metadata"]["grade"] and solution and position < _position(nb, solution):
                cell = nb.cells.pop(position)
                nb.cells.insert(_position(nb, solution) + 1, cell)
                self._report(f"cell {grade_id}", f"stood before {solution}, moved behind it")

    def _report(self, what, done):
        self.log.warning("Repaired %s: %s: %s", self.where, what, done)


def _grade_id(cell):
    metadata = cell.metadata.get("nbgrader")
    grade_id = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _position(nb, grade_id):
    return next((k for k, cell in enumerate(nb.cells) if _grade_id(cell) == grade_id), None)


def _as_released(source):
    """The text of a cell without its hidden tests, as students have it."""
    cell = new_code_cell(source)
    ClearHiddenTests()._remove_hidden_test_region(cell)
    return cell.source


def _released_cells(notebook):
    """Grade id to cell type, source and nbgrader metadata, in the order of the release."""
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
    return released
