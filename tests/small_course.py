"""A course of one small assignment, to try the grader's own work with many submissions."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.sample_class.run import nbgrader

RIGHT = {"add": "def add(a, b):\n    return a + b", "twice": "def twice(a):\n    return 2 * a"}
POINTS = {"add-test": 1, "twice-test": 2}


def cell(source, name, make=new_code_cell, **settings):
    """A cell that nbgrader knows."""
    base = {"grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return make(source, id=name, metadata={"nbgrader": base | settings})


def make_release(folder, extra=()):
    """Release the assignment ``sums``; return its notebook."""
    cells = [new_markdown_cell("# Sums", id="title")]
    for name, test in (("add", "assert add(20, 22) == 42"), ("twice", "assert twice(21) == 42")):
        head = RIGHT[name].split("\n")
        stub = "\n".join([head[0], "    ### BEGIN SOLUTION", *head[1:], "    ### END SOLUTION"])
        hidden = f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS"
        cells += [
            cell(stub, name, solution=True),
            cell(hidden, f"{name}-test", grade=True, locked=True, points=POINTS[f"{name}-test"]),
        ]
    source = new_notebook(cells=[*cells, *extra])
    source.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "source" / "sums" / "sums.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(source, path)
    nbgrader(folder, "generate_assignment", "sums", "--create", "--force")
    return nbformat.read(folder / "release" / "sums" / "sums.ipynb", as_version=4)


def solve(released, **sources):
    """A copy of the release with what a student wrote; ``add`` and ``twice`` are right unless told otherwise."""
    notebook = nbformat.reads(nbformat.writes(released), as_version=4)
    for found in notebook.cells:
        found.source = (RIGHT | sources).get(found.id, found.source)
    return notebook


def hand_in(folder, student, notebook):
    """Write a submission; return its folder."""
    path = folder / "submitted" / student / "sums" / "sums.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path.parent
