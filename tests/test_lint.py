"""The lint says what is wrong with an assignment, and where; it leaves sound ones alone."""

import sys

import pytest

from lstmlib.grading.authoring import read_notebook
from lstmlib.grading.faults import find_exercises, find_faults
from lstmlib.grading.lint import _file_digest, lint_all, load_banks, main
from lstmlib.grading.score import score
from tests.conftest import ROOT

TEXT = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
```{code-cell} ipython3
def check(function, seed=0):
    numbers = [seed % 7, 2, 3]
    return sum(function(n) == n * n for n in numbers)
```

Square a number (square-label), see [the chapter](chapter.md).
<details>one</details> <details>two</details> <details>three</details>

```{code-cell} ipython3
---
nbgrader: {grade: false, grade_id: square, locked: false, schema_version: 3, solution: true, task: false}
---
def square(n):
    \"\"\"The square of n.\"\"\"
    ### BEGIN SOLUTION
    return n * n
    ### END SOLUTION
```

```{code-cell} ipython3
check(square, seed=5)
```

```{code-cell} ipython3
---
nbgrader: {grade: true, grade_id: square-test, locked: true, points: 3, schema_version: 3, solution: false, task: false}
---
### BEGIN HIDDEN TESTS
check(square, seed=12345)
### END HIDDEN TESTS
```
"""


@pytest.fixture
def solutions(tmp_path):
    """A folder with one assignment; call it with replacements to break it."""
    (tmp_path / "solutions" / "demo").mkdir(parents=True)

    def write(*replacements):
        text = TEXT
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "solutions" / "demo" / "demo.md").write_text(text)
        return tmp_path / "solutions"

    return write


def messages(folder, **options):
    return [(finding.cell, finding.message) for finding in find_faults(folder / "demo" / "demo.md", **options)]


def test_a_sound_assignment_has_no_findings(solutions):
    assert messages(solutions(), labels={"square-label"}, banks={"demo.square": [lambda n: n + n]}) == []


@pytest.mark.parametrize(
    ("old", "new", "cell", "message"),
    [
        ("(square-label)", "", "square", "expected the label of an equation"),
        ("(chapter.md)", "", "square", "expected a link to the chapter"),
        ("<details>two</details>", "", "square", "expected 3 hints, each in a <details>"),
        ('    """The square of n."""\n', "", "square", "expected a docstring in the stub of square; found none"),
        ("seed=12345", "seed=5", "square-test", "expected a seed that students do not see; seed=5"),
        ("return n * n", "return n + n", "square-test", "expected 3 points for the instructor's own"),
        ("return n * n", "return no", "square-test", "NameError: name 'no' is not defined"),
        ("check(square, seed=12345)", "assert square(2) == 4 and square.__annotations__ == {}", "square-test",
         "expected 3 points from the judge for the instructor's own solution; it gets 0. AttributeError"),
        ("check(square, seed=12345)", "square(2) + 3", "square-test", "it gets 0. partial credit cannot be greater"),
        ("check(square, seed=12345)", "print(square(1) if 0 else 1)", "square-test",
         "expected 0 points for the untouched release; it gets 3"),
        ("grade_id: square-test", "grade_id: square", "", "expected each grade_id once, but 'square' comes again"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(solutions, old, new, cell, message):
    found = messages(solutions((old, new)))
    assert any(where == cell and message in text for where, text in found), found


def test_a_label_that_the_book_does_not_have_does_not_count(solutions):
    assert messages(solutions(), labels={"another-label", "square"})[0][0] == "square"


def test_a_graded_check_without_a_seed_of_its_own_is_found(solutions):
    twin = TEXT.split("Square a number")[1]
    twin = "Square a number" + twin.replace("square-test", "twin-test").replace("grade_id: square,", "grade_id: twin,")
    end = "seed=12345)\n### END HIDDEN TESTS\n```\n"
    folder = solutions((end, f"{end}\n{twin}"))
    assert any("is that of cell square-test, too" in text for _, text in messages(folder))
    path = folder / "demo" / "demo.md"
    path.write_text(path.read_text().replace("check(square, seed=12345)", "check(square)", 1))
    assert any(cell == "square-test" and "without one it draws" in text for cell, text in messages(folder))


def test_a_wrong_solution_with_full_marks_is_named(solutions):
    def also_right(n):
        return n**2

    found = messages(solutions(), banks={"demo.square": [lambda n: n, also_right]})
    assert found == [("square-test", "expected less than 3 points for wrong solution 1, also_right; it gets all.")]


def test_answers_that_a_person_grades_are_left_to_the_person():
    notebook = read_notebook(ROOT / "solutions" / "training" / "training.md")
    assert "losses-explained" not in [cell for cell, *_ in score(notebook, released=True)]
    assert [exercise.function for exercise in find_exercises(notebook)][-1] == "train"


def test_outcomes_are_remembered_until_a_file_changes(solutions, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(tmp_path)
    bank, marks = tmp_path / "bank_of_the_demo.py", tmp_path / "runs"
    bank.write_text("WRONG = {'demo.square': [lambda n: 0]}\n")
    options = {"banks": bank.stem, "depends": [bank], "cache": tmp_path / "cache.json"}
    folder = solutions(("numbers = [", f"open({str(marks)!r}, 'a').write('x'); numbers = ["))
    assert lint_all(folder, **options) == []
    runs = len(marks.read_text())
    assert runs > 0
    assert lint_all(folder, **options) == []
    assert len(marks.read_text()) == runs
    made = "def make(exercise, code): return lambda n: eval(code)\n"
    bank.write_text("WRONG = {'demo.square': [('made', 'n * n')]}\n" + made)
    monkeypatch.delitem(sys.modules, bank.stem)
    _file_digest.cache_clear()
    assert [finding.cell for finding in lint_all(folder, **options)] == ["square-test"]
    assert len(marks.read_text()) > runs
    assert main([str(folder), "--banks", bank.stem]) == 1
    printed = capsys.readouterr().out
    assert "demo.md, cell square-test: expected less than 3 points" in printed
    assert "1 finding in" in printed


def test_a_folder_without_a_notebook_in_markdown_is_an_error(tmp_path, capsys):
    (tmp_path / "demo").mkdir()
    for name in ("one", "two"):
        (tmp_path / "demo" / f"{name}.ipynb").touch()
    with pytest.raises(SystemExit) as end:
        main([str(tmp_path)])
    assert end.value.code == 2
    told = f"expected notebooks in MyST Markdown, *.md, in {tmp_path}; found 2 .ipynb. Convert them: jupytext --to md:"
    assert told in capsys.readouterr().err


def test_banks_of_this_course_are_read():
    banks = load_banks("tests.banks")
    assert {"training.clip", "lstm.forget_gate"} <= banks.keys()
    assert all(callable(function) for bank in banks.values() for function in bank)
