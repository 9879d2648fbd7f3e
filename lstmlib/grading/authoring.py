"""Instructor notebooks are written as MyST text; nbgrader wants them as ``.ipynb`` in its source directory.

``python -m lstmlib.grading.authoring solutions _build/source`` converts all assignments. The same text always
gives the same bytes: a cell's id comes from its grade id, or from its content where it has none.
"""

import argparse
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbgrader.preprocessors import ClearSolutions as NbgraderClearSolutions

KEPT_METADATA = ("kernelspec", "language_info")


class ClearSolutions(NbgraderClearSolutions):
    """Clears solutions as nbgrader does, but a cell may bring a stub of its own in its metadata, as ``stub``."""

    code_stub: Any

    def preprocess_cell(self, cell, resources, cell_index):
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
        If two cells have the same grade id, or the file holds no code cell (most often because its header
        does not say that it is a MyST notebook).
    """
    notebook = jupytext.read(path, fmt="md:myst")
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        raise ValueError(f"{path}: expected a MyST notebook with code cells, found none. Is the jupytext header there?")
    taken: set[str] = set()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in taken:
            raise ValueError(f"{path}: expected each grade_id once, but {grade_id!r} comes again. Rename one of them.")
        cell.id = grade_id or _free_id(cell.source, taken)
        taken.add(cell.id)
    notebook.metadata = {name: notebook.metadata[name] for name in KEPT_METADATA if name in notebook.metadata}
    nbformat.validate(notebook)
    return notebook


def _free_id(source, taken):
    digest = hashlib.sha256(source.encode()).hexdigest()
    return next(digest[start : start + 8] for start in range(57) if digest[start : start + 8] not in taken)


def convert(folder, target):
    """Convert every notebook of one assignment, and copy what else it needs (figures, data).

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
    for path in sorted(folder.rglob("*")):
        goal = target / path.relative_to(folder)
        if path.suffix == ".md":
            goal = goal.with_suffix(".ipynb")
            nbformat.write(read_notebook(path), goal)
            written.append(goal)
        elif path.is_file():
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, goal)
    return written


def main(arguments=None):
    """Convert all assignments of a folder, or those that are named."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("solutions", type=Path, help="folder with one folder per assignment")
    parser.add_argument("target", type=Path, help="nbgrader's source directory")
    parser.add_argument("assignments", nargs="*", help="names; all if left out")
    options = parser.parse_args(arguments)
    names = options.assignments or sorted(path.name for path in options.solutions.iterdir() if path.is_dir())
    for name in names:
        if not (options.solutions / name).is_dir():
            parser.error(f"there is no assignment {name!r} in {options.solutions}")
        for path in convert(options.solutions / name, options.target / name):
            print(f"{name}: wrote {path}")


if __name__ == "__main__":
    sys.exit(main())
