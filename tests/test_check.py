"""The check passes what is right, fails what is wrong, and names the mistake."""

import sys
import time
import warnings

import numpy as np
import pytest
import scipy.special

from lstmlib.activations import sigmoid
from lstmlib.check import check, check_choice
from lstmlib.check.guard import OutOfTime, call

GATES = ("lstm.forget_gate", "lstm.input_gate", "lstm.output_gate")
CANDIDATE = "lstm.candidate"


def raises(error):
    def function(*arguments):
        raise error

    return function


def endless(*arguments):
    while True:
        pass


# Right, each in a way of its own --------------------------------------------------------------------------


def fused_step(x, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=-1)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def looping_gate(x, h_prev, W_x, W_h, b):
    out = [[0.0] * len(b) for _ in x]
    for n in range(len(x)):
        for k in range(len(b)):
            out[n][k] = 1 / (1 + np.exp(-(x[n] @ W_x[:, k] + h_prev[n] @ W_h[:, k] + b[k])))
    return out


def single_precision(x, h_prev, W_x, W_h, b):
    x, h_prev, W_x, W_h, b = (v.astype(np.float32) for v in (x, h_prev, W_x, W_h, b))
    return 1 / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))


RIGHT = {
    "the plain formula": lambda x, h, W, U, b: sigmoid(x @ W + h @ U + b),
    "an overflowing sigmoid": lambda x, h, W, U, b: 1 / (1 + np.exp(-(x @ W + h @ U + b))),
    "scipy": lambda x, h, W, U, b: scipy.special.expit(b + h @ U + x @ W),
    "tanh": lambda x, h, W, U, b: (1 + np.tanh((x @ W + h @ U + b) / 2)) / 2,
    "concatenation": lambda x, h, W, U, b: sigmoid(np.hstack([h, x]) @ np.vstack([U, W]) + b),
    "einsum": lambda x, h, W, U, b: sigmoid(np.einsum("nd,dh->nh", x, W) + np.einsum("nj,jh->nh", h, U) + b),
    "loops and lists": looping_gate,
    "float32": single_precision,
}


@pytest.mark.parametrize("way", RIGHT)
@pytest.mark.parametrize("exercise", GATES)
def test_right_gates_pass_however_they_are_written(exercise, way):
    for seed in range(20):
        report = check(RIGHT[way], exercise, seed=seed)
        assert report.passed, report
        assert report.diagnosis is None


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        (CANDIDATE, lambda x, h, W, U, b: 2 * sigmoid(2 * (x @ W + h @ U + b)) - 1),
        ("lstm.update_cell", lambda f, i, g, c: np.add(i * g, c * f).tolist()),
        ("lstm.hidden_state", lambda o, c: np.sinh(np.clip(c, -20, 20)) / np.cosh(np.clip(c, -20, 20)) * o),
        ("lstm.lstm_step", fused_step),
        ("lstm.lstm_step", lambda *arguments: list(fused_step(*arguments))),
    ],
)
def test_right_functions_pass_however_they_are_written(exercise, function):
    for seed in range(20):
        report = check(function, exercise, seed=seed)
        assert report.passed, report


# Wrong, and what the report should call it ----------------------------------------------------------------

