"""The solutions of the instructor's notebooks earn all points, the notebooks as released earn none."""

import ast
import re

import nbformat
import pytest

from lstmlib.grading.authoring import read_notebook
from tests.conftest import ROOT

NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "solutions").rglob("*.md")) if "check(" in path.read_text()}
each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def run(sources):
    """Run cells one after the other as a kernel does, errors included; give the value of each cell's last line."""
    scope, values = {"__name__": "__main__"}, []
    for source in sources:
        try:
            tree = ast.parse(source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "<cell>", "exec"), scope)
            values.append(eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope) if last else None)
        except Exception as error:
            values.append(error)
    return values


def graded(notebook):
    """Source with hidden tests, points and the place among the code cells of each graded cell."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {
        cell.metadata["nbgrader"]["grade_id"]: (number, cell.metadata["nbgrader"]["points"], cell.source)
        for number, cell in enumerate(cells)
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"
    }


@each_notebook
def test_solutions_earn_all_points_and_every_cell_runs(name, capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")  # without experiments that grading leaves out
    notebook = read_notebook(NOTEBOOKS[name])
    values = run(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert [value for value in values if isinstance(value, Exception)] == []
    for grade_id, (number, points, _) in graded(notebook).items():
        assert values[number] == points, grade_id
    assert capsys.readouterr().err == ""


@each_notebook
def test_the_notebook_as_released_earns_nothing(name, capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")  # without experiments that grading leaves out
    tests = {grade_id: source for grade_id, (_, _, source) in graded(read_notebook(NOTEBOOKS[name])).items()}
    released = nbformat.read(ROOT / "exercises" / name / f"{name}.ipynb", as_version=4)
    cells = [cell for cell in released.cells if cell.cell_type == "code"]
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    values = run(tests.get(grade_id, cell.source) for grade_id, cell in zip(ids, cells, strict=True))
    assert [values[ids.index(grade_id)] for grade_id in tests] == [0] * len(tests)


@each_notebook
def test_every_exercise_has_a_statement_with_a_link_hints_in_three_steps_a_check_and_a_graded_cell(name):
    notebook = read_notebook(NOTEBOOKS[name])
    for position, cell in enumerate(notebook.cells):
        if not cell.metadata.get("nbgrader", {}).get("solution") or cell.cell_type != "code":
            continue
        statement, check, test = (notebook.cells[position + k] for k in (-1, 1, 2))
        assert re.search(r"\(\.\./\.\./book/\w+\.md#[\w-]+\)|rnn-da", statement.source), statement.source
        assert re.search(r"\((?:[a-z]+-)*[a-z]+", statement.source)
        assert statement.source.count("<details><summary>Hint") == statement.source.count("</details>") == 3
        function = re.search(r"def (\w+)\(", cell.source)[1]
        assert check.source == f'check({function}, "{name}.{function}")'
        assert f'"{name}.{function}", seed=' in test.source
        for section in ('"""', "Returns\n"):
            assert section in cell.source
        assert "shape (" in cell.source or " : ndarray" not in cell.source
