"""The check passes what is right, fails what is wrong, and names the mistake."""

import sys
import time
import warnings

import numpy as np
import pytest

from lstmlib.activations import sigmoid, softmax
from lstmlib.check import check, check_choice
from lstmlib.check.guard import OutOfTime, call
from lstmlib.losses import cross_entropy

GATES = ("lstm.forget_gate", "lstm.input_gate", "lstm.output_gate")
CANDIDATE = "lstm.candidate"


def raises(error):
    def function(*arguments):
        raise error

    return function


def lstm_step(x, h_prev, c_prev, W_x, W_h, b, squash=np.tanh, outputs=lambda h, c: (h, c)):
    i, f, g, o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=-1)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return outputs(sigmoid(o) * squash(c), c)


def endless(*arguments):
    while True:
        pass


def right_gate(x, h_prev, W_x, W_h, b):
    return sigmoid(x @ W_x + h_prev @ W_h + b)


# What a report says ---------------------------------------------------------------------------------------

UNREADABLE = [
    ("wrong-shape", lambda x, h, W, U, b: (right_gate(x, h, W, U, b), 1)),
    ("wrong-shape", lambda x, h, W, U, b: "a gate"),
    ("wrong-shape", lambda x, h, W, U, b: (right_gate(x, h, W, U, b),)),
    ("wrong-shape", lambda x, h, W, U, b: right_gate(x, h, W, U, b) + 0j),
    ("wrong-shape", lambda x, h, W, U, b: right_gate(x, h, W, U, b).astype(str)),
    ("wrong-shape", lambda x, h, W, U, b: np.ma.masked_less(right_gate(x, h, W, U, b), 0.9)),
    ("wrong-shape", lambda x, h, W, U, b: np.broadcast_to(0.0, (10**6, 10**6))),
    ("wrong-shape", lambda x, h, W, U, b: 10**400),
    ("raises", raises(KeyError("W_f"))),
    ("raises", raises(SystemExit(1))),
    ("not-defined", None),
    ("not-defined", np.ones(3)),
]


@pytest.mark.parametrize(("diagnosis", "function"), UNREADABLE)
@pytest.mark.parametrize("exercise", GATES)
def test_what_cannot_be_compared_is_named_and_earns_nothing(exercise, diagnosis, function):
    report = check(function, exercise)
    assert report.diagnosis == diagnosis
    assert report.points(3) == 0
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


def bptt(xs, h_0, dhs, W_x, W_h, b, steps):
    states, dh, sums = [h_0], 0, [0, 0, 0]
    for x in xs:
        states.append(np.tanh(x @ W_x + states[-1] @ W_h + b))
    for t in steps(len(xs)):
        da = (dhs[t] + dh) * (1 - states[t + 1] ** 2)
        sums = [total + new for total, new in zip(sums, (xs[t].T @ da, states[t].T @ da, da.sum(axis=0)), strict=True)]
        dh = da @ W_h.T
    return sums


@pytest.mark.parametrize(
    ("exercise", "function", "said", "unsaid"),
    [
        ("rnn.bptt", lambda *a: bptt(*a, lambda T: range(T - 1, 0, -1)), "range(T - 1, -1, -1) ends at 0.", "begins"),
        ("rnn.bptt", lambda *a: bptt(*a, lambda T: range(T - 2, -1, -1)), "begins at T - 1.", "ends at"),
        ("training.loss_gradient", lambda a, y, m: (softmax(a) - np.eye(a.shape[-1])[y]) / a.shape[1],
         "Multiply the gradient of each step with mask.", "the loss of"),
        ("training.sequence_loss", lambda a, y, m: cross_entropy(a, y, np.ones_like(m))[0],
         "Multiply the loss of each step with mask.", "the gradient of"),
        ("training.clip", lambda grads, largest: (1.0, grads),
         "a single real number, yours is a tuple of 2", "an array of"),
        ("lstm.forget_gate", lambda x, h, *rest: -np.zeros(h.shape), "yours is 0.", "-0"),
        ("lstm.forget_gate", raises(NotImplementedError()), "see that yours is the last definition", "raised"),
        ("lstm.keep_a_number", raises(NotImplementedError()), "see that yours is the last definition", "raised"),
    ],
)  # fmt: skip
def test_words_fit_what_they_are_said_of(exercise, function, said, unsaid):
    message = check(function, exercise).message.split("Case:")[0]
    assert said in message
    assert unsaid not in message


