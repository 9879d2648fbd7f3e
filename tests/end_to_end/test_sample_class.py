"""The whole path, as an instructor walks it: release, submissions, nbgrader's commands, marks, feedback.

The sample class is graded once, by make, and only again when something has changed that could change a mark.
"""

import csv
import html
import re
import subprocess

import nbformat
import pytest

from lstmlib.grading.marks import read_marks
from tests.conftest import ROOT
from tests.sample_class.run import ASSIGNMENTS, nbgrader, release
from tests.sample_class.submissions import STUDENTS

NAMES = [student.name for student in STUDENTS]
# Cells in which no check could say anything: the kernel was dead, or the student interrupted it.
WITHOUT_REPORT = {
    ("igor", "keep-a-number-test"),
    ("igor", "answer-5-test"),
    ("ines", "candidate-test"),
}
each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)
each_student = pytest.mark.parametrize("student", STUDENTS, ids=NAMES)


@pytest.fixture(scope="session")
def folder():
    run = subprocess.run(["make", "_build/sample-class/marks.txt"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return ROOT / "_build" / "sample-class"


@pytest.fixture(scope="session")
def marks(folder):
    return {name: read_marks(f"sqlite:///{folder / 'gradebook.db'}", name) for name in ASSIGNMENTS}


def graded_cells(folder, student, assignment):
    notebook = nbformat.read(folder / "autograded" / student / assignment / f"{assignment}.ipynb", as_version=4)
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


@each_assignment
@each_student
def test_every_submission_gets_the_marks_it_deserves(marks, student, assignment):
    given, maximum = marks[assignment]
    assert given[student.name] == {name: points - student.losses.get(name, 0) for name, points in maximum.items()}


def test_no_student_is_missing_from_the_export(folder):
    with (folder / "marks.csv").open() as file:
        rows = [(row["student_id"], row["assignment"], row["score"]) for row in csv.DictReader(file)]
    assert {(student, assignment) for student, assignment, score in rows if score} >= {
        (name, assignment) for name in NAMES for assignment in ASSIGNMENTS
    }


def text_outputs(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


@each_assignment
@pytest.mark.parametrize("name", NAMES)
def test_every_graded_cell_shows_a_report_and_ends_in_its_points(folder, marks, name, assignment):
    cells = graded_cells(folder, name, assignment)
    given, maximum = marks[assignment]
    assert cells.keys() == maximum.keys()
    for grade_id, cell in cells.items():
        if (name, grade_id) in WITHOUT_REPORT:
            assert cell.outputs[-1].output_type == "error"
            continue
        printed = text_outputs(cell)
        assert re.match(r"(lstm\.\w+|quiz): (passed|not yet)", printed), (grade_id, cell.outputs)
        assert f"Points: {given[name][grade_id]:g} of {maximum[grade_id]:g}" in printed
        (result,) = [output for output in cell.outputs if output.output_type == "execute_result"]
        assert float(result.data["text/plain"]) == given[name][grade_id]


@each_assignment
@pytest.mark.parametrize("name", NAMES)
def test_feedback_shows_reports_and_points_but_nothing_hidden(folder, name, assignment):
    page = (folder / "feedback" / name / assignment / f"{assignment}.html").read_text()
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    total = len(graded_cells(folder, name, assignment))
    without = sum((name, grade_id) in WITHOUT_REPORT for grade_id in graded_cells(folder, name, assignment))
    assert text.count("Points: ") == total - without
    assert ("This cell did not run" in text) == (name == "igor")
    assert not re.search(r"seed ?=|HIDDEN|key ?=", text)


def test_diagnoses_reach_the_feedback(folder):
    page = (folder / "feedback" / "cleo" / "lstm" / "lstm.html").read_text()
    for words in ("wrong-activation", "the activation is tanh", "missing-bias", "the bias b is left out"):
        assert words in page


@pytest.mark.parametrize("assignment", sorted(path.name for path in (ROOT / "solutions").iterdir()))
def test_releasing_again_gives_the_committed_exercises_byte_for_byte(assignment, tmp_path):
    committed = ROOT / "exercises" / assignment / f"{assignment}.ipynb"
    assert release(tmp_path, assignment).read_bytes() == committed.read_bytes(), "run: make exercises"


def test_one_unreadable_submission_does_not_cost_the_others_their_marks(folder, tmp_path):
    """Nbgrader reports it and goes on; the exit code says that something is left to do."""
    release(tmp_path, "quiz")
    for name, source in (("ada", "ada"), ("broken", None), ("zoe", "ada")):
        path = tmp_path / "submitted" / name / "quiz" / "quiz.ipynb"
        path.parent.mkdir(parents=True)
        good = folder / "submitted" / "ada" / "quiz" / "quiz.ipynb"
        path.write_bytes(good.read_bytes() if source else good.read_bytes()[:1000])
    with pytest.raises(RuntimeError, match="broken"):
        nbgrader(tmp_path, "autograde", "quiz")
    given, maximum = read_marks(f"sqlite:///{tmp_path / 'gradebook.db'}", "quiz")
    assert given["ada"] == given["zoe"] == maximum
