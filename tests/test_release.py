"""A release never writes over a notebook that somebody has worked in, and never leaves a gap."""

import pytest

from lstmlib.grading import release as module
from lstmlib.grading.release import release

TEXT = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
```{code-cell} ipython3
VALUE
```
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course whose nbgrader copies the source as it is; returns a function that releases it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "solutions" / "demo").mkdir(parents=True)

    def generate(name):
        source = tmp_path / "source" / name / "demo.ipynb"
        goal = tmp_path / "released" / name / "demo.ipynb"
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_bytes(source.read_bytes())

    monkeypatch.setattr(module, "_generate", generate)

    def run(value):
        (tmp_path / "solutions" / "demo" / "demo.md").write_text(TEXT.replace("VALUE", value))
        folders = [tmp_path / name for name in ("solutions", "exercises", "source", "released")]
        return release(*folders, tmp_path / "record.json")

    return run


def test_a_new_version_replaces_an_untouched_release(course, tmp_path):
    goal = tmp_path / "exercises" / "demo" / "demo.ipynb"
    for value in ("1", "2", "3"):
        assert course(value) == []
        assert f'"{value}"' in goal.read_text()


def test_a_notebook_that_somebody_has_worked_in_stays(course, tmp_path):
    course("1")
    goal = tmp_path / "exercises" / "demo" / "demo.ipynb"
    goal.write_text("an evening's work")
    assert course("1") == [goal]
    assert course("2") == [goal]
    assert goal.read_text() == "an evening's work"


def test_a_deleted_release_comes_back(course, tmp_path):
    course("1")
    goal = tmp_path / "exercises" / "demo" / "demo.ipynb"
    goal.unlink()
    assert course("1") == []
    assert goal.exists()


def test_a_release_that_fails_leaves_the_old_one(course, tmp_path, monkeypatch):
    course("1")

    def refuse(name):
        raise RuntimeError("no")

    monkeypatch.setattr(module, "_generate", refuse)
    with pytest.raises(RuntimeError, match="no"):
        course("2")
    assert '"1"' in (tmp_path / "exercises" / "demo" / "demo.ipynb").read_text()
