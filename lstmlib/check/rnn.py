"""The exercises on the plain recurrent network: activations with their slopes, one step forward and backward."""

import numpy as np

from lstmlib import rnn
from lstmlib.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmlib.check import bptt, jacobians
from lstmlib.check.backward import outputs_slot, product_slots, products_back, slope_slot
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.gates import GATE_SHAPES, SIGMOID, TANH, gate_exercise
from lstmlib.check.mistakes import Family, Filling

_NOTATION = "the page on notation, section Activations"
_STEP_BACK = "the chapter on backpropagation through time, section The backward step (rnn-da, rnn-dstates, rnn-dparams)"


# Activations ----------------------------------------------------------------------------------------------


def _activation(slots, **arguments):
    (value,) = arguments.values()
    return slots["function"](value)


_SIGMOID_SLOPE = [
    Filling(sigmoid_slope),
    Filling(
        lambda s: sigmoid(s) * (1 - sigmoid(s)),
        "double-activation",
        "the sigmoid is applied to s again",
        "s is the output of the sigmoid already: the slope is s (1 - s).",
    ),
    Filling(lambda s: 1 - s, "missing-factor", "the factor s is left out", "The slope is s (1 - s)."),
    Filling(lambda s: s, "missing-factor", "the factor 1 - s is left out", "The slope is s (1 - s)."),
    Filling(lambda s: s * (1 + s), "wrong-sign", "s (1 + s) is computed"),
    Filling(lambda s: s * (s - 1), "wrong-sign", "s (s - 1) is computed"),
    Filling(lambda s: s - 1, "misplaced-brackets", "s * 1 - 1 is computed", "The slope is s (1 - s)."),
    Filling(lambda s: s * 1 - s, "misplaced-brackets", "s * 1 - s is computed", "Put brackets around 1 - s."),
    Filling(lambda s: 1 - s**2, "wrong-slope", "the slope is that of tanh", "The slope of the sigmoid is s (1 - s)."),
    Filling(lambda s: (1 - s) ** 2, "wrong-slope", "(1 - s)² is computed", "The slope is s (1 - s)."),
    Filling(lambda s: 1 - s * s + s, "misplaced-brackets", "1 - s² + s is computed", "The slope is s (1 - s)."),
    Filling(sigmoid, "wrong-slope", "the sigmoid itself is computed", "Asked for is its slope, s (1 - s)."),
    Filling(lambda s: sigmoid(s) * (1 - s), "double-activation", "the sigmoid is applied to s again"),
]
_TANH_SLOPE = [
    Filling(tanh_slope),
    Filling(
        lambda t: 1 - np.tanh(t) ** 2,
        "double-activation",
        "tanh is applied to t again",
        "t is the output of tanh already: the slope is 1 - t².",
    ),
    Filling(lambda t: 1 - t, "missing-square", "1 - t is computed", "The slope is 1 - t²."),
    Filling(lambda t: (1 - t) ** 2, "misplaced-brackets", "(1 - t)² is computed", "Square t alone."),
    Filling(lambda t: 1 + t**2, "wrong-sign", "1 + t² is computed"),
    Filling(lambda t: t**2 - 1, "wrong-sign", "t² - 1 is computed"),
    Filling(lambda t: t**2, "missing-factor", "t² is computed", "The slope is 1 - t²."),
    Filling(lambda t: t * (1 - t), "wrong-slope", "the slope is that of a sigmoid", "The slope of tanh is 1 - t²."),
    Filling(lambda t: np.sqrt(np.abs(1 - t**2)), "wrong-slope", "the root of the slope is computed"),
    Filling(np.tanh, "wrong-slope", "tanh itself is computed", "Asked for is its slope, 1 - t²."),
    Filling(lambda t: 1 / np.cosh(t) ** 2, "double-activation", "tanh is applied to t again"),
    Filling(lambda t: 1 - 2 * t, "wrong-slope", "1 - 2t is computed", "The square of t is t * t."),
    Filling(lambda t: 1 - np.tanh(t), "double-activation", "1 - tanh(t) is computed", "The slope is 1 - t²."),
]


def _squashed(t):
    return {"t": np.tanh(t)}


def _activation_exercise(name, argument, output, reference, fillings, label, finish=None, kinds=("zero",)):
    return Exercise(
        id=f"rnn.{name}",
        outputs=(output,),
        reference=reference,
        draw=lambda rng: draw_cases(rng, {argument: "N H"}, finish, kinds),
        family=Family(_activation, {"function": fillings}),
        see=f"{_NOTATION} ({label})",
        ranges={output: (0, 0.25 if name == "sigmoid_slope" else 1)},
    )


# One step backwards ---------------------------------------------------------------------------------------

_GRADIENTS = ("dx", "dh_prev", "dW_x", "dW_h", "db")


def _make_step_back(dh, x, h_prev, W_x, W_h, b):
    h, _ = rnn.step(x, h_prev, W_x, W_h, b)
    return {"dh": dh, "x": x, "h_prev": h_prev, "h": h, "W_x": W_x, "W_h": W_h}


def _step_back(slots, dh, x, h_prev, h, W_x, W_h):
    da = slots["slope"](dh, h, h_prev)
    return slots["outputs"](*products_back(slots, x, h_prev, h, da, dh, W_x, W_h))


_STEP_BACKWARD = Exercise(
    id="rnn.rnn_step_backward",
    outputs=_GRADIENTS,
    reference=lambda dh, x, h_prev, h, W_x, W_h: rnn.step_backward(dh, rnn.Tape(x, h_prev, h), W_x, W_h),
    draw=lambda rng: draw_cases(rng, {"dh": "N H", **GATE_SHAPES}, _make_step_back),
    family=Family(
        _step_back,
        {"slope": slope_slot(), **product_slots(fused=False), "outputs": outputs_slot(_GRADIENTS)},
        last=("outputs",),
    ),
    see=_STEP_BACK,
    builds_on=("tanh_slope",),
)

EXERCISES = [
    _activation_exercise("sigmoid", "a", "s", sigmoid, SIGMOID, "sigmoid", kinds=("zero", "extreme")),
    _activation_exercise("sigmoid_slope", "s", "slope", sigmoid_slope, _SIGMOID_SLOPE, "sigmoid-slope"),
    _activation_exercise("tanh_slope", "t", "slope", tanh_slope, _TANH_SLOPE, "tanh-slope", _squashed),
    gate_exercise(
        "rnn.rnn_step",
        "h",
        TANH,
        lambda **arguments: rnn.step(**arguments)[0],
        "the chapter on recurrent networks, section The recurrence (rnn-preactivation, rnn-step)",
    ),
    _STEP_BACKWARD,
    *bptt.EXERCISES,
    *jacobians.EXERCISES,
]
