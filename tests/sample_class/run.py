"""Grade the sample class with nbgrader's own commands, in a folder and a gradebook of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader.api import Gradebook
from tabulate import tabulate
from tqdm import tqdm

from lstmlib.grading.authoring import convert
from lstmlib.grading.marks import read_marks
from tests.sample_class.submissions import CLASSES, hand_in

ROOT = Path(__file__).parents[2]
SECONDS_A_CELL = 12  # above the time limit of a check, so that only a loop outside of any check meets it


class Outcome(NamedTuple):
    """One student's marks in one assignment."""

    student: str
    story: str
    assignment: str
    marks: dict
    expected: dict

    @property
    def as_expected(self):
        return self.marks == self.expected


def directories(folder):
    """The settings that move all directories of the course into a folder."""
    moved = {
        "CourseDirectory.db_url": f"sqlite:///{folder / 'gradebook.db'}",
        "CourseDirectory.source_directory": folder / "source",
        "CourseDirectory.release_directory": folder / "release",
        "CourseDirectory.submitted_directory": folder / "submitted",
        "CourseDirectory.autograded_directory": folder / "autograded",
        "CourseDirectory.feedback_directory": folder / "feedback",
        "NbGrader.logfile": folder / "nbgrader.log",
        "Judge.records": folder / "records",
    }
    if shutil.which("bwrap") is None:
        moved["Judge.sandbox"] = "process"  # these students are invented
    return moved


def nbgrader(folder, *arguments, progress=None, stock=False):
    """Run one of nbgrader's commands at the root of the course, its directories moved into `folder`.

    With ``progress=(label, count)`` a bar advances with each notebook that the command is done with. With
    ``stock=True`` nbgrader runs as it comes, without the settings of the course: students' code is not locked up then.

    Raises
    ------
    RuntimeError
        If the command fails; the message ends with what it printed.
    """
    moved = directories(folder) | {"Judge.timeout": SECONDS_A_CELL}
    if stock:
        moved["CourseDirectory.root"] = folder
    command = [sys.executable, "-m", "nbgrader", *arguments, *(f"--{name}={value}" for name, value in moved.items())]
    label, count = progress or (None, 0)
    lines = []
    with (
        subprocess.Popen(
            command, cwd=folder if stock else ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
        tqdm(total=count, desc=label, unit="notebook", disable=progress is None) as bar,
    ):
        for line in process.stdout:
            lines.append(line)
            if re.search(r"\] Done: |Setting destination file permissions|error processing assignment:", line):
                bar.update()
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{''.join(lines[-60:])}")
    return "".join(lines)


def forget(folder, assignment):
    """Bring an assignment back to where nothing of it is graded."""
    shutil.rmtree(folder / "records", ignore_errors=True)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "lstm-gru") as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            gradebook.remove_submission(assignment, submission.student_id)
            shutil.rmtree(folder / "autograded" / submission.student_id / assignment, ignore_errors=True)


def release(folder, assignment):
    """Make the release of an assignment from its text; return the path of its notebook."""
    convert(ROOT / "solutions" / assignment, folder / "source" / assignment)
    nbgrader(folder, "generate_assignment", assignment, "--create", "--force")
    return folder / "release" / assignment / f"{assignment}.ipynb"


def grade(folder, classes=CLASSES, show_progress=True):
    """Hand in, grade and give feedback for the whole class.

    Parameters
    ----------
    folder : pathlib.Path
        Emptied first; then holds submissions, gradebook and feedback.
    classes : dict
        Assignment to the list of `Student` who hand it in.
    show_progress : bool

    Returns
    -------
    list of Outcome
    """
    folder = folder.resolve()
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    outcomes = []
    for assignment, students in classes.items():
        released = nbformat.read(release(folder, assignment), as_version=4)
        solved = nbformat.read(folder / "source" / assignment / f"{assignment}.ipynb", as_version=4)
        by_hand = graded_by_hand(solved)
        for student in students:
            path = folder / "submitted" / student.name / assignment / f"{assignment}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(hand_in(student, released, solved), path)
        for command, label in (("autograde", "grading"), ("generate_feedback", "feedback")):
            bar = (f"{label} {assignment}", len(students)) if show_progress else None
            nbgrader(folder, command, assignment, progress=bar)
        marks, maximum = read_marks(f"sqlite:///{folder / 'gradebook.db'}", assignment)
        for student in students:
            expected = expected_marks(student, maximum, by_hand)
            outcomes.append(Outcome(student.name, student.story, assignment, marks.get(student.name, {}), expected))
    nbgrader(folder, "export", "--to", str(folder / "marks.csv"))
    return outcomes


def graded_by_hand(notebook):
    """Grade ids of the cells that a person must grade."""
    settings = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    return {found["grade_id"] for found in settings if found.get("grade") and found.get("solution")}


def expected_marks(student, maximum, by_hand):
    """The marks that a student should get; None where an answer waits for a person."""
    waiting = {name for name in by_hand if not student.losses.get(name)}
    return {
        name: None if name in waiting else points - student.losses.get(name, 0) for name, points in maximum.items()
    }


def table(outcomes):
    """Lay out the marks, one line a student; blank where nothing was handed in."""
    rows, assignments = [], list(dict.fromkeys(outcome.assignment for outcome in outcomes))
    for student in dict.fromkeys(outcome.student for outcome in outcomes):
        mine = {outcome.assignment: outcome for outcome in outcomes if outcome.student == student}
        totals = [_total(mine[name]) if name in mine else None for name in assignments]
        verdict = "yes" if all(outcome.as_expected for outcome in mine.values()) else "NO"
        rows.append([student, next(iter(mine.values())).story, *totals, verdict])
    return tabulate(rows, ["student", "what was handed in", *assignments, "every cell as expected"])


def _total(outcome):
    got, expected = (sum(filter(None, marks.values())) for marks in (outcome.marks, outcome.expected))
    return f"{got:g}" if got == expected else f"{got:g}, not {expected:g}"
