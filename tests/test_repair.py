"""Damaged notebooks become gradable again, and nothing that a student wrote gets lost."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import compute_checksum

from lstmlib.grading.released import Released
from lstmlib.grading.repair import grade_id, overlooked, repair


def metadata(name, **changes):
    values = {"grade_id": name, "grade": False, "locked": False, "solution": False, "task": False}
    return {"nbgrader": values | {"schema_version": 3, "cell_type": "code", "checksum": "0"} | changes}


# What nbgrader recorded when it made the release: after each repair every cell of it is there once, in this order.
HIDDEN = "# graded\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS"
CELLS = {
    cell.id: {"cell_type": cell.cell_type, "source": cell.source, "metadata": cell.metadata["nbgrader"]}
    for cell in [
        new_code_cell("import this", id="setup", metadata=metadata("setup", locked=True)),
        new_code_cell("stub", id="work", metadata=metadata("work", solution=True)),
        new_code_cell(HIDDEN, id="work-test", metadata=metadata("work-test", grade=True, locked=True, points=2)),
        new_markdown_cell("essay", id="essay", metadata=metadata("essay", grade=True, solution=True, points=1)),
    ]
}
RELEASED = Released("demo", CELLS, {"name": "python3", "display_name": "Python 3", "language": "python"})
SHOWN = ["Title", "import this", "mine", "# graded", "essay", "extra"]


def submission():
    cells = [
        (new_code_cell if cell["cell_type"] == "code" else new_markdown_cell)(
            "mine" if name == "work" else RELEASED.texts[name],
            id=name,
            metadata={"nbgrader": dict(cell["metadata"])},
        )
        for name, cell in CELLS.items()
    ]
    return new_notebook(
        cells=[new_markdown_cell("Title"), *cells, new_code_cell("extra")],
        metadata={"kernelspec": dict(RELEASED.kernelspec)},
    )


def named(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def repaired(notebook):
    repairs = repair(notebook, RELEASED)
    nbformat.validate(notebook)
    assert named(notebook, "work-test").source == HIDDEN
    return [grade_id(cell) for cell in notebook.cells if grade_id(cell)], repairs


def test_a_sound_notebook_only_gets_its_hidden_tests_back():
    notebook = submission()
    assert [cell.source for cell in notebook.cells] == SHOWN
    assert repaired(notebook) == (list(CELLS), [])
    assert [cell.source for cell in notebook.cells] == [HIDDEN if source == "# graded" else source for source in SHOWN]


@pytest.mark.parametrize("gone", [["setup"], ["work-test"], ["essay"], ["setup", "work-test", "essay"]])
def test_missing_locked_and_graded_cells_are_put_back_in_their_place(gone):
    notebook = submission()
    notebook.cells = [cell for cell in notebook.cells if cell.id not in gone]
    ids, repairs = repaired(notebook)
    assert ids == list(CELLS)
    assert repairs == [f"cell {name}: was missing, put back" for name in gone]
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_a_missing_solution_is_not_replaced_by_its_stub():
    notebook = submission()
    notebook.cells = [cell for cell in notebook.cells if cell.id != "work"]
    assert repaired(notebook)[0] == ["setup", "work-test", "essay"]


def test_an_empty_notebook_gets_all_tests():
    assert repaired(new_notebook())[0] == ["setup", "work-test", "essay"]


def test_of_two_copies_the_last_keeps_the_identity_and_nothing_is_deleted():
    notebook = submission()
    notebook.cells.insert(2, new_code_cell("an older version", metadata=metadata("work", solution=True)))
    ids, repairs = repaired(notebook)
    assert ids == list(CELLS)
    assert named(notebook, "work").source == "mine"
    assert "an older version" in [cell.source for cell in notebook.cells]
    assert repairs == ["cell work: a second copy, now an ordinary cell"]


def test_metadata_of_the_release_win_over_those_of_the_submission():
    notebook = submission()
    for cell in notebook.cells[1:-1]:
        cell.metadata["nbgrader"].update(points=100, grade=False, locked=False, solution=True)
    repaired(notebook)
    assert [cell.metadata["nbgrader"] for cell in notebook.cells[1:-1]] == [cell["metadata"] for cell in CELLS.values()]


@pytest.mark.parametrize("broken", [{"grade_id": "unknown"}, {}, "nonsense", {"grade_id": None}, {"grade_id": ["a"]}])
def test_foreign_metadata_are_removed(broken):
    notebook = submission()
    notebook.cells[-1].metadata["nbgrader"] = broken
    assert repaired(notebook)[0] == list(CELLS)
    assert "nbgrader" not in notebook.cells[-1].metadata


def test_a_test_that_stands_before_its_solution_is_moved_behind_it():
    notebook = submission()
    test = named(notebook, "work-test")
    notebook.cells.remove(test)
    notebook.cells.insert(0, test)
    ids, repairs = repaired(notebook)
    assert ids == list(CELLS)
    assert repairs == ["cell work-test: stood before work, moved behind it"]


def test_several_tests_of_one_solution_keep_their_order():
    cells = dict(CELLS)
    cells = {name: cells[name] for name in ("setup", "work", "work-test")} | {
        "work-test-2": {**CELLS["work-test"], "metadata": {**CELLS["work-test"]["metadata"], "grade_id": "work-test-2"}}
    }
    released = Released("demo", cells)
    order = ["work-test", "work-test-2", "setup", "work"]
    notebook = new_notebook(cells=[
        new_code_cell("", id=name, metadata={"nbgrader": dict(cells[name]["metadata"])}) for name in order
    ])  # fmt: skip
    repair(notebook, released)
    assert [grade_id(cell) for cell in notebook.cells] == ["setup", "work", "work-test", "work-test-2"]


@pytest.mark.parametrize("name", ["work", "essay"])
def test_a_stub_below_an_answer_does_not_take_its_place(name):
    notebook = submission()
    answer = named(notebook, name)
    answer.source = "mine"
    stub = nbformat.from_dict(dict(answer, source=f"{CELLS[name]['source']}\n", id="again"))
    notebook.cells.append(stub)
    ids, repairs = repaired(notebook)
    assert ids == list(CELLS)
    assert named(notebook, name).source == "mine"
    assert repairs == [f"cell {name}: a second copy, now an ordinary cell"]


@pytest.mark.parametrize("source", ["from helpers import *", "%run helpers.py", "exec('def right(): ...')", "x = 1"])
def test_a_locked_cell_stands_behind_those_that_may_define_what_it_uses(source):
    cells = {name: dict(cell) for name, cell in CELLS.items()}
    cells["setup"]["source"], cells["work-test"]["source"] = source, "assert work() == right()"
    needs = Released("demo", cells).needs["work-test"]
    assert needs == ([] if source == "x = 1" else ["setup"])


def test_a_locked_cell_stands_behind_those_that_define_what_it_uses():
    sources = {"help": "import math\ndef helper(): pass", "one": "helper()\nx = 1", "two": "assert x", "free": "1"}
    cells = {
        name: {"cell_type": "code", "source": source, "metadata": metadata(name, locked=True)["nbgrader"]}
        for name, source in sources.items()
    }
    order = ["two", "free", "one", "help"]
    notebook = new_notebook(cells=[
        new_code_cell(sources[name], id=name, metadata={"nbgrader": dict(cells[name]["metadata"])}) for name in order
    ])  # fmt: skip
    repairs = repair(notebook, Released("demo", cells))
    assert [grade_id(cell) for cell in notebook.cells] == ["free", "help", "one", "two"]
    assert repairs == ["cell one: stood before help, moved behind it", "cell two: stood before one, moved behind it"]


@pytest.mark.parametrize(("name", "kind"), [("work", "markdown"), ("work-test", "markdown"), ("essay", "code")])
def test_a_cell_of_another_kind_gets_its_kind_back_and_keeps_its_text(name, kind):
    notebook = submission()
    position = notebook.cells.index(named(notebook, name))
    old = notebook.cells[position]
    make = new_markdown_cell if kind == "markdown" else new_code_cell
    notebook.cells[position] = make(old.source, id=old.id, metadata=old.metadata)
    ids, repairs = repaired(notebook)
    assert ids == list(CELLS)
    assert named(notebook, name).cell_type == CELLS[name]["cell_type"]
    assert repairs == [f"cell {name}: was of kind {kind}, now {CELLS[name]['cell_type']} again"]
    assert named(notebook, "work").source == "mine"


@pytest.mark.parametrize(("source", "count"), [("# graded", 0), (HIDDEN, 0), ("pass", 1)])
def test_text_of_locked_cells_is_that_of_the_instructor(source, count):
    notebook = submission()
    named(notebook, "work-test").source = source
    assert len(repaired(notebook)[1]) == count


def test_a_locked_cell_of_another_release_is_not_called_changed():
    notebook = submission()
    old = named(notebook, "work-test")
    old.source = "# graded, at first"
    old.metadata.nbgrader.points = 1
    old.metadata.nbgrader.checksum = compute_checksum(old)
    changed = copy.deepcopy(notebook)
    _, repairs = repaired(notebook)
    assert repairs == ["cell work-test: of another release, its text is now that of the present one"]
    named(changed, "work-test").source += " too"
    assert repaired(changed)[1] == ["cell work-test: its text had been changed, restored"]


@pytest.mark.parametrize("points", ["many", None, 10**400, [1]])
def test_odd_points_of_a_locked_cell_stop_nothing(points):
    notebook = submission()
    cell = named(notebook, "work-test")
    cell.source = "pass"
    cell.metadata.nbgrader.points = points
    assert repaired(notebook)[1] == ["cell work-test: its text had been changed, restored"]


def test_the_kernel_is_that_of_the_release():
    notebook = submission()
    notebook.metadata.kernelspec.name = "my-anaconda"
    _, repairs = repaired(notebook)
    assert repairs == ["the kernel: was 'my-anaconda', now 'python3' again"]
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize(("text", "told"), [("Because it forgets.", True), ("Title ", False), (" ", False)])
def test_of_a_blank_answer_with_new_text_elsewhere_somebody_is_told(text, told):
    notebook = submission()
    notebook.cells.append(new_markdown_cell(text))
    repaired(notebook)
    texts = ["Title", "essay"]
    assert bool(overlooked(notebook, CELLS, texts)) == told
    named(notebook, "essay").source = "It forgets."
    assert overlooked(notebook, CELLS, texts) == []
