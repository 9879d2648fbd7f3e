"""A run over a class: every submission gets the marks it deserves, once, whatever happens on the way."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from traitlets.config import Config

from lstmlib.grading.judge.sandbox import Limits
from lstmlib.grading.judge.settings import Judge
from lstmlib.grading.marks import read_marks
from lstmlib.grading.released import Released
from lstmlib.grading.room.frames import Channel
from lstmlib.grading.salvage import LARGEST
from lstmlib.grading.submission import LARGEST_FILES, LONGEST_PATH, MOST_FILES, digest_of, read_submission
from tests.sample_class.run import ROOT, directories
from tests.small_course import RIGHT, Command, cell, hand_in, make_release, run, solve

pytestmark = pytest.mark.skipif(
    not shutil.which("bwrap") and not os.environ.get("CI"), reason="bubblewrap is not installed"
)
FULL = {"add-test": 1, "twice-test": 2}
NOTHING = {"add-test": 0, "twice-test": 0}


@pytest.fixture(scope="module")
def released_course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    return folder, make_release(folder)


@pytest.fixture
def course(released_course, tmp_path):
    """A folder with the release, and the released notebook."""
    folder, released = released_course
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path, released


def marks_of(folder):
    return read_marks(f"sqlite:///{folder / 'gradebook.db'}", "sums")[0]


def evidence_of(folder, student):
    return json.loads((folder / "records" / "evidence" / "sums" / f"{student}.json").read_text())


def repairs_of(folder, student):
    return evidence_of(folder, student)["repairs"]


# Damage


def _text(released, **sources):
    return nbformat.writes(solve(released, **sources))


def _cells(change):
    """A damage that changes the cells of a solved notebook."""

    def damage(folder, released):
        notebook = solve(released)
        change(notebook)
        (folder / "sums.ipynb").write_text(json.dumps(notebook))

    return damage


def _file(make):
    """A damage of the file itself."""

    def damage(folder, released):
        content = make(_text(released))
        (folder / "sums.ipynb").write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def _place(*names, **sources):
    """Notebooks of other names, the last of which is solved, or written as told."""

    def damage(folder, released):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(released, folder / name)
        (folder / names[-1]).write_text(_text(released, **sources))

    return damage


def _twin(notebook):
    notebook.cells.insert(1, new_code_cell("def add(a, b):\n    return 0", metadata=notebook.cells[1].metadata))


def _retype(notebook):
    for position in (1, 2):
        old = notebook.cells[position]
        notebook.cells[position] = new_markdown_cell(old.source, id=old.id, metadata=old.metadata)


def _rename(notebook):
    notebook.cells[1].metadata["nbgrader"]["grade_id"] = "addition"


def _schema(version):
    def change(notebook):
        for found in notebook.cells[1:]:
            found.metadata["nbgrader"]["schema_version"] = version

    return change


def _old_schema(notebook):
    for found in notebook.cells[1:]:
        del found.metadata["nbgrader"]["schema_version"], found.metadata["nbgrader"]["task"]


def _delete(notebook):
    del notebook.cells[2:]


def _reverse(notebook):
    notebook.cells.reverse()


def _kernel(notebook):
    notebook.metadata.kernelspec = {"name": "my-anaconda", "display_name": "conda", "language": "R"}


def _no_metadata(notebook):
    for found in notebook.cells:
        found.metadata = {}


def _version_3(text):
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [
        {"cell_type": "code", "input": found["source"], "language": "python", "outputs": [],
         "metadata": found["metadata"]} if found["cell_type"] == "code" else found
        for found in json.loads(text)["cells"]
    ]}]})  # fmt: skip


def _no_ids(notebook):
    notebook["nbformat_minor"] = 2
    for found in notebook.cells:
        del found["id"]


def _timestamp(folder, released):
    hand_in(folder.parents[2], folder.parent.name, solve(released))
    (folder / "timestamp.txt").write_text("yesterday, I think")


def _strange(folder, released):
    nbformat.write(new_notebook(cells=[new_code_cell("x = 1")]), folder / "mine.ipynb")
    for name in ("sums.zip", "timestamp.txt"):
        (folder / name).touch()


FORGED = "\x1b[2J\x1b]0;owned\x07\nzoe: sums.ipynb is a copy of ada's"


def _forge(folder, released):
    notebook = solve(released)
    for number in range(300):
        notebook.cells.append(new_code_cell(metadata={"nbgrader": {"grade_id": f"{FORGED * 100} {number}"}}))
    for name in ("sums", f"copy{FORGED}"):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))


# What is handed in, the marks, and a word of the repair report.
DAMAGES = {
    "two copies of a cell": (_cells(_twin), FULL, "a second copy"),
    "deleted cells": (_cells(_delete), {"add-test": 1, "twice-test": 0}, "was missing, put back"),
    "retyped cells": (_cells(_retype), FULL, "was of kind markdown"),
    "a renamed cell": (_cells(_rename), FULL, "an unknown id"),
    "reversed cells": (_cells(_reverse), FULL, "moved behind it"),
    "a wrong kernel": (_cells(_kernel), FULL, "my-anaconda"),
    "no metadata": (_cells(_no_metadata), FULL, "was missing, put back"),
    "a schema that is too old": (_cells(_old_schema), FULL, None),
    "a schema that is too new": (_cells(_schema(99)), FULL, None),
    "format 3": (_file(_version_3), FULL, "format version 3"),
    "format 4.2": (_cells(_no_ids), FULL, None),
    "format 5": (_file(lambda text: text.replace('"nbformat": 4', '"nbformat": 5')), FULL, "format version 5"),
    "half a file": (_file(lambda text: text[: text.index('"twice-test"')]), FULL, "broken JSON"),
    "a lost comma": (_file(lambda text: text.replace("},\n  {", "}\n  {", 1)), FULL, "broken JSON"),
    "an empty file": (_file(lambda text: ""), NOTHING, "no cell could be read"),
    "a page in its place": (_file(lambda text: "<html>Log in</html>"), NOTHING, "no cell could be read"),
    "UTF-16": (_file(lambda text: text.encode("utf-16")), FULL, "UTF-16"),
    "no notebook": (lambda folder, released: (folder / "notes.txt").write_text("sorry"), NOTHING, "is missing: graded"),
    "a zip": (_strange, NOTHING, "nothing was handed in; there is 'mine.ipynb', 'sums.zip'"),
    "nothing at all": (lambda folder, released: None, NOTHING, "sums.ipynb is missing"),
    "no cells": (_cells(lambda notebook: notebook.cells.clear()), NOTHING, "there is no cell in it: graded as if"),
    "another name": (_place("sums-final.ipynb"), FULL, "'sums-final.ipynb' is graded instead"),
    "a folder more": (_place("sums/sums.ipynb"), FULL, "is graded instead"),
    "an untouched one and a copy": (_place("sums.ipynb", "sums-Copy1.ipynb"), FULL, "nothing is written in sums.ipynb"),
    "two that are written": (_place("sums-Copy1.ipynb", "sums.ipynb", add="def add(a, b): return 0"),
                             {"add-test": 0, "twice-test": 2}, "2 notebooks"),
    "words that forge": (_forge, FULL, "and 101 more"),
    "a timestamp that is none": (_timestamp, FULL, "timestamp.txt holds no time"),
}  # fmt: skip


@pytest.fixture(scope="module")
def damaged(released_course, tmp_path_factory):
    """A class of damaged submissions, graded in one run."""
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copytree(released_course[0], folder, dirs_exist_ok=True)
    for name, (damage, _, _) in DAMAGES.items():
        place = folder / "submitted" / name / "sums"
        place.mkdir(parents=True)
        damage(place, released_course[1])
    said = run(folder, "autograde", "sums")
    return folder, said, marks_of(folder)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_submission_gets_a_mark_and_a_line_in_the_report(damaged, name):
    folder, _, marks = damaged
    _, expected, word = DAMAGES[name]
    assert marks[name] == expected
    report = (folder / "records" / "repairs" / "sums.txt").read_text()
    if word is None:
        assert f"{name}: " not in report
    else:
        assert any(line.startswith(f"{name}: ") and word in line for line in report.splitlines())


def test_no_word_of_a_student_s_is_a_line_of_its_own_or_moves_the_cursor(damaged):
    folder, said, _ = damaged
    report = (folder / "records" / "repairs" / "sums.txt").read_text().removesuffix("\n").split("\n")
    kept = repairs_of(folder, "words that forge")
    assert len(kept) == 201 and "copy" in kept[0] and kept[1].endswith("an unknown id, now an ordinary cell")
    for line in (*report, *kept, *said.split("\n")):
        assert line.isprintable() and len(line) < 600 and not line.strip().startswith("zoe")
    assert {line.partition(": ")[0] for line in report} <= set(DAMAGES)


@pytest.mark.parametrize("name", ["no notebook", "nothing at all", "no cells", "an empty file"])
def test_a_notebook_that_is_not_there_is_no_line_for_each_of_its_cells(damaged, name):
    assert "put back" not in str(repairs_of(damaged[0], name))
    assert "nothing was handed in" in repairs_of(damaged[0], name)[-1]


def test_feedback_can_be_made_of_what_was_damaged(damaged):
    folder, _, _ = damaged
    assert "WARNING" not in run(folder, "generate_feedback", "sums")
    assert {path.parent.parent.name for path in folder.glob("feedback/*/sums/sums.html")} == set(DAMAGES)

def test_a_written_answer_that_is_not_in_its_cell_is_reported(tmp_path):
    essay = cell("Why?", "why", new_markdown_cell, grade=True, solution=True, points=3)
    released = make_release(tmp_path, [essay])
    for student, text in (("ada", "Because."), ("ben", "# Sums")):
        notebook = solve(released)
        notebook.cells.append(new_markdown_cell(text))
        hand_in(tmp_path, student, notebook)
    run(tmp_path, "autograde", "sums")
    assert repairs_of(tmp_path, "ada") == ["cell why: blank, but 1 text elsewhere may be its answer: see to it"]
    assert repairs_of(tmp_path, "ben") == []


def test_what_was_handed_in_is_still_there(damaged, released_course):
    folder, _, _ = damaged
    assert (folder / "submitted" / "half a file" / "sums" / "sums.ipynb").read_text().endswith('"id": ')
    assert (folder / "autograded" / "no notebook" / "sums" / "notes.txt").read_text() == "sorry"


# Once, and again


def test_what_has_not_changed_is_not_run_again_and_what_has_changed_is(course):
    folder, released = course
    for student in ("ada", "ben"):
        hand_in(folder, student, solve(released, add="def add(a, b):\n    return 0"))
    run(folder, "autograde", "sums")
    before = {student: evidence_of(folder, student) for student in ("ada", "ben")}
    hand_in(folder, "ben", solve(released))
    said = run(folder, "autograde", "sums")
    assert "1 submissions have not changed" in said
    assert evidence_of(folder, "ada") == before["ada"]
    assert evidence_of(folder, "ben")["submission"] != before["ben"]["submission"]
    assert marks_of(folder) == {"ada": FULL | {"add-test": 0}, "ben": FULL}


def test_force_enters_the_marks_again_without_running_what_was_run(course):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    assert evidence_of(folder, "ada")["notebooks"]["sums"]["from the cache"] is False
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("add-test", "sums", "sums", "ada").auto_score = 0
        gradebook.db.commit()
    run(folder, "autograde", "sums", "--force")
    assert evidence_of(folder, "ada")["notebooks"]["sums"]["from the cache"] is True
    assert marks_of(folder) == {"ada": FULL}


def test_what_a_test_demands_decides_whether_it_is_run_again(course):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    path = folder / "source" / "sums" / "sums.ipynb"
    path.write_text(path.read_text().replace("add(20, 22) == 42", "add(20, 22) == 41"))
    run(folder, "generate_assignment", "sums", "--force")
    run(folder, "autograde", "sums")
    assert marks_of(folder) == {"ada": FULL | {"add-test": 0}}


def test_a_person_s_marks_stay_and_wait_to_be_looked_at(course):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("add-test", "sums", "sums", "ada").manual_score = 0.5
        gradebook.find_comment("add", "sums", "sums", "ada").manual_comment = "See me."
        gradebook.db.commit()
    hand_in(folder, "ada", solve(released, twice="def twice(a):\n    return a + a"))
    run(folder, "autograde", "sums")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("add-test", "sums", "sums", "ada")
        assert (grade.manual_score, grade.auto_score, grade.needs_manual_grade) == (0.5, 1, True)
        assert gradebook.find_comment("add", "sums", "sums", "ada").manual_comment == "See me."


def test_feedback_that_is_older_than_the_marks_is_removed(course):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    run(folder, "generate_feedback", "sums")
    hand_in(folder, "ada", solve(released, add="# the second one\ndef add(a, b):\n    return 0"))
    assert "Removed feedback of ada" in run(folder, "autograde", "sums")
    run(folder, "generate_feedback", "sums")
    assert "# the second one" in (folder / "feedback" / "ada" / "sums" / "sums.html").read_text()


def test_feedback_is_written_again_after_a_person_has_graded_and_only_then(course):
    folder, released = course
    for student in ("ada", "ben"):
        hand_in(folder, student, solve(released))
    run(folder, "autograde", "sums")
    run(folder, "generate_feedback", "sums")
    pages = {student: folder / "feedback" / student / "sums" / "sums.html" for student in ("ada", "ben")}
    assert "(Score: 3.0 / 3.0)" in pages["ada"].read_text()
    before = {student: page.stat().st_mtime_ns for student, page in pages.items()}
    run(folder, "generate_feedback", "sums")
    assert before == {student: page.stat().st_mtime_ns for student, page in pages.items()}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("add-test", "sums", "sums", "ada").manual_score = 0.25
        gradebook.db.commit()
    run(folder, "generate_feedback", "sums", "--CourseDirectory.student_id_exclude=ada")
    assert "(Score: 3.0 / 3.0)" in pages["ada"].read_text()
    assert "feedback of ada again" in run(folder, "generate_feedback", "sums")
    assert "(Score: 2.25 / 3.0)" in pages["ada"].read_text()
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.find_comment("add", "sums", "sums", "ada").manual_comment = "See me."
        gradebook.db.commit()
    run(folder, "generate_feedback", "sums", "--notebook=sums")
    assert "See me." in pages["ada"].read_text()
    assert before["ben"] == pages["ben"].stat().st_mtime_ns


def test_of_what_lies_beside_a_notebook_only_pictures_come_with_the_feedback(course):
    folder, released = course
    place = hand_in(folder, "ada", solve(released))
    for name in ("plot.png", "figures/plot.JPG", "feedback.html", "figures/x.svg", "sums.html/x.png", "data.csv"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text("<script>1</script>")
    (place / "timestamp.txt").write_text("yesterday")
    run(folder, "autograde", "sums")
    feedback = folder / "feedback" / "ada" / "sums"
    for arguments in ([], [], ["--force"]):
        run(folder, "generate_feedback", "sums", *arguments)
        found = {str(path.relative_to(feedback)) for path in feedback.rglob("*") if path.is_file()}
        assert found == {"sums.html", "plot.png", "figures/plot.JPG"}


def test_late_submissions_are_known_to_be_late(course):
    folder, released = course
    place = hand_in(folder, "ada", solve(released))
    (place / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment("sums", duedate="2026-01-01 00:00:00 UTC")
    run(
        folder, "autograde", "sums",
        "--LateSubmissionPlugin.penalty_method=zero",
    )  # fmt: skip
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission("sums", "ada")
        assert submission.total_seconds_late == 24 * 3600
        assert submission.late_submission_penalty == 3


def test_another_due_date_or_an_extension_is_seen(course):
    folder, released = course
    place = hand_in(folder, "ada", solve(released))
    (place / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    penalties = []
    for due, extension in (("2026-01-03", None), ("2026-01-01", None), ("2026-01-01", 48), ("2026-01-01", 48)):
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            gradebook.update_or_create_assignment("sums", duedate=f"{due} 00:00:00 UTC")
            if extension:
                gradebook.grant_extension("sums", "ada", hours=extension)
        said = run(folder, "autograde", "sums", "--LateSubmissionPlugin.penalty_method=zero")
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            penalties.append(gradebook.find_submission("sums", "ada").late_submission_penalty)
    assert penalties == [0, 3, 0, 0] and "1 submissions have not changed" in said


def test_files_of_the_course_win_and_tests_see_them_alone(tmp_path):
    test = "import helper\nfrom pathlib import Path\nassert helper.answer == 42"
    test += "\nassert Path('data.txt').read_text() == 'ours'"
    test += "\nassert not Path('mine.txt').exists() and theirs() == ('ours', 'mine')"
    work = "def theirs():\n    return None"
    released = make_release(tmp_path, [
        cell(work, "theirs", solution=True),
        cell(f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS", "files-test", grade=True, locked=True, points=1),
    ])  # fmt: skip
    for name, content in (("data.txt", "ours"), ("helper.py", "answer = 42")):
        (tmp_path / "source" / "sums" / name).write_text(content)
    place = hand_in(tmp_path, "ada", solve(
        released, theirs="def theirs():\n    return open('data.txt').read(), open('mine.txt').read()"
    ))  # fmt: skip
    for name, content in (("data.txt", "theirs"), ("helper.py", "answer = 41"), ("mine.txt", "mine")):
        (place / name).write_text(content)
    run(tmp_path, "autograde", "sums")
    assert marks_of(tmp_path) == {"ada": FULL | {"files-test": 1}}
    assert (tmp_path / "autograded" / "ada" / "sums" / "data.txt").read_text() == "ours"


def test_after_another_gradebook_has_come_in_its_place_marks_are_entered_again(course):
    folder, released = course
    hand_in(folder, "ada", solve(released, add="def add(a, b):\n    return 0"))
    run(folder, "autograde", "sums")
    shutil.copy(folder / "gradebook.db", folder / "backup.db")
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    shutil.copy(folder / "backup.db", folder / "gradebook.db")
    assert "have not changed" not in run(folder, "autograde", "sums")
    assert marks_of(folder) == {"ada": FULL}
    assert "1 submissions have not changed" in run(folder, "autograde", "sums")


def test_a_notebook_of_the_student_s_own_can_be_run(course):
    folder, released = course
    place = hand_in(folder, "ada", solve(released, add="%run plus.ipynb\ndef add(a, b):\n    return plus(a, b)"))
    own = new_notebook(cells=[new_code_cell("def plus(a, b):\n    return a + b")])
    nbformat.write(own, place / "plus.ipynb")
    run(folder, "autograde", "sums")
    assert marks_of(folder) == {"ada": FULL}
    run(folder, "generate_feedback", "sums")
    assert [path.name for path in (folder / "feedback/ada/sums").glob("*.html")] == ["sums.html"]


def test_what_a_student_writes_of_hidden_tests_is_in_the_feedback(course):
    folder, released = course
    words = "What is in ### BEGIN HIDDEN TESTS, I wonder"
    notebook = solve(released, add=f"# {words}\ndef add(a, b):\n    return a + b")
    notebook.cells.append(new_markdown_cell(words))
    hand_in(folder, "ada", notebook)
    run(folder, "autograde", "sums")
    run(folder, "generate_feedback", "sums")
    page = (folder / "feedback" / "ada" / "sums" / "sums.html").read_text()
    assert page.count("What is in ### BEGIN HIDDEN TESTS") == 2


@pytest.mark.parametrize("error", ["raise ValueError('no')", "raise ValueError(\n        'no')"])
def test_hidden_tests_stay_out_of_the_feedback(course, error):
    folder, released = course
    hand_in(folder, "ada", solve(released, add=f"def add(a, b):\n    {error}"))
    run(folder, "autograde", "sums")
    assert "add(20" in (folder / "autograded/ada/sums/sums.ipynb").read_text()
    run(folder, "generate_feedback", "sums")
    shown = re.sub("<[^>]+>", "", (folder / "feedback/ada/sums/sums.html").read_text())
    assert "ValueError: no" in shown and "add(20" not in shown and str(ROOT) not in shown


# What goes wrong


def test_what_is_half_entered_is_not_done(course, monkeypatch):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    hand_in(folder, "ada", solve(released, add="def add(a, b):\n    return 0"))
    (folder / "nbgrader_config.py").write_text(DYING.format(config=str(ROOT / "nbgrader_config.py")))
    code, _ = Command(folder, "autograde", "sums", cwd=folder).wait()
    assert code == -signal.SIGKILL
    assert marks_of(folder) == {"ada": FULL | {"add-test": 0}}  # the marks of the second, and files of the first
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    assert marks_of(folder) == {"ada": FULL}


DYING = """
exec(open({config!r}).read())
import os
from lstmlib.grading import run
run.place = lambda *unused: os.kill(os.getpid(), 9)
"""


def test_odd_names_and_files_stop_nobody(tmp_path):
    released = make_release(tmp_path)
    (tmp_path / "source" / "sums" / "data.txt").write_text("ours")
    place = hand_in(tmp_path, "ada", solve(released))
    (place / "data.txt").mkdir()
    (place / "data.txt" / "mine.txt").write_text("x")
    (place / "timestamp.txt").write_text("9" * 5_000)
    os.mkfifo(place / "pipe")
    for number in range(3_000):
        (place / f"{number}.txt").touch()
    for odd in ("two\nlines", os.fsdecode(b"M\xfcller"), "x" * 230):
        hand_in(tmp_path, odd, solve(released))
    hand_in(tmp_path, "zoe", solve(released))
    code, said = Command(tmp_path, "autograde", "sums").wait()
    assert code == 1 and said.count("expected a student id") >= 3
    assert "Logging error" not in said and "Could not grade two\N{REPLACEMENT CHARACTER}lines" in said
    assert marks_of(tmp_path) == {"ada": FULL, "zoe": FULL}
    assert "1002 files left out ('" in str(repairs_of(tmp_path, "ada"))
    assert "timestamp.txt holds no time" in str(repairs_of(tmp_path, "ada"))  # it was read, as one among thousands


def test_what_is_too_large_beside_the_notebook_is_left_out_and_costs_nothing(course):
    folder, released = course
    place = hand_in(folder, "ada", solve(released, add="from plus import add"))
    deep = place / ("x" * 250) / ("x" * 250) / ("x" * 250) / ("x" * 250)
    deep.mkdir(parents=True)
    (deep / "deep.txt").touch()
    (place / "data.bin").write_bytes(bytes(60 * 2**20))
    (place / "more.bin").write_bytes(bytes(10 * 2**20))
    (place / "plus.py").write_text(RIGHT["add"])
    (place / "own").mkdir()
    for name, size in (("scratch", 70), ("own/one", 30), ("own/two", 30)):
        (place / f"{name}.ipynb").write_bytes(b'{"cells": []' + b" " * (size * 2**20) + b"}")
    run(folder, "autograde", "sums")
    assert marks_of(folder) == {"ada": FULL}
    first, *_, last = repairs_of(folder, "ada")
    assert first.endswith(": 1 file left out ('data.bin')")
    assert ": 3 files left out ('xxx" in last and "'scratch.ipynb'" in last
    graded = folder / "autograded" / "ada" / "sums"
    there = {str(path.relative_to(graded)) for path in graded.rglob("*") if path.is_file()}
    assert there == {"sums.ipynb", "plus.py", "more.bin", "own/one.ipynb"}


def test_large_notebooks_of_the_student_s_own_crowd_out_none_of_the_assignment(tmp_path):
    names = ["a/one.ipynb", "b/two.ipynb", "c/sums.ipynb", "three.ipynb"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with open(tmp_path / name, "wb") as file:
            file.truncate(LARGEST * 2 // 3)
    (tmp_path / "sums.ipynb").write_text(nbformat.writes(new_notebook()))
    submission = read_submission("ada", tmp_path, {"sums": Released("sums", {})})
    told = "too many files or bytes, or too long a path: 2 files left out ('a/one.ipynb', 'b/two.ipynb')"
    assert told in submission.repairs
    assert submission.digest == digest_of(tmp_path, ["sums"])


@pytest.mark.parametrize(("kernel", "message"), [
    ({"name": "ir", "display_name": "R", "language": "R"}, "kernel of Python for sums.ipynb of sums; .* has 'r'.* own"),
    ({"name": "ir", "display_name": "R"}, "its release has 'ir'"),
    ({"name": "mine", "display_name": "Mine", "language": "python"}, None),
    ({"name": "conda-env-deep-py", "display_name": "Mine"}, None),
    ({}, None),
])  # fmt: skip
def test_a_release_whose_kernel_is_not_python_is_refused(course, kernel, message):
    folder, released = course
    path = folder / "source" / "sums" / "sums.ipynb"
    source = nbformat.read(path, as_version=4)
    source.metadata = {"kernelspec": kernel} if kernel else {}
    nbformat.write(source, path)
    run(folder, "generate_assignment", "sums", "--force")
    hand_in(folder, "ada", solve(released))
    with pytest.raises(RuntimeError, match=message) if message else contextlib.nullcontext():
        run(folder, "autograde", "sums")
    assert marks_of(folder) == ({} if message else {"ada": FULL})


def test_more_data_of_the_course_than_a_submission_can_have_are_named(course):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    with open(folder / "source" / "sums" / "all.csv", "wb") as file:
        file.truncate(51 * 2**20)
    with pytest.raises(RuntimeError, match=r"at most 50 MiB beside the notebooks of sums.* 51 \(all.csv\)"):
        run(folder, "autograde", "sums")


def test_all_that_may_lie_beside_a_notebook_fits_into_one_message():
    names = [f"{number:04}".ljust(LONGEST_PATH, "\x01") for number in range(MOST_FILES)]
    one, other = socket.socketpair()
    with one, other, ThreadPoolExecutor() as threads:
        sent = threads.submit(Channel(one).send, {"do": "files", "names": names}, [bytes(LARGEST_FILES)])
        head, (content,) = Channel(other).receive(time.monotonic() + 30)
        sent.result()
    assert head["names"] == names and len(content) == LARGEST_FILES


BROKEN = """
exec(open({config!r}).read())
from nbgrader.preprocessors import NbGraderPreprocessor
class Break(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        if resources["nbgrader"]["student"] == "ben":
            raise KeyError("for ben")
        return nb, resources
c.Autograde.autograde_preprocessors = [Break]
"""


def test_a_submission_that_cannot_be_graded_stops_nobody_and_leaves_no_old_score(course):
    folder, released = course
    for student in ("ada", "ben", "zoe"):
        hand_in(folder, student, solve(released))
    run(folder, "autograde", "sums")
    run(folder, "generate_feedback", "sums")
    config = folder / "nbgrader_config.py"
    config.write_text(BROKEN.format(config=str(ROOT / "nbgrader_config.py")))
    code, said = Command(folder, "autograde", "sums", "--force", cwd=folder).wait()
    assert code == 1
    assert "Graded 2 submissions" in said
    assert "1 submission could not be graded and must be seen to" in said and "ben: KeyError: 'for ben'" in said
    assert marks_of(folder) == {"ada": FULL, "ben": dict.fromkeys(FULL), "zoe": FULL}
    assert not (folder / "autograded" / "ben" / "sums").exists()
    assert not (folder / "feedback" / "ben" / "sums").exists()
    assert evidence_of(folder, "ben")["failed"] == "KeyError: 'for ben'"
    run(folder, "autograde", "sums")
    assert marks_of(folder) == dict.fromkeys(("ada", "ben", "zoe"), FULL)


def test_a_test_that_gives_more_points_than_it_has_is_named(tmp_path):
    over = "### BEGIN HIDDEN TESTS\nadd(1, 2)\n### END HIDDEN TESTS"
    released = make_release(tmp_path, [cell(over, "over", grade=True, locked=True, points=2)])
    hand_in(tmp_path, "ada", solve(released))
    for _ in range(2):  # the second time, the gradebook knows the submission
        with pytest.raises(RuntimeError, match="ada: ValueError: notebook sums, cell over of 2 points: partial credit"):
            run(tmp_path, "autograde", "sums")
    assert marks_of(tmp_path) == {"ada": dict.fromkeys([*FULL, "over"])}


@pytest.mark.parametrize("command", ["autograde", "generate_feedback"])
def test_in_the_folder_of_submissions_no_command_runs_without_the_settings(course, command):
    folder, released = course
    hand_in(folder / "class", "ada", solve(released))
    config = folder / "nbgrader_config.py"
    config.write_text(f"exec(open({str(ROOT / 'nbgrader_config.py')!r}).read())")
    Command(folder, "db", "student", "list", cwd=folder).wait()  # any command at the root
    stock = [sys.executable, "-m", "nbgrader", command, "sums"]
    ended = subprocess.run(stock, cwd=folder / "class", capture_output=True, text=True)
    assert ended.returncode == 1 and "Expected to be run in the course's folder" in ended.stderr
    assert not (folder / "class" / "gradebook.db").exists() and not (folder / "class" / "autograded").exists()


def test_without_bubblewrap_nobody_is_graded_and_one_sentence_says_why(course, monkeypatch):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    run(folder, "autograde", "sums")
    hand_in(folder, "ada", solve(released, add="def add(a, b):\n    return 0"))
    settings = directories(folder)  # looks for bubblewrap
    monkeypatch.setattr("tests.small_course.directories", lambda folder: settings)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    with pytest.raises(RuntimeError, match="apt install bubblewrap"):
        run(folder, "autograde", "sums")
    assert marks_of(folder) == {"ada": FULL}
    assert evidence_of(folder, "ada")["submission"]


@pytest.mark.parametrize(("arguments", "message"), [
    (["rounds"], "no assignment 'rounds': nbgrader generate_assignment enters it. It has sums."),
    (["sums", "--student=nobody"], "Expected submissions in .*nobody/sums; there is none. There are some of ada"),
    (["sums", "--notebook=products"], "Expected notebooks 'products' of sums; it has sums"),
    (["sums", "--no-execute"], "--no-execute would trust"),
    (["sums", "--Judge.scheduler=tcp://127.0.0.1:9"], "Expected a Dask scheduler|Dask is not installed"),
    (["sums", "--Judge.timeout=0"], "Correct a setting of c.Judge.*expected a number of seconds above 0 as timeout"),
    (["sums", "--Judge.submission_timeout=-5"], "seconds above 0 as submission_timeout, not -5"),
    (["sums", "--Judge.timeout=soon"], "expected a float"),
    (["sums", "--Judge.workers=-1"], "expected a number of notebooks as workers, or 0 for all cores, not -1"),
    (["sums", "--Judge.limits=memroy=1"], "expected memory, processes, disk, seconds or sockets in limits.*'memroy'"),
    (["sums", "--Judge.limits=memory=4"], "expected at least 67108864 as memory in limits, not 4"),
    (["sums", "--Judge.limits=seconds=-1"], "expected at least 1 as seconds in limits, not -1"),
    (["sums", "--Judge.sandbox=docker"], "expected any of .*bubblewrap"),
    (["sums", "--Judge.records=/proc/nope"], "Expected c.Judge.records to name a folder that can be written to"),
])  # fmt: skip
def test_wrong_commands_are_told_what_was_expected(course, arguments, message):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    with pytest.raises(RuntimeError, match=message) as told:
        run(folder, "autograde", *arguments)
    assert "Traceback" not in str(told.value)
    assert marks_of(folder) == {}


def test_of_a_name_that_nobody_has_the_closest_is_named_first(course):
    folder, released = course
    for student in ("ada", "ben", "eve", "zoe"):
        hand_in(folder, student, solve(released))
    with pytest.raises(RuntimeError, match="There are some of zoe, ada, ben, …"):
        run(folder, "autograde", "sums", "--student=zoee")
    assert "Graded 1 submission of sums" in run(folder, "autograde", "sums", "--student=zoe")


def test_brackets_in_a_name_are_no_pattern(course):
    folder, released = course
    for student in ("ann [12]", "ann 1"):
        hand_in(folder, student, solve(released))
    run(folder, "autograde", "sums", "--student=ann [12]")
    assert marks_of(folder) == {"ann [12]": FULL}
    run(folder, "autograde", "sums")
    run(folder, "generate_feedback", "sums", "--student=ann 1")
    assert [path.name for path in (folder / "feedback").iterdir()] == ["ann 1"]
    run(folder, "generate_feedback", "sums")
    assert (folder / "feedback" / "ann [12]" / "sums" / "sums.html").exists()


def test_a_notebook_that_lies_a_folder_too_high_is_named(course):
    folder, released = course
    hand_in(folder, "ada", solve(released))
    for name in ("sums (1).ipynb", "sums2.ipynb", "products.ipynb"):
        (folder / "submitted" / "ben").mkdir(exist_ok=True)
        nbformat.write(solve(released), folder / "submitted" / "ben" / name)
    said = run(folder, "autograde", "sums")
    assert f"Not graded: {folder}/submitted/ben/sums (1).ipynb lies a folder too high" in said
    assert "products" not in said and "sums2" not in said and marks_of(folder) == {"ada": FULL}


def test_limits_can_be_set_and_each_has_the_name_that_it_has_where_it_is_kept():
    settings = {field.name: field.default for field in fields(Limits)}
    assert Judge(limits=settings).limits == settings


@pytest.mark.parametrize(("settings", "seconds"), [
    ({"Execute": {"timeout": 120}}, 120),
    ({"ExecutePreprocessor": {"timeout": 120}}, 120),
    ({"Execute": {"timeout": 120}, "Judge": {"timeout": 5}}, 5),
    ({"Execute": {"timeout": None}}, 30),
    ({"Execute": {"timeout": -1}}, 30),
    ({}, 30),
])  # fmt: skip
def test_the_seconds_for_a_cell_are_those_of_nbgrader_s_own_setting_where_only_that_is_made(settings, seconds):
    assert Judge(config=Config(settings)).timeout == seconds


def test_one_notebook_of_an_assignment_can_be_graded_alone_and_a_student_left_out(course):
    folder, released = course
    for student in ("ada", "ben"):
        hand_in(folder, student, solve(released))
    run(folder, "autograde", "sums", "--notebook=s*", "--CourseDirectory.student_id_exclude=ben")
    assert marks_of(folder) == {"ada": FULL}


def test_a_notebook_that_was_not_asked_for_is_no_file_beside_and_its_evidence_stays(course):
    folder, released = course
    shutil.copy(folder / "source" / "sums" / "sums.ipynb", folder / "source" / "sums" / "more.ipynb")
    run(folder, "generate_assignment", "sums", "--force")
    place = hand_in(folder, "ada", solve(released))
    shutil.copy(place / "sums.ipynb", place / "more.ipynb")
    run(folder, "autograde", "sums")
    before = evidence_of(folder, "ada")
    hand_in(folder, "ada", solve(released, add="def add(a, b):\n    return 0"))
    run(folder, "autograde", "sums", "--notebook=more")
    found = evidence_of(folder, "ada")
    assert found["repairs"] == []
    then = {key: before[key] for key in ("graded", "submission")}
    assert found["notebooks"]["sums"] == then | before["notebooks"]["sums"]
    assert found["submission"] != before["submission"] and "graded" not in found["notebooks"]["more"]


def test_five_runs_at_once_grade_everybody_once(course):
    folder, released = course
    for number in range(12):
        hand_in(folder, f"s{number:02}", solve(released, add=f"def add(a, b):\n    return a + b + {number % 2}"))
    ended = [command.wait() for command in [Command(folder, "autograde", "sums") for _ in range(5)]]
    assert [code for code, _ in ended] == [0] * 5, ended
    assert marks_of(folder) == {f"s{number:02}": FULL | {"add-test": 1 - number % 2} for number in range(12)}


def test_a_run_that_is_stopped_by_hand_says_in_a_line_how_to_go_on(course):
    folder, released = course
    for student in ("ada", "ben"):
        slow = f"import time\ntime.sleep({5 * (student == 'ben')})\n{RIGHT['add']}"
        hand_in(folder, student, solve(released, add=slow))
    command = Command(folder, "autograde", "sums", "--Judge.workers=1")
    while not (folder / "records" / "evidence" / "sums" / "ada.json").exists():
        time.sleep(0.1)
    os.kill(command.pid, signal.SIGINT)
    code, said = command.wait()
    assert code == 130
    assert said.splitlines()[-1].endswith("Stopped. What was graded is kept; run the same command again to go on.")
    assert "Traceback" not in said and marks_of(folder) == {"ada": FULL}
    run(folder, "autograde", "sums")
    assert marks_of(folder) == {"ada": FULL, "ben": FULL}


def _orphans():
    """Stations and sandboxes whose run has ended; other tests may have some of their own at the same time."""
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                commands[int(entry.name)] = (entry / "cmdline").read_bytes()
            except OSError:
                continue
    found = {number for number, text in commands.items() if b"judging_room" in text or b"judge.station" in text}

    def owner(number):
        while number in found:
            number = parents[number]
        return number

    return {number for number in found if b"python" not in commands.get(owner(number), b"")}


def test_a_run_that_is_killed_at_any_moment_goes_on_where_it_was(course):
    folder, released = course
    expected = {}
    for number in range(100):
        right = number % 3
        hand_in(folder, f"s{number:03}", solve(
            released, add=f"# {number}\ndef add(a, b):\n    return a + b + {int(right == 0)}",
            twice=f"def twice(a):\n    return 2 * a + {int(right == 1)}",
        ))  # fmt: skip
        expected[f"s{number:03}"] = {"add-test": int(right != 0), "twice-test": 2 * int(right != 1)}
    chance, done, before = random.Random(20), [], _orphans()
    for _ in range(20):
        more = ["--force"] if done and done[-1] == 100 else []
        command = Command(folder, "autograde", "sums", *more)
        time.sleep(chance.uniform(0.2, 3.0))
        command.kill()
        done.append(len(marks_of(folder)))
    assert done[5] > 0 and done == sorted(done), done
    run(folder, "autograde", "sums")
    assert marks_of(folder) == expected
    assert {path.parent.parent.name for path in folder.glob("autograded/*/sums/sums.ipynb")} == set(expected)
    assert not [path for path in folder.rglob("*") if path.name.startswith(".sums")]
    deadline = time.monotonic() + 20
    while _orphans() - before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _orphans() - before  # nothing is left running


# Evidence


def test_the_evidence_says_what_was_run_and_how_it_went(course):
    folder, released = course
    hand_in(folder, "ada", solve(released, twice="import time\ndef twice(a):\n    time.sleep(99)"))
    hand_in(folder, "ben", solve(released))
    said = run(folder, "autograde", "sums", "--Judge.timeout=2")
    assert f"hit a limit or lost their program: 1 (ada), see mishaps in {folder}/records/evidence/sums/<" in said
    found = evidence_of(folder, "ada")
    sums = found["notebooks"]["sums"]
    cells = {entry["cell"]: entry for entry in sums["cells"]}
    assert sums["scores"] == {"add-test": 1, "twice-test": 0}
    assert cells["add-test"]["calls"] == 1 and cells["add-test"]["mishaps"] == []
    assert cells["twice-test"]["mishaps"] == ["no answer within the 2 seconds of this test"]
    environment = json.loads((folder / "records" / "environments" / f"{found['environment']}.json").read_bytes())
    assert found["settings"]["timeout"] == 2 and environment["installed"]["nbgrader"] == "0.9.6"
    assert len(found["submission"]) == len(sums["task"]) == len(sums["released"]) == 64
    assert sums["seed"] == f"{(folder / 'records' / 'seed').read_text()}/sums/sums"


def test_a_result_with_a_limit_that_may_be_hit_by_chance_is_not_kept(course):
    folder, released = course
    for student, sleep, kept in (("ada", 99, 0), ("ben", 0, 1)):
        twice = f"import time\ndef twice(a):\n    time.sleep({sleep})\n    return 2 * a"
        hand_in(folder, student, solve(released, twice=twice))
        run(folder, "autograde", "sums", f"--student={student}", "--Judge.timeout=2")
        assert len(list((folder / "records" / "cache").rglob("*.gz"))) == kept


def test_random_numbers_come_from_the_seed_and_no_two_tests_have_the_same(tmp_path):
    draw = "import random, numpy as np\nprint(drawn(), (random.random(), np.random.random()))"
    hidden = f"### BEGIN HIDDEN TESTS\n{draw}\n### END HIDDEN TESTS"
    tests = [cell(hidden, name, grade=True, locked=True, points=1) for name in ("one", "two")]
    stub = "def drawn():\n    return None"
    released = make_release(tmp_path, [cell(stub, "drawn", solution=True), *tests])
    mine = "import random, numpy as np\nlate = random.random()\ndef drawn():\n    return late, np.random.random()"

    def outputs(student):
        notebook = nbformat.read(tmp_path / "autograded" / student / "sums" / "sums.ipynb", as_version=4)
        return [found.outputs[0].text for found in notebook.cells if found.id in ("one", "two")]

    for student in ("ada", "ben"):
        hand_in(tmp_path, student, solve(released, drawn=f"# {student}\n{mine}"))
    run(tmp_path, "autograde", "sums")
    assert outputs("ada") == outputs("ben") and len(set(outputs("ada"))) == 2
    before = outputs("ada")
    shutil.rmtree(tmp_path / "records" / "cache")
    run(tmp_path, "autograde", "sums", "--force")
    assert outputs("ada") == before


# On a cluster


@contextlib.contextmanager
def _dask(folder):
    """A scheduler and two workers, started as by hand: they share nothing with this process; address and workers."""
    file, started = folder / "scheduler.json", []

    def start(*arguments):
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(file)]
        with open(folder / "said.txt", "a") as said:
            started.append(subprocess.Popen(command, cwd=folder, stdout=said, stderr=said))

    def wait_for(fact):
        deadline = time.monotonic() + 60
        while not fact():
            assert time.monotonic() < deadline, (folder / "said.txt").read_text()
            time.sleep(0.1)

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        wait_for(file.exists)
        for _ in range(2):
            start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        wait_for(lambda: (folder / "said.txt").read_text().count("Registered to") == 2)
        yield json.loads(file.read_text())["address"], started[1:]
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)


def test_a_cluster_gives_the_same_marks_though_a_worker_is_killed(course, tmp_path_factory):
    if not os.environ.get("CI"):
        pytest.importorskip("distributed")
    folder, released = course
    for number in range(40):
        slow = "import time\ntime.sleep(0.2)"
        hand_in(folder, f"s{number:02}", solve(
            released, add=f"{slow}\ndef add(a, b):\n    return a + b + {number % 2}"
        ))  # fmt: skip
    with _dask(tmp_path_factory.mktemp("cluster")) as (address, workers):
        settings = [f"--{name}={value}" for name, value in directories(folder).items()]
        process = subprocess.Popen(
            [sys.executable, "-m", "nbgrader", "autograde", "sums", *settings,
             f"--Judge.scheduler={address}"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        while len(list((folder / "records" / "evidence" / "sums").glob("*.json"))) < 5:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.1)
        workers[0].kill()
        said, _ = process.communicate()
    assert process.returncode == 0, said
    assert marks_of(folder) == {f"s{number:02}": FULL | {"add-test": 1 - number % 2} for number in range(40)}