WRONG_GATES = [
    ("no-activation", lambda x, h, W, U, b: x @ W + h @ U + b),
    ("wrong-activation", lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)),
    ("wrong-activation", lambda x, h, W, U, b: np.maximum(0, x @ W + h @ U + b)),
    ("wrong-activation", lambda x, h, W, U, b: scipy.special.softmax(x @ W + h @ U + b, axis=1)),
    ("missing-bias", lambda x, h, W, U, b: sigmoid(x @ W + h @ U)),
    ("missing-input-term", lambda x, h, W, U, b: sigmoid(h @ U + b)),
    ("missing-hidden-term", lambda x, h, W, U, b: sigmoid(x @ W + b)),
    ("transposed-weights", lambda x, h, W, U, b: sigmoid(x @ W + h @ U.T + b)),
    ("transposed-weights", lambda x, h, W, U, b: sigmoid(x @ W.T + h @ U + b)),
    ("transposed-weights", lambda x, h, W, U, b: sigmoid(W @ x + U @ h + b)),
    ("swapped-weights", lambda x, h, W, U, b: sigmoid(x @ U + h @ W + b)),
    ("flipped-gate", lambda x, h, W, U, b: 1 - sigmoid(x @ W + h @ U + b)),
    ("flipped-gate", lambda x, h, W, U, b: 1 / (1 + np.exp(x @ W + h @ U + b))),
    ("wrong-sign", lambda x, h, W, U, b: sigmoid(x @ W + h @ U - b)),
    ("misplaced-bias", lambda x, h, W, U, b: sigmoid(x @ W + h @ U) + b),
    ("misplaced-activation", lambda x, h, W, U, b: sigmoid(x @ W) + sigmoid(h @ U + b)),
    ("double-activation", lambda x, h, W, U, b: sigmoid(sigmoid(x @ W + h @ U + b))),
    ("wrong-activation", lambda x, h, W, U, b: 1 / 1 + np.exp(-(x @ W + h @ U + b))),
    ("swapped-weights", lambda x, h, W, U, b: sigmoid(np.hstack([h, x]) @ np.vstack([W, U]) + b)),
    ("returns-none", lambda x, h, W, U, b: None),
    ("constant-output", lambda x, h, W, U, b: np.full((len(x), len(b)), 0.5)),
    ("wrong-shape", lambda x, h, W, U, b: sigmoid(x @ W + h @ U + b).T),
    ("wrong-shape", lambda x, h, W, U, b: (sigmoid(x @ W + h @ U + b), 1)),
    ("wrong-shape", lambda x, h, W, U, b: "a gate"),
    ("wrong-shape", lambda x, h, W, U, b: (sigmoid(x @ W + h @ U + b),)),
    ("wrong-shape", lambda x, h, W, U, b: sigmoid(x @ W + h @ U + b) + 0j),
    ("wrong-shape", lambda x, h, W, U, b: sigmoid(x @ W + h @ U + b).astype(str)),
    ("wrong-shape", lambda x, h, W, U, b: np.ma.masked_less(sigmoid(x @ W + h @ U + b), 0.9)),
    ("wrong-shape", lambda x, h, W, U, b: np.broadcast_to(0.0, (10**6, 10**6))),
    ("wrong-shape", lambda x, h, W, U, b: 10**400),
    ("not-batched", lambda x, h, W, U, b: sigmoid(x[0] @ W + h[0] @ U + b)[None]),
    ("not-finite", lambda x, h, W, U, b: np.exp(x @ W + h @ U + b) / (1 + np.exp(x @ W + h @ U + b))),
    ("raises", raises(KeyError("W_f"))),
    ("raises", raises(SystemExit(1))),
    ("not-implemented", raises(NotImplementedError())),
    ("not-defined", None),
    ("not-defined", np.ones(3)),
]
WRONG = [(gate, *wrong) for gate in GATES for wrong in WRONG_GATES] + [
    (CANDIDATE, "wrong-activation", lambda x, h, W, U, b: sigmoid(x @ W + h @ U + b)),
    (CANDIDATE, "wrong-activation", lambda x, h, W, U, b: 2 * sigmoid(x @ W + h @ U + b) - 1),
    (CANDIDATE, "no-activation", lambda x, h, W, U, b: x @ W + h @ U + b),
    (CANDIDATE, "missing-bias", lambda x, h, W, U, b: np.tanh(x @ W + h @ U)),
    (CANDIDATE, "missing-hidden-term", lambda x, h, W, U, b: np.tanh(x @ W + b)),
    ("lstm.update_cell", "swapped-gates", lambda f, i, g, c: i * c + f * g),
    ("lstm.update_cell", "flipped-gate", lambda f, i, g, c: (1 - f) * c + i * g),
    ("lstm.update_cell", "other-convention", lambda f, i, g, c: f * c + (1 - f) * g),
    ("lstm.update_cell", "missing-forget-gate", lambda f, i, g, c: c + i * g),
    ("lstm.update_cell", "missing-input-gate", lambda f, i, g, c: f * c + g),
    ("lstm.update_cell", "missing-candidate", lambda f, i, g, c: f * c),
    ("lstm.update_cell", "missing-cell", lambda f, i, g, c: f + i * g),
    ("lstm.update_cell", "wrong-activation", lambda f, i, g, c: np.tanh(f * c + i * g)),
    ("lstm.update_cell", "misplaced-brackets", lambda f, i, g, c: f * (c + i * g)),
    ("lstm.update_cell", "double-activation", lambda f, i, g, c: sigmoid(f) * c + sigmoid(i) * g),
    ("lstm.update_cell", "wrong-sign", lambda f, i, g, c: f * c - i * g),
    ("lstm.hidden_state", "missing-tanh", lambda o, c: o * c),
    ("lstm.hidden_state", "misplaced-tanh", lambda o, c: np.tanh(o * c)),
    ("lstm.hidden_state", "wrong-activation", lambda o, c: o * sigmoid(c)),
    ("lstm.hidden_state", "missing-output-gate", lambda o, c: np.tanh(c)),
    ("lstm.hidden_state", "flipped-gate", lambda o, c: (1 - o) * np.tanh(c)),
    ("lstm.hidden_state", "missing-cell", lambda o, c: o),
]


