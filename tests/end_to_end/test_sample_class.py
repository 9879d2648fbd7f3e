"""The whole path, as an instructor walks it: release, submissions, nbgrader's commands, marks, feedback.

The sample class is graded once, by make, and only again when something has changed that could change a mark.
"""

import csv
import html
import re
import shutil
import subprocess

import nbformat
import pytest

from lstmlib.grading.marks import read_marks
from tests.conftest import ROOT
from tests.sample_class.run import expected_marks, forget, graded_by_hand, nbgrader, release
from tests.sample_class.submissions import CLASSES

SUBMISSIONS = [(assignment, student) for assignment, students in CLASSES.items() for student in students]
each_submission = pytest.mark.parametrize(
    ("assignment", "student"), SUBMISSIONS, ids=lambda value: getattr(value, "name", value)
)


@pytest.fixture(scope="session")
def folder():
    run = subprocess.run(["make", "_build/sample-class/marks.txt"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return ROOT / "_build" / "sample-class"


@pytest.fixture(scope="session")
def marks(folder):
    return {name: read_marks(f"sqlite:///{folder / 'gradebook.db'}", name) for name in CLASSES}


def graded_cells(folder, student, assignment):
    notebook = nbformat.read(folder / "autograded" / student / assignment / f"{assignment}.ipynb", as_version=4)
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"
    }


@each_submission
def test_every_submission_gets_the_marks_it_deserves(folder, marks, student, assignment):
    given, maximum = marks[assignment]
    solved = nbformat.read(folder / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    assert given[student.name] == expected_marks(student, maximum, graded_by_hand(solved))


HONEST = ("cleo", "dora", "emil")  # wrong here and there, right in another way, right in parts


def test_honest_submissions_get_the_same_marks_from_nbgrader_as_it_comes(folder, marks, tmp_path):
    for name in ("source", "release"):
        shutil.copytree(folder / name, tmp_path / name)
    shutil.copy(folder / "gradebook.db", tmp_path)
    for student in HONEST:
        shutil.copytree(folder / "submitted" / student, tmp_path / "submitted" / student)
    for assignment in CLASSES:
        forget(tmp_path, assignment)
        nbgrader(tmp_path, "autograde", assignment, stock=True)
        found, _ = read_marks(f"sqlite:///{tmp_path / 'gradebook.db'}", assignment)
        there = {student for student in HONEST if (folder / "submitted" / student / assignment).exists()}
        assert found == {student: marks[assignment][0][student] for student in there} and len(there) >= 2


def test_written_answers_wait_for_a_person_and_blank_ones_get_nothing(marks):
    given, _ = marks["training"]
    waiting = [given["ada"][name] for name in ("losses-explained", "bias-explained")]
    blank = [given["ben"][name] for name in ("losses-explained", "bias-explained")]
    assert (waiting, blank) == ([None, None], [0, 0])
    assert given["karl"]["bias-explained"] is None  # of two copies


def test_no_student_is_missing_from_the_export(folder):
    with (folder / "marks.csv").open() as file:
        rows = [(row["student_id"], row["assignment"], row["score"]) for row in csv.DictReader(file)]
    assert {(student, assignment) for student, assignment, score in rows if score} >= {
        (student.name, assignment) for assignment, student in SUBMISSIONS
    }


def text_outputs(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


@each_submission
def test_every_graded_cell_shows_a_report_and_ends_in_its_points(folder, marks, student, assignment):
    name = student.name
    cells = graded_cells(folder, name, assignment)
    given, maximum = marks[assignment]
    assert cells.keys() == {name for name in maximum if not name.endswith("-explained")}
    for grade_id, cell in cells.items():
        printed = text_outputs(cell)
        assert re.match(rf"({assignment}\.\w+|quiz): (passed|not yet)", printed), (grade_id, cell.outputs)
        assert f"Points: {given[name][grade_id]:g} of {maximum[grade_id]:g}" in printed
        (result,) = [output for output in cell.outputs if output.output_type == "execute_result"]
        assert float(result.data["text/plain"]) == given[name][grade_id]


@each_submission
def test_feedback_shows_reports_and_points_but_nothing_hidden(folder, student, assignment):
    name = student.name
    page = (folder / "feedback" / name / assignment / f"{assignment}.html").read_text()
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    total = len(graded_cells(folder, name, assignment))
    assert text.count("Points: ") == total
    assert ("This cell ended the program" in text) == (name == "igor")
    assert not re.search(r"seed ?=|HIDDEN|key ?=", text)


def test_diagnoses_reach_the_feedback(folder):
    page = (folder / "feedback" / "cleo" / "lstm" / "lstm.html").read_text()
    for words in ("wrong-activation", "the activation is tanh", "missing-bias", "the bias b is left out"):
        assert words in page
    page = (folder / "feedback" / "cleo" / "training" / "training.html").read_text()
    for words in ("mean-over-steps", "the mean is taken over the steps", "not-in-place"):
        assert words in page


def test_reasons_reach_the_feedback_of_a_quiz_and_only_that(folder):
    """Whoever answered wrong reads why, and what is right; the release says neither."""
    page = html.unescape((folder / "feedback" / "cleo" / "quiz" / "quiz.html").read_text())
    release = (folder / "release" / "quiz" / "quiz.ipynb").read_text()
    for words in (
        "Your answer b is not right.",
        "The forget gate would remove the other facts",
        "Your answer 900 is not right.",
        "That counts every step anew.",
        "the number of steps plays no role",
        "Write a decimal point in the place of the comma.",
    ):
        assert words in page
        assert words not in release


@pytest.mark.parametrize("assignment", sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir()))
def test_releasing_again_gives_the_committed_exercises_byte_for_byte(assignment, tmp_path):
    committed = ROOT / "exercises" / assignment / f"{assignment}.ipynb"
    assert release(tmp_path, assignment).read_bytes() == committed.read_bytes(), "run: make exercises"
