"""Notebooks written as text become nbgrader's, the same bytes each time."""

import pytest

from lstmlib.grading.authoring import convert, read_notebook

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
CELL = """
```{code-cell} ipython3
---
nbgrader: {grade: false, grade_id: GRADE_ID, locked: false, schema_version: 3, solution: true, task: false}
---
x = 1
```
"""


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "solutions" / "demo" / "demo.md"
    path.parent.mkdir(parents=True)
    one, two = (CELL.replace("GRADE_ID", name) for name in ("one", "two"))
    path.write_text(f"{HEADER}\n# Title\n{one}\nSame.\n{two}\nSame.\n")
    return path


def test_conversion_gives_the_same_bytes_each_time(text, tmp_path):
    (text.parent / "figure.png").write_bytes(b"png")
    first, second = (tmp_path / name / "demo" for name in ("first", "second"))
    assert convert(text.parent, first) == [first / "demo.ipynb"]
    convert(text.parent, second)
    assert (first / "demo.ipynb").read_bytes() == (second / "demo.ipynb").read_bytes()
    assert (first / "figure.png").read_bytes() == b"png"
    assert not (first / "demo.md").exists()


def test_cell_ids_are_unique_and_those_of_graded_cells_are_their_grade_ids(text):
    ids = [cell.id for cell in read_notebook(text).cells]
    assert len(set(ids)) == len(ids) == 5
    assert {"one", "two"} <= set(ids)


def test_a_grade_id_that_comes_twice_is_refused(text):
    text.write_text(text.read_text().replace("grade_id: two", "grade_id: one"))
    with pytest.raises(ValueError, match=r"demo\.md: expected each grade_id once, but 'one' comes again"):
        read_notebook(text)


def test_text_without_code_is_refused(text):
    text.write_text("# Notes for myself\n")
    with pytest.raises(ValueError, match="Is the jupytext header there"):
        read_notebook(text)


def test_points_are_said_once(text):
    graded = "{grade: true, grade_id: one, locked: true, points: 2.5, schema_version: 3, solution: false, task: false}"
    text.write_text(HEADER + f"\n```{{code-cell}} ipython3\n---\nnbgrader: {graded}\n---\nreport.award(POINTS)\n```\n")
    (cell,) = read_notebook(text).cells
    assert cell.source == "report.award(2.5)"


def test_nothing_that_may_hold_answers_is_copied(text, tmp_path):
    part = text.parent / "part" / "two.md"
    part.parent.mkdir()
    part.write_text(text.read_text())
    for name in ("demo.py", "demo.md~", ".demo.md.swp", "#demo.md#", "demo.md.orig", "data.csv"):
        (text.parent / name).write_text("x = 1")
    target = tmp_path / "target"
    convert(text.parent, target)
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()) == [
        "data.csv", "demo.ipynb", "part/two.ipynb",
    ]  # fmt: skip