def keras_step(order, squash=np.tanh, bias=1, outputs=lambda h, c: (h, c)):
    def step(x, h_prev, c_prev, W_x, W_h, b):
        part = dict(zip(order, np.split(x @ W_x + h_prev @ W_h + bias * b, 4, axis=-1), strict=True))
        c = sigmoid(part["f"]) * c_prev + sigmoid(part["i"]) * np.tanh(part["g"])
        return outputs(sigmoid(part["o"]) * squash(c), c)

    return step


WRONG += [
    ("lstm.lstm_step", "swapped-gates", keras_step("ifog")),
    ("lstm.lstm_step", "swapped-gates", keras_step("figo")),
    ("lstm.lstm_step", "missing-tanh", keras_step("ifgo", squash=lambda c: c)),
    ("lstm.lstm_step", "missing-bias", keras_step("ifgo", bias=0)),
    ("lstm.lstm_step", "swapped-outputs", keras_step("ifgo", outputs=lambda h, c: (c, h))),
    ("lstm.lstm_step", "misplaced-tanh", keras_step("ifgo", outputs=lambda h, c: (h, np.tanh(c)))),
    ("lstm.lstm_step", "swapped-states", lambda x, h, c, W, U, b: fused_step(x, c, h, W, U, b)),
    ("lstm.lstm_step", "swapped-states", lambda x, h, c, W, U, b: fused_step(x, h, h, W, U, b)),
    ("lstm.lstm_step", "wrong-shape", keras_step("ifgo", outputs=lambda h, c: h)),
]


@pytest.mark.parametrize(("exercise", "diagnosis", "function"), WRONG)
def test_wrong_functions_fail_and_the_mistake_is_named(exercise, diagnosis, function):
    for seed in (0, 1, 2):
        report = check(function, exercise, seed=seed)
        assert not report.passed
        assert report.diagnosis == diagnosis, report
        partly_right = diagnosis == "not-finite" or any(part.passed for part in report.parts[:2])
        assert (report.points(3) > 0) == partly_right
        assert report.points(3) < 3
        assert len(report.message) > 20


def test_two_mistakes_at_once_are_both_named():
    report = check(lambda x, h, W, U, b: np.tanh(x @ W + h @ U), "lstm.forget_gate")
    assert "tanh" in report.message
    assert "bias b is left out" in report.message