def test_half_of_a_step_earns_its_part():
    report = check(lambda *arguments: lstm_step(*arguments, squash=lambda c: c), "lstm.lstm_step")
    assert [part.passed for part in report.parts] == [False, True, False]
    assert report.points(5) == 2


def test_a_right_output_is_never_blamed():
    report = check(lambda *arguments: lstm_step(*arguments, outputs=lambda h, c: (h, np.tanh(c))), "lstm.lstm_step")
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


def rnn_step_backward(dh, x, h_prev, h, W_x, W_h, change=lambda *gradients: gradients):
    da = dh * (1 - h**2)
    return change(da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0))


def test_a_gradient_of_a_wrong_shape_or_without_numbers_costs_itself_alone():
    for wrong in (lambda dW_x: dW_x.T, lambda dW_x: "dW_x", lambda dW_x: dW_x[None]):

        def function(*arguments, wrong=wrong):
            return rnn_step_backward(*arguments, change=lambda dx, dh, dW_x, *rest: (dx, dh, wrong(dW_x), *rest))

        report = check(function, "rnn.rnn_step_backward")
        assert [part.passed for part in report.parts] == [True, True, False, True, True, False]
        assert "dW_x should" in report.message


NOTEBOOK = """
def forget_gate(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x + h_prev @ W_h + b)

def gate(*layer):
    x, h_prev, W_x, W_h, b = layer
    return sigmoid(x @ W_x + h_prev @ W_h + b)

def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = ((x, h_prev, *block) for block in zip(*(np.split(v, 4, axis=-1) for v in (W_x, W_h, b))))
    c = forget_gate(*f) * c_prev + gate(*i) * (2 * gate(*(2 * v for v in g[:2]), *g[2:4], 2 * g[4]) - 1)
    return RESULT
"""


@pytest.mark.parametrize(
    ("result", "passed", "diagnosis"),
    [("gate(*o) * np.tanh(c), c", True, None), ("gate(*o) * c, c", False, "missing-tanh")],
)
def test_a_mistake_that_was_made_once_costs_once(result, passed, diagnosis):
    scope = {"np": np, "sigmoid": sigmoid}
    exec(NOTEBOOK.replace("RESULT", result), scope)
    wrong = scope["forget_gate"]
    report = check(scope["lstm_step"], "lstm.lstm_step")
    assert report.passed == passed
    assert report.diagnosis == diagnosis
    assert "Among what it calls (forget_gate) something is not right yet." in report.message
    assert scope["forget_gate"] is wrong
    assert not check(wrong, "lstm.forget_gate").passed


@pytest.mark.parametrize(
    "call",
    [
        "def all_gates(f):\n    return forget_gate(*f)\ndef keep(f):\n    return all_gates(f)\n",  # by way of helpers
        "def keep(f):\n    a, b, c, d, e = f\n    return forget_gate(inputs=a, old=b, W=c, U=d, bias=e)\n",
    ],
)
def test_that_holds_for_helpers_behind_helpers_and_for_arguments_of_any_name(call):
    scope = {"np": np, "sigmoid": sigmoid}
    code = NOTEBOOK.replace("forget_gate(*f)", "keep(f)").replace("RESULT", "gate(*o) * np.tanh(c), c")
    exec(code + call, scope)
    exec("def forget_gate(inputs, old, W, U, bias):\n    return np.tanh(inputs @ W + old @ U)", scope)
    report = check(scope["lstm_step"], "lstm.lstm_step")
    assert report.passed, report
    assert "Among what it calls (forget_gate) something is not right yet." in report.message


def test_functions_that_only_call_each_other_earn_nothing_together():
    code = "def {}(*arguments):\n    return {}(*arguments)\n"
    names = ["forget_gate", "input_gate", "output_gate"]
    scope = {}
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        exec(code.format(name, other), scope)
    assert not any(check(scope[name], f"lstm.{name}").passed for name in names)


def test_a_step_that_calls_an_unwritten_gate_is_not_called_unwritten():
    scope = {"np": np, "sigmoid": sigmoid}
    exec(NOTEBOOK.replace("RESULT", "gate(*o) * np.tanh(c), c"), scope)
    exec("def forget_gate(x, h_prev, W_x, W_h, b):\n    raise NotImplementedError()", scope)
    assert check(scope["forget_gate"], "lstm.forget_gate").diagnosis == "not-implemented"
    assert check(scope["lstm_step"], "lstm.lstm_step").passed


