"""Damaged notebooks become gradable again, and nothing that a student wrote gets lost."""

import logging

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lstmlib.grading.repair import RepairCells, _grade_id


def metadata(grade_id, **changes):
    values = {"grade_id": grade_id, "grade": False, "locked": False, "solution": False, "task": False}
    return {"nbgrader": values | {"schema_version": 3, "cell_type": "code", "checksum": "0"} | changes}


# What nbgrader recorded when it made the release: after each repair every cell of it is there once, in this order.
RELEASED = {
    cell.id: {"cell_type": cell.cell_type, "source": cell.source, "metadata": cell.metadata["nbgrader"]}
    for cell in [
        new_code_cell("import this", id="setup", metadata=metadata("setup", locked=True)),
        new_code_cell("stub", id="work", metadata=metadata("work", solution=True)),
        new_code_cell("test", id="work-test", metadata=metadata("work-test", grade=True, locked=True, points=2)),
        new_markdown_cell("essay", id="essay", metadata=metadata("essay", grade=True, solution=True, points=1)),
    ]
}


def submission():
    cells = [
        (new_code_cell if cell["cell_type"] == "code" else new_markdown_cell)(
            "mine" if name == "work" else cell["source"], id=name, metadata={"nbgrader": dict(cell["metadata"])}
        )
        for name, cell in RELEASED.items()
    ]
    return new_notebook(cells=[new_markdown_cell("Title"), *cells, new_code_cell("extra")])


def repaired(notebook, caplog):
    step = RepairCells()
    step.log = logging.getLogger("repair")
    step.where = "ada/demo/demo"
    step.repair(notebook, RELEASED)
    nbformat.validate(notebook)
    return [_grade_id(cell) for cell in notebook.cells if _grade_id(cell)], caplog.messages


def test_a_sound_notebook_is_left_as_it_is(caplog):
    notebook = submission()
    assert repaired(notebook, caplog) == (list(RELEASED), [])
    assert [cell.source for cell in notebook.cells] == ["Title", "import this", "mine", "test", "essay", "extra"]


@pytest.mark.parametrize("gone", [["setup"], ["work-test"], ["essay"], ["setup", "work-test", "essay"]])
def test_missing_locked_and_graded_cells_are_put_back_in_their_place(gone, caplog):
    notebook = submission()
    notebook.cells = [cell for cell in notebook.cells if cell.id not in gone]
    ids, messages = repaired(notebook, caplog)
    assert ids == list(RELEASED)
    assert len(messages) == len(gone)
    assert all("was missing, put back" in message for message in messages)


def test_a_missing_solution_is_not_replaced_by_its_stub(caplog):
    notebook = submission()
    notebook.cells = [cell for cell in notebook.cells if cell.id != "work"]
    ids, _ = repaired(notebook, caplog)
    assert ids == ["setup", "work-test", "essay"]


def test_an_empty_notebook_gets_all_tests(caplog):
    ids, _ = repaired(new_notebook(), caplog)
    assert ids == ["setup", "work-test", "essay"]


def test_of_two_copies_the_last_keeps_the_identity_and_nothing_is_deleted(caplog):
    notebook = submission()
    notebook.cells.insert(2, new_code_cell("an older version", metadata=metadata("work", solution=True)))
    ids, messages = repaired(notebook, caplog)
    assert ids == list(RELEASED)
    assert next(cell.source for cell in notebook.cells if _grade_id(cell) == "work") == "mine"
    assert "an older version" in [cell.source for cell in notebook.cells]
    assert messages == ["Repaired ada/demo/demo: cell work: a second copy, now an ordinary cell"]


def test_metadata_of_the_release_win_over_those_of_the_submission(caplog):
    notebook = submission()
    for cell in notebook.cells[1:-1]:
        cell.metadata["nbgrader"].update(points=100, grade=False, locked=False, solution=True)
    repaired(notebook, caplog)
    assert [cell.metadata["nbgrader"] for cell in notebook.cells[1:-1]] == [
        cell["metadata"] for cell in RELEASED.values()
    ]


@pytest.mark.parametrize("broken", [{"grade_id": "unknown"}, {}, "nonsense", {"grade_id": None}, {"grade_id": ["a"]}])
def test_foreign_metadata_are_removed(broken, caplog):
    notebook = submission()
    notebook.cells[-1].metadata["nbgrader"] = broken
    assert repaired(notebook, caplog)[0] == list(RELEASED)
    assert "nbgrader" not in notebook.cells[-1].metadata


def test_tags_that_steer_execution_are_removed(caplog):
    notebook = submission()
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", ""]
    _, messages = repaired(notebook, caplog)
    assert not any("tags" in cell.metadata for cell in notebook.cells)
    assert messages == ["Repaired ada/demo/demo: tags of 6 cells: removed"]


@pytest.mark.parametrize("minor", [0, 4])
def test_notebooks_of_older_formats_get_ids(minor, caplog):
    notebook = submission()
    notebook.nbformat_minor = minor
    for cell in notebook.cells:
        del cell["id"]
    assert repaired(notebook, caplog) == (list(RELEASED), [])
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_a_test_that_stands_before_its_solution_is_moved_behind_it(caplog):
    notebook = submission()
    test = next(cell for cell in notebook.cells if _grade_id(cell) == "work-test")
    notebook.cells.remove(test)
    notebook.cells.insert(0, test)
    ids, messages = repaired(notebook, caplog)
    assert ids == list(RELEASED)
    assert messages == ["Repaired ada/demo/demo: cell work-test: stood before work, moved behind it"]


def test_text_of_locked_cells_is_that_of_the_instructor(caplog):
    released = dict(RELEASED)
    hidden = "# graded\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS"
    released["work-test"] = {**RELEASED["work-test"], "source": hidden}
    for source, messages in (("# graded", 0), (hidden, 0), ("pass", 1)):
        notebook = submission()
        next(cell for cell in notebook.cells if _grade_id(cell) == "work-test").source = source
        step = RepairCells()
        step.log, step.where = logging.getLogger("repair"), "ada/demo/demo"
        caplog.clear()
        step.repair(notebook, released)
        assert next(cell for cell in notebook.cells if _grade_id(cell) == "work-test").source == hidden
        assert len(caplog.messages) == messages