def test_unknown_mistake_gets_no_name_but_the_first_difference():
    report = check(lambda x, h, W, U, b: sigmoid(x @ W + h @ U + b) ** 1.1, "lstm.forget_gate")
    assert report.diagnosis is None
    assert "First: f[0, 0] should be" in report.message


def test_right_values_that_change_an_argument_keep_the_points_for_the_values():
    def update_cell(f, i, g, c_prev):
        c_prev *= f
        c_prev += i * g
        return c_prev

    report = check(update_cell, "lstm.update_cell")
    assert report.diagnosis == "mutates-input"
    assert "c_prev" in report.message
    assert report.points(3) == 2


def test_half_of_a_step_earns_its_part():
    report = check(keras_step("ifgo", squash=lambda c: c), "lstm.lstm_step")
    assert [part.passed for part in report.parts] == [False, True, False]
    assert report.points(5) == 2


def test_a_right_output_is_never_blamed():
    report = check(keras_step("ifgo", outputs=lambda h, c: (h, np.tanh(c))), "lstm.lstm_step")
    assert "c is returned after its tanh" in report.message
    assert "in h" not in report.message


def test_a_changed_argument_is_mentioned_when_the_values_are_wrong_too():
    def gate(x, h_prev, W_x, W_h, b):
        b += 1
        return sigmoid(x @ W_x + h_prev @ W_h + b)

    assert "Your function changes its argument b." in check(gate, "lstm.forget_gate").message


def test_a_function_that_reuses_its_output_array_is_right():
    arrays = {}

    def gate(x, h_prev, W_x, W_h, b):
        out = arrays.setdefault((len(x), len(b)), np.empty((len(x), len(b))))
        out[:] = sigmoid(x @ W_x + h_prev @ W_h + b)
        return out

    assert check(gate, "lstm.forget_gate").passed


@pytest.mark.parametrize("exercise", [*GATES, CANDIDATE, "lstm.hidden_state"])
def test_what_overflows_loses_the_point_for_large_numbers_whatever_the_seed(exercise):
    def careless_tanh(a):
        return (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))

    def function(*arguments):
        if exercise == "lstm.hidden_state":
            return arguments[0] * careless_tanh(arguments[1])
        a = arguments[0] @ arguments[2] + arguments[1] @ arguments[3] + arguments[4]
        return careless_tanh(a) if exercise == CANDIDATE else np.exp(a) / (1 + np.exp(a))

    for seed in range(50):
        assert check(function, exercise, seed=seed).points(3) == 2


# Manners --------------------------------------------------------------------------------------------------


class Hostile(list):
    """An object that raises whatever is done with it."""

    def _refuse(self, *arguments, **options):
        raise RuntimeError("no")

    __array__ = __len__ = __iter__ = __getitem__ = __eq__ = __repr__ = __str__ = __float__ = _refuse
    __hash__ = None


class HostileError(Exception):
    """An error that cannot be shown."""

    def __str__(self):
        raise RuntimeError("no")


def closes_its_output(*arguments):
    sys.stdout.close()


def retypes_its_argument(x, h_prev, W_x, W_h, b):
    b.dtype = "S8"
    return x


async def asynchronous(*arguments):
    return 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "function",
    [
        lambda *arguments: Hostile(),
        lambda *arguments: [Hostile()],
        lambda *arguments: np.full((2, 4), np.inf),
        lambda *arguments: np.full((2, 4), 1e308),
        lambda *arguments: {"f": 1},
        lambda *arguments: (value for value in arguments),
        lambda: 1,
        lambda **arguments: 1,
        raises(HostileError()),
        raises(RecursionError()),
        raises(KeyError("x" * 10**6)),
        closes_its_output,
        retypes_its_argument,
        asynchronous,
    ],
)
def test_nothing_that_a_student_returns_or_raises_breaks_the_check(function, capfd):
    report = check(function, "lstm.forget_gate")
    assert report.points(3) == 0
    assert 20 < len(str(report)) < 3000
    assert capfd.readouterr() == ("", "")


