"""Rooms of one sandbox have nothing in common, whoever runs it: what a student leaves is not there for the next."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    not shutil.which("bwrap") and not os.environ.get("CI"), reason="bubblewrap is not installed"
)
# Root becomes nobody in a sandbox; an ordinary user stays who they are, and owns what is mounted for them.
ORDINARY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
USERS = {"as it is": [], "ordinary": ORDINARY} if os.getuid() == 0 else {"as it is": []}
JUDGE = """
import json, sys
from lstmlib.grading.judge.bubblewrap import Bubblewrap
from lstmlib.grading.judge.sandbox import Furniture
from lstmlib.grading.judge.student import Student
box = Bubblewrap(Furniture(("lstmlib",), ("lstmlib.lstm",), ("import numpy",)))
said, students = [], []
for source in json.load(sys.stdin):
    students.append(Student(box, 20.0))
    said.append("".join(output.get("text", "") + output.get("evalue", "") for output in students[-1].run(source)))
for student in students:
    student.close()
box.close()
print(json.dumps(said))
"""
WRITE = """
import os, sys
for folder, _, names in os.walk("/"):
    for name in ("", *names):
        path = os.path.join(folder, name)
        if os.access(path, os.W_OK) and not os.path.islink(path) and not path.startswith(EMPTIED + ("/dev/",)):
            print("writable:", path)
    try:
        open(os.path.join(folder, "left"), "x").close()
    except FileExistsError:
        print("found:", folder)
    except OSError:
        pass
"""
EMPTIED = ("/student", "/judge/scratch", "/dev/shm", "/tmp", "/proc")
DESCRIPTORS = """
import os
for spoil in (lambda: os.unlink("/dev/fd"), lambda: os.mkdir("/dev/fd")):
    try:
        spoil()
    except OSError:
        pass
print(sum(1 for number in range(3, 256) if not fails(os.fstat, number)))
"""
FAILS = """
def fails(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return True
"""
TERMINAL = """
import os
print(os.path.exists("/dev/pts/0"))
master, slave = os.openpty()
os.write(slave, b"heard")
print(os.read(master, 5).decode(), os.ttyname(slave))
"""


def judge(user, *sources):
    """What students' cells print, each in a room of its own, all of them open until the last has printed."""
    run = subprocess.run(
        [*USERS[user], sys.executable, "-c", JUDGE],
        cwd=ROOT,
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize("user", USERS)
def test_a_room_can_write_where_it_finds_an_empty_folder_and_nowhere_else(user):
    source = f"EMPTIED = {EMPTIED!r}\n{WRITE}"
    assert judge(user, source, source) == ["", ""]


@pytest.mark.parametrize("user", USERS)
def test_no_room_has_more_open_than_its_own_lines_to_the_judge(user):
    first, second = judge(user, FAILS + DESCRIPTORS, FAILS + DESCRIPTORS)
    assert first == second == "2\n"


@pytest.mark.parametrize("user", USERS)
def test_each_room_has_terminals_of_its_own(user):
    assert judge(user, TERMINAL, TERMINAL) == ["False\nheard /dev/pts/0\n"] * 2
