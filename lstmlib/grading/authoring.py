"""Instructor notebooks are written as MyST text; nbgrader wants them as ``.ipynb`` in its source directory.

The same text always gives the same bytes: a cell's id comes from its grade id, or from its content where it has none.
The word POINTS in a graded cell stands for the points in its metadata, so that they are said in one place only. A line
``# INCLUDE name.py`` stands for that file in the folder above the assignments: for a cell that all notebooks share.
"""

import hashlib
import re
import shutil
from typing import Any

import nbformat
from nbgrader.preprocessors import ClearSolutions as NbgraderClearSolutions

KEPT_METADATA = ("kernelspec", "language_info")
FOR_INSTRUCTORS = ("misconception",)  # metadata of cells that no release may hold
INCLUDE = re.compile(r"^# INCLUDE ([\w.]+)$", re.MULTILINE)


class ClearSolutions(NbgraderClearSolutions):
    """Clears solutions as nbgrader does, but a cell may bring a stub of its own in its metadata, as ``stub``.

    Metadata for instructors are cleared as well.
    """

    code_stub: Any

    def preprocess_cell(self, cell, resources, cell_index):
        for name in FOR_INSTRUCTORS:
            cell.metadata.pop(name, None)
        stub = cell.metadata.pop("stub", None)
        if stub is None:
            return super().preprocess_cell(cell, resources, cell_index)
        usual = dict(self.code_stub)
        self.code_stub = usual | {resources["language"]: stub}
        try:
            return super().preprocess_cell(cell, resources, cell_index)
        finally:
            self.code_stub = usual


def read_notebook(path):
    """Read a notebook written as MyST text.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If two cells have the same grade id, a file to include is not there, or the file holds no code cell (most
        often because its header does not say that it is a MyST notebook).
    """
    import jupytext  # which none of nbgrader's commands needs

    notebook = jupytext.read(path, fmt="md:myst")
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        raise ValueError(f"{path}: expected a MyST notebook with code cells, found none. Is the jupytext header there?")
    taken: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = INCLUDE.sub(lambda found: _included(path, found[1]), cell.source)
        settings = cell.metadata.get("nbgrader", {})
        grade_id = settings.get("grade_id")
        if grade_id in taken:
            raise ValueError(f"{path}: expected each grade_id once, but {grade_id!r} comes again. Rename one of them.")
        cell.id = grade_id or _free_id(cell.source, taken)
        taken.add(cell.id)
        if "points" in settings:
            cell.source = cell.source.replace("POINTS", f"{settings['points']:g}")
    notebook.metadata = {name: notebook.metadata[name] for name in KEPT_METADATA if name in notebook.metadata}
    nbformat.validate(notebook)
    return notebook


def _included(path, name):
    included = path.parent.parent / name
    if not included.is_file():
        raise ValueError(f"{path}: expected {included}, which a cell includes; it is not there.")
    return included.read_text().strip()


def _free_id(source, taken):
    digest = hashlib.sha256(source.encode()).hexdigest()
    return next(digest[start : start + 8] for start in range(57) if digest[start : start + 8] not in taken)


def convert(folder, target):
    """Convert every notebook of one assignment, and copy what else it needs (figures, data).

    Hidden files, backups of editors and other forms of a notebook (``lstm.py`` beside ``lstm.md``) are left out:
    what is copied gets to the students, and these hold answers.

    Parameters
    ----------
    folder : pathlib.Path
        The assignment as text.
    target : pathlib.Path
        Emptied first.

    Returns
    -------
    list of pathlib.Path
        The notebooks that were written.
    """
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    written = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        goal = target / path.relative_to(folder)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            goal = goal.with_suffix(".ipynb")
            nbformat.write(read_notebook(path), goal)
            written.append(goal)
        elif not _may_hold_answers(path):
            shutil.copy(path, goal)
    return written


def _may_hold_answers(path):
    notebooks = {notebook.stem for notebook in path.parent.glob("*.md")}
    return path.name.startswith((".", "#")) or path.name.endswith(("~", ".bak", ".orig")) or path.stem in notebooks
