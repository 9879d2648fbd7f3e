"""An alarm that a test has set ends what takes too long, and nothing else halfway."""

import signal

import pytest

from lstmlib.grading.judge.alarms import undisturbed
from lstmlib.grading.judge.sandbox import Furniture, Process
from lstmlib.grading.judge.student import Student
from lstmlib.grading.room.frames import LateError

CELL = "def f():\n    return 7\ndef g():\n    return 8"


class Rung(BaseException):
    """What the alarm raises."""


@pytest.fixture(autouse=True)
def alarm():
    def ring(*unused):
        raise Rung

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def student():
    box = Process(Furniture(preload=("import numpy",)))
    found = Student(box, 10.0)
    found.run(CELL)
    assert found.lookup("f")() == 7
    yield found
    found.close()
    box.close()


def disturbed(function):
    """The same, with an alarm before it begins."""

    def rung(*arguments, **named):
        signal.raise_signal(signal.SIGALRM)
        return function(*arguments, **named)

    return rung


def test_an_alarm_rings_when_all_is_done():
    done = []

    @undisturbed()
    def work():
        signal.raise_signal(signal.SIGALRM)
        done.append(1)

    with pytest.raises(Rung):
        work()
    assert done == [1]
    with pytest.raises(Rung):
        signal.raise_signal(signal.SIGALRM)


def test_an_alarm_does_not_come_between_a_request_to_the_room_and_its_answer(student, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(student._room, "receive", disturbed(student._room.receive))
        with pytest.raises(Rung):
            student.leave()
        with pytest.raises(Rung):
            student.lookup("f")
    assert student.lookup("g")() == 8 and student.allowance.mishaps == []


def test_after_an_alarm_nobody_gets_the_answer_to_something_else(student, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(student._fork, "receive", disturbed(student._fork.receive))
        patched.setattr(student, "leave", disturbed(student.leave))  # it rings again, before anything is tidied up
        with pytest.raises(Rung):
            student.bind("x", 1)
    assert student.lookup("g")() == 8
    assert student.allowance.mishaps == ["a call was ended by the test before there was an answer"]


def test_a_room_that_does_not_say_in_time_that_a_fork_has_ended_is_made_again(student, monkeypatch):
    def receive(deadline):
        raise LateError

    monkeypatch.setattr(student._room, "receive", receive)
    student.leave()
    monkeypatch.undo()
    assert student.lookup("g")() == 8 and student.allowance.mishaps == []