WRONG_GATES = {
    "it is missing": "del forget_gate",
    "it is an object": "class Gate:\n    def __call__(self, *f):\n        return gate(*f) / 2\nforget_gate = Gate()",
    "it is a partial": "import functools\nforget_gate = functools.partial(lambda half, *f: half * gate(*f), 0.5)",
    "it has an option": "def forget_gate(x, h_prev, W_x, W_h, b, *, half=0.5):\n    return half * x @ W_x",
    "it takes something else": "def forget_gate(a):\n    return sigmoid(a)",
    "it is imported": "from lstmlib.activations import relu as forget_gate",
    "it was called and overwritten": "forget_gate = np.ones((2, 3))",
}


@pytest.mark.parametrize("why", WRONG_GATES)
def test_that_holds_whatever_the_helper_is_and_if_there_is_none(why):
    scope = {"np": np, "sigmoid": sigmoid}
    exec(NOTEBOOK.replace("RESULT", "gate(*o) * np.tanh(c), c"), scope)
    exec(WRONG_GATES[why], scope)
    before = dict(scope)
    report = check(scope["lstm_step"], "lstm.lstm_step")
    assert report.passed, report
    assert "Among what it calls (forget_gate) something is not right yet." in report.message
    assert scope == before


def test_a_function_that_has_the_name_of_an_exercise_but_another_job_is_left_alone():
    """Only if the right version helps is it used: this candidate has a signature of its own."""
    scope = {"np": np, "sigmoid": sigmoid}
    code = NOTEBOOK.replace("np.tanh(x @", "sigmoid(x @").replace("RESULT", "candidate(gate(*o), c)")
    exec(code + "\ndef candidate(o, c):\n    return o * np.tanh(c), c\n", scope)
    report = check(scope["lstm_step"], "lstm.lstm_step")
    assert report.passed
    assert "Among what it calls" not in report.message


def test_right_for_one_example_only_is_said_so():
    def update_cell(f, i, g, c_prev):
        c = np.zeros_like(c_prev)
        c[0] = f[0] * c_prev[0] + i[0] * g[0]
        return c

    report = check(update_cell, "lstm.update_cell")
    assert report.diagnosis == "not-batched"
    assert "for a batch of one example, but not for more" in report.message


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
        lambda *arguments: [Hostile()] * 3,
        lambda *arguments: [np.broadcast_to(0.0, (10**6, 10**6))] * 3,
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
@pytest.mark.parametrize("exercise", ["lstm.forget_gate", "rnn.bptt", "lstm.keep_a_number"])
def test_nothing_that_a_student_returns_or_raises_breaks_the_check(exercise, function, capfd):
    report = check(function, exercise)
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


def test_a_loop_may_be_ended_where_no_line_is():
    def back_and_forth():
        i = 0
        while True:
            for k in range(3):
                if i:
                    i = 0
                elif k:
                    i = 1

    for _ in range(8):  # of which more than one ends on the way back to the top, which has no line
        made = call(back_and_forth, {}, lambda returned: returned, seconds=0.05)
        assert isinstance(made.raised, OutOfTime)
        assert isinstance(made.where, str)


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
    earned = check(right_gate, "lstm.forget_gate").award(3)
    assert type(earned) is float  # nbgrader reads the representation of the last value of a cell
    assert earned == 3
    printed = capsys.readouterr().out
    assert "lstm.forget_gate: passed" in printed
    assert "Points: 3 of 3" in printed


def test_same_seed_gives_the_same_report_and_another_seed_other_numbers():
    def wrong(*arguments):
        return right_gate(*arguments) ** 1.1

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


def test_a_function_gets_copies_of_all_that_is_inside_its_arguments():
    held, twice = np.array([[1], None], dtype=object), np.ones(2)

    def changes(objects, first, second):
        objects[0].append(2)
        first += 1
        return second

    made = call(changes, {"objects": held, "first": twice, "second": twice}, list)
    call(lambda objects: objects[0].append(3), {"objects": held}, list)
    assert held[0] == [1] and list(twice) == [1, 1]
    assert made.value == [2, 2]  # two names of one array, as they were
