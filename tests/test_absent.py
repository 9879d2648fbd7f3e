"""Nothing of the library that is there while an assignment is judged answers one of its exercises."""

import contextlib
import importlib.abc
import importlib.util
import inspect
import pkgutil
import sys

import numpy as np
import pytest

import lstmlib
from lstmlib.check import check, checker
from lstmlib.check.guard import OutOfTime, call
from lstmlib.grading.judge.sandbox import ROOM
from tests.attacks.reference import GRU_AS_RNN
from tests.conftest import judge_settings

ASSIGNMENTS = list(dict.fromkeys(name.split(".")[0] for name in checker.EXERCISES))
ANSWERS = {  # what has earned points: the exercise, and the cell
    "an LSTM's candidate": ("rnn.rnn_step", "from lstmlib.lstm import candidate as rnn_step"),
    "a GRU that keeps nothing": ("rnn.bptt", GRU_AS_RNN),
    "the gradient of a loss": (
        "rnn.sigmoid",
        "import numpy as np\nfrom lstmlib.losses import cross_entropy\ndef sigmoid(a):\n"
        "    a = np.asarray(a, float)[..., None]\n    flat = a.reshape(-1, 1)\n"
        "    zeros = np.zeros(len(flat), int)\n    logits = np.hstack([0 * flat, flat])\n"
        "    return cross_entropy(logits, zeros)[1][:, 1].reshape(a.shape[:-1]) * len(flat)",
    ),
    "an RNN's step": (
        "lstm.candidate",
        "def candidate(*arguments):\n    from lstmlib.rnn import step\n    return step(*arguments)[0]",
    ),
    "a GRU's update gate": ("lstm.input_gate", "from lstmlib.gru import update_gate as input_gate"),
    "a GRU's reset gate": ("lstm.forget_gate", "from lstmlib.gru import reset_gate as forget_gate"),
    "an LSTM's input gate": ("gru.update_gate", "from lstmlib.lstm import input_gate as update_gate"),
    "an LSTM's forget gate": ("gru.reset_gate", "from lstmlib.lstm import forget_gate as reset_gate"),
    "the softmax": (
        "training.probabilities",
        "from lstmlib.activations import softmax\ndef probabilities(hs, W, b):\n    return softmax(hs @ W + b)",
    ),
}


class Missing(importlib.abc.MetaPathFinder):
    """Finds the judge's stand-in in the place of some modules, and nothing below them."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name in self.names:
            return importlib.util.spec_from_file_location(name, ROOM / "absent.py")
        return None


@contextlib.contextmanager
def absence(assignment):
    """Import the library as a room for an assignment has it; what has been imported, such as the check, stays whole."""
    whole = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "lstmlib"}
    finder = Missing(judge_settings()["absent"].get(assignment, ()))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.split(".")[0] == "lstmlib"]:
            del sys.modules[name]
        sys.modules.update(whole)


def modules():
    """All that a room can import of the library: the judge is in none."""
    for found in pkgutil.walk_packages(lstmlib.__path__, "lstmlib.", onerror=print):
        if not found.name.startswith("lstmlib.grading") and not found.name.endswith("__main__"):
            yield found.name


def callables():
    """Name to what can be called of all that is public in the library, as it is now."""
    found = {}
    for module in map(importlib.import_module, modules()):
        for name, value in vars(module).items():
            if not name.startswith("_") and callable(value) and (value.__module__ or "").startswith("lstmlib."):
                found[f"{value.__module__}.{name}"] = value
    return found


def takes(function, count):
    """Whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def uses(function, exercise):
    """Functions that return what `function` does, or so many parts of it in a row as the exercise asks for."""
    (case, *_) = (case for case in exercise.draw(np.random.default_rng(0)) if case.kind == "ordinary")
    came = []
    made = call(exercise.adapt(lambda *arguments: came.append(function(*arguments))), case.arguments, id)
    if not came:  # who fails on an ordinary case earns nothing
        assert not isinstance(made.raised, OutOfTime)
        return
    yield function
    if isinstance(came[0], tuple):
        count = len(exercise.outputs)
        for start in range(len(came[0]) - count + 1):
            part = start if count == 1 else slice(start, start + count)
            yield lambda *arguments, part=part: function(*arguments)[part]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_nothing_that_is_there_answers_an_exercise(assignment, monkeypatch):
    monkeypatch.setattr(checker, "_judge", lambda *unused: [None])  # words for what is wrong take most of the time
    monkeypatch.setenv("MPLBACKEND", "agg")
    with absence(assignment):
        there = callables()
        assert len(there) > 100
        for exercise in (each for each in checker.EXERCISES.values() if each.id.startswith(f"{assignment}.")):
            for name, function in there.items():
                if takes(function, len(exercise.arguments)):
                    points = [check(use, exercise.id).points(1) for use in uses(function, exercise)]
                    assert not any(points), f"{name} earns {max(points)} of 1 point in {exercise.id}"


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_another_cell_or_of_part_of_one_is_none(name):
    exercise, source = ANSWERS[name]
    assignment, function = exercise.split(".")
    for there, points in (("", 1), (assignment, 0)):
        scope = {}
        with absence(there):
            exec(source, scope)
            report = check(scope[function], exercise)
        assert report.points(1) == points, report
        assert ("NotWhileGradingError" in report.message) == (not points)
