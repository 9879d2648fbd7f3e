"""Putting a folder into its place as a whole: whoever looks sees the old one or the new one."""

import json
import os
import shutil
from pathlib import Path

import nbformat
from nbgrader.utils import find_all_files, rmtree


def place(folder, files, notebooks, kept):
    """Replace a folder of graded work.

    Parameters
    ----------
    folder : str
    files : dict or None
        Name to content; None removes the folder.
    notebooks : dict
        Name to notebook.
    kept : set of str
        Notebooks that stay as they are in the old folder.
    """
    new = os.path.join(os.path.dirname(folder), f".{os.path.basename(folder)}.new")
    if os.path.lexists(new):  # of a run that was stopped
        rmtree(new)
    if files is not None:
        os.makedirs(new)
        for name, content in files.items():
            path = Path(new, name)
            if path.suffix == ".ipynb" and path.parent == Path(new):
                continue  # a student's own, which nbgrader would take for one of the assignment's
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name in kept:
            if os.path.exists(os.path.join(folder, f"{name}.ipynb")):
                shutil.copy(os.path.join(folder, f"{name}.ipynb"), new)
        for name, notebook in notebooks.items():
            nbformat.validate(notebook)
            Path(new, f"{name}.ipynb").write_text(json.dumps(notebook, ensure_ascii=False))  # indenting takes 6 ms
    if os.path.lexists(folder):
        rmtree(folder)
    if files is not None:
        os.rename(new, folder)


def read_files(folder, ignored):
    """Name to content of what lies beside the notebooks in a folder of the instructor's."""
    return {
        os.path.relpath(path, folder): Path(path).read_bytes()
        for path in sorted(find_all_files(folder, [*ignored, "*.ipynb"]))
    }