def bare_except_inside(*arguments):
    while True:
        try:
            time.sleep(0.1)
            undefined_name  # noqa: B018, F821 - the mistake that the loop hides
        except:  # noqa: E722
            pass


def bare_except_around(*arguments):
    while True:
        try:
            while True:
                time.sleep(0.1)
        except:  # noqa: E722
            continue


@pytest.mark.parametrize("function", [bare_except_inside, bare_except_around])
def test_a_bare_except_does_not_keep_a_loop_alive(function):
    trace, start = sys.gettrace(), time.perf_counter()
    made = call(function, {}, lambda returned: returned, seconds=0.5)
    assert time.perf_counter() - start < 10
    assert isinstance(made.raised, OutOfTime)
    assert sys.gettrace() is trace


def test_endless_loop_is_ended_and_reported():
    start = time.perf_counter()
    report = check(endless, "lstm.forget_gate")
    assert time.perf_counter() - start < 20
    assert report.diagnosis == "raises"
    assert "never ends" in report.message
    assert report.points(3) == 0


def test_stopping_a_cell_by_hand_stops_the_check():
    with pytest.raises(KeyboardInterrupt):
        check(raises(KeyboardInterrupt()), "lstm.forget_gate")


def test_nothing_that_a_function_prints_or_warns_of_reaches_the_output(capfd):
    def noisy(x, h, W, U, b):
        print("on stdout")
        print("on stderr", file=sys.stderr)
        warnings.warn("a warning", stacklevel=1)
        return sigmoid(x @ W + h @ U + b)

    assert check(noisy, "lstm.forget_gate").passed
    assert capfd.readouterr() == ("", "")
    wrong = check(lambda *arguments: noisy(*arguments) ** 1.1, "lstm.forget_gate")
    assert "your function printed:\non stdout" in wrong.message


def test_report_of_an_error_shows_the_line_of_the_student():
    def broken(x, h, W, U, b):
        return sigmoid(x @ W_f)  # noqa: F821 - the student's mistake

    report = check(broken, "lstm.forget_gate")
    assert "NameError" in report.message
    assert "return sigmoid(x @ W_f)" in report.message


def test_award_prints_report_and_points_and_returns_a_plain_float(capsys):
    earned = check(RIGHT["the plain formula"], "lstm.forget_gate").award(3)
    assert type(earned) is float  # nbgrader reads the representation of the last value of a cell
    assert earned == 3
    printed = capsys.readouterr().out
    assert "lstm.forget_gate: passed" in printed
    assert "Points: 3 of 3" in printed


def test_same_seed_gives_the_same_report_and_another_seed_other_numbers():
    def wrong(*arguments):
        return RIGHT["the plain formula"](*arguments) ** 1.1

    first, again, other = (str(check(wrong, "lstm.forget_gate", seed=seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_unknown_exercise_is_refused_with_the_list_of_those_there_are():
    with pytest.raises(ValueError, match=r"lstm\.forget_gate.*got 'lstm\.forgetgate'"):
        check(sigmoid, "lstm.forgetgate")


@pytest.mark.parametrize(
    ("answer", "passed", "diagnosis"),
    [("b", True, None), (" B) ", True, None), ("(b)", True, None), ("a", False, "wrong-choice")]
    + [(bad, False, "unreadable-answer") for bad in ("", None, "e", "ab", "b or c", 2, ["b"])]
    + [(bad, False, "unreadable-answer") for bad in (np.array(["b", "c"]), Hostile())],
)
def test_choice_is_read_with_indulgence_but_never_guessed(answer, passed, diagnosis):
    report = check_choice(answer, key="b", feedback={"a": "Not this one."})
    assert report.passed == passed
    assert report.diagnosis == diagnosis
    assert report.points(1) == float(passed)


def test_choice_without_a_key_says_only_how_it_was_read():
    for letter in "abcd":
        report = check_choice(letter)
        assert report.passed
        assert f"recorded as {letter}" in report.message
