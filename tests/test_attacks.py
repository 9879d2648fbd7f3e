"""No attack gets a point, reaches what it is after or leaves anything behind, and the output says what happened."""

import json
import os
import re
import shutil
import textwrap
from pathlib import Path

import nbformat
import pytest

from lstmlib.grading.marks import read_marks
from tests.attacks.class_of_attackers import hand_in
from tests.attacks.corpus import ATTACKS
from tests.attacks.run import Result, course, open_box, ours
from tests.attacks.table import table
from tests.banks import rnn
from tests.sample_class.run import nbgrader
from tests.small_course import make_release

pytestmark = pytest.mark.skipif(
    not shutil.which("bwrap") and not os.environ.get("CI"), reason="bubblewrap is not installed"
)
OWN: dict = {}  # attack to its result, for the table
FOLDERS = ("/tmp", "/dev/shm", "/var/tmp", "/home")


@pytest.fixture(scope="module")
def box():
    backend = open_box()
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    with course(tmp_path_factory.mktemp("course")) as found:
        yield found


def commands():
    """The commands of all processes of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name.replace(" ", "-"))
def test_an_attack_gets_nothing(attack, box, places):
    gradebook = Path(places["COURSE"]) / "gradebook.db"
    before = gradebook.read_bytes()
    result = OWN[attack.name] = ours(attack, box, places)
    assert result.points == 0, result.said
    assert not result.reached, result.said
    assert re.search(attack.named, result.said), f"expected {attack.named} in {result.said[-2000:]}"
    result.said.encode()  # a notebook can be written with it
    assert gradebook.read_bytes() == before
    assert not any(Path(folder, "left-behind.py").exists() or Path(folder, "big0").exists() for folder in FOLDERS)


def test_no_process_is_left(box, places):
    (attack,) = [attack for attack in ATTACKS if attack.name == "daemon"]
    ours(attack, box, places)
    wanted = f"77.{places['PORT']}".encode()
    for _ in range(50):
        if not any(wanted in command for command in commands()):
            return
        __import__("time").sleep(0.05)
    raise AssertionError("a process of the student's is still there")


def test_the_next_submission_finds_nothing_and_is_judged_rightly(box, places):
    (attack,) = [attack for attack in ATTACKS if attack.name == "file for the next one"]
    assert not any(ours(attack, box, places).reached for _ in range(2))
    honest = type(attack)("honest", "", "def add(a, b):\n    return a + b\n")
    assert ours(honest, box, places).points == 1


def test_there_is_a_right_answer_to_every_test(box, places):
    answers = {
        "double": "def double(v): return 2 * v", "random": "def double(v): return 2 * v",
        "Counter": "class Counter:\n    count = 0\n    def add(self): self.count += 1",
        "lstm": "from lstmlib.activations import sigmoid\n"
                "def forget_gate(x, h_prev, W_x, W_h, b): return sigmoid(x @ W_x + h_prev @ W_h + b)",
        "bptt": "import numpy as np\ndef bptt(xs, h_0, dhs, W_x, W_h, b):\n" + textwrap.indent(rnn.bptt(), "    "),
    }  # fmt: skip
    kind = type(ATTACKS[0])
    for test in ("add", "close", "number", "all", "twice", "shown", "double", "random", "Counter", "lstm", "bptt"):
        answer = answers.get(test, "def add(a, b): return a + b")
        assert ours(kind("honest", "", answer, test), box, places).points == 1, test


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of attackers, graded with nbgrader's own commands."""
    folder = tmp_path_factory.mktemp("attackers")
    hand_in(folder, make_release(folder))
    said = nbgrader(folder, "autograde", "sums") + nbgrader(folder, "generate_feedback", "sums")
    return folder, said


def test_only_the_honest_student_of_a_class_of_attackers_gets_points(graded):
    folder, _ = graded
    marks, _ = read_marks(f"sqlite:///{folder / 'gradebook.db'}", "sums")
    assert {student: sum(found.values()) for student, found in marks.items()} == {
        "links": 0, "thief": 0, "a b": 0, "tags": 0, "scripts": 0, "outputs": 0, "z": 1,
    }  # fmt: skip


def test_links_are_not_followed(graded):
    folder, said = graded
    assert "'notes.txt' is a link" in said and "'sums.ipynb' is a link" in said
    for part in ("autograded", "feedback"):
        texts = [path.read_bytes() for path in (folder / part).rglob("*") if path.is_file()]
        assert texts and not any(b"TOP SECRET\n" in text or text == b"TOP SECRET" for text in texts)
    for student in ("links", "a b"):
        notebook = nbformat.read(folder / "autograded" / student / "sums" / "sums.ipynb", as_version=4)
        assert not any("REACHED" in str(cell.outputs) for cell in notebook.cells if cell.cell_type == "code")


def test_nothing_in_feedback_runs(graded):
    folder, _ = graded
    page = (folder / "feedback" / "scripts" / "sums" / "sums.html").read_text()
    assert page.count("alert(1)") >= 5  # it is shown as text
    assert not re.search(r"<script>alert|<img[^>]*onerror|<a [^>]*javascript:", page)


def test_the_attacks_are_attacks(attacks_on_stock, box, places, capsys):
    found = json.loads((attacks_on_stock / "results.json").read_text())
    theirs = {name: Result(*result) for name, result in found.items()}
    own = {attack.name: OWN.get(attack.name) or ours(attack, box, places) for attack in ATTACKS}
    with capsys.disabled():
        print(f"\n\n{table(theirs, own)}\n")
    assert theirs.keys() == own.keys() and not any(result.succeeded for result in own.values())
    # Under stock these eight succeed, and many of the others.
    for name in ("patched allclose", "equals everything", "frames", "import of the reference", "gradebook",
                 "hidden tests", "input transformer", "inspect"):  # fmt: skip
        assert theirs[name].succeeded, name
    assert sum(result.succeeded for result in theirs.values()) >= 30
