"""The exercises on the LSTM: data, reference, and the mistakes that students make."""

import itertools

import numpy as np

from lstmlib import lstm
from lstmlib.activations import sigmoid
from lstmlib.check.exercise import Exercise
from lstmlib.check.gates import SIGMOID_INSTEAD, TANH_INSTEAD, draw_cases, gate_family, gate_shapes
from lstmlib.check.mistakes import Family, Filling


def _gate_exercise(name, output, right, other, see):
    reference = getattr(lstm, name)
    return Exercise(
        id=f"lstm.{name}",
        outputs=(output,),
        reference=lambda **arguments: (reference(**arguments),),
        draw=lambda rng: draw_cases(rng, gate_shapes),
        family=gate_family(right, other),
        see=see,
    )


# State equations ------------------------------------------------------------------------------------------


def _states(*names):
    return lambda N, D, H: dict.fromkeys(names, (N, H))


def _update_cell(slots, f, i, g, c_prev):
    if slots["gates"] == "swapped":
        f, i = i, f
    if slots["gates"] == "squashed again":
        f, i = sigmoid(f), sigmoid(i)
    kept, written = slots["keep"](f, i, c_prev), slots["write"](f, i, g)
    return slots["result"](f * (c_prev + written) if slots["brackets"] == "around both" else kept + written)


_UPDATE_CELL = Family(
    _update_cell,
    {
        "gates": [
            Filling("right"),
            Filling("swapped", "swapped-gates", "f and i change places", "f goes with c_prev, i with g."),
            Filling(
                "squashed again",
                "double-activation",
                "f and i go through a sigmoid again",
                "They are gates already: their layers have applied it.",
            ),
        ],
        "brackets": [
            Filling("right"),
            Filling("around both", "misplaced-brackets", "f scales the whole sum", "f belongs to c_prev alone."),
        ],
        "keep": [
            Filling(lambda f, i, c: f * c),
            Filling(lambda f, i, c: (1 - f) * c, "flipped-gate", "the share 1 - f is kept", "f = 1 keeps all."),
            Filling(lambda f, i, c: (1 - i) * c, "other-convention", "1 - i stands in for f, as in a coupled LSTM"),
            Filling(lambda f, i, c: c, "missing-forget-gate", "all of c_prev is kept: f is left out"),
            Filling(lambda f, i, c: f, "missing-cell", "f is not multiplied with c_prev"),
            Filling(lambda f, i, c: 0, "missing-cell", "the old cell state is left out"),
            Filling(lambda f, i, c: f * np.tanh(c), "other-convention", "a tanh is applied to c_prev"),
            Filling(lambda f, i, c: -(f * c), "wrong-sign", "the term f * c_prev is subtracted"),
        ],
        "write": [
            Filling(lambda f, i, g: i * g),
            Filling(lambda f, i, g: (1 - i) * g, "flipped-gate", "the share 1 - i is written", "i = 1 writes all."),
            Filling(lambda f, i, g: (1 - f) * g, "other-convention", "1 - f stands in for i, as in a coupled LSTM"),
            Filling(lambda f, i, g: g, "missing-input-gate", "all of g is written: i is left out"),
            Filling(lambda f, i, g: i, "missing-candidate", "i is added without the candidate g"),
            Filling(lambda f, i, g: 0, "missing-candidate", "nothing is written: the term i * g is left out"),
            Filling(lambda f, i, g: i * np.tanh(g), "other-convention", "a second tanh is applied to g"),
            Filling(lambda f, i, g: -(i * g), "wrong-sign", "the term i * g is subtracted"),
        ],
        "result": [
            Filling(lambda c: c),
            Filling(
                np.tanh, "wrong-activation", "a tanh is applied to the new cell state", "It belongs to h."
            ),
            Filling(sigmoid, "wrong-activation", "a sigmoid is applied to the new cell state", "It has none."),
        ],
    },
)


def _hidden_state(slots, o, c):
    return slots["sign"] * slots["form"](slots["gate"](o), c)


_HIDDEN_STATE = Family(
    _hidden_state,
    {
        "form": [
            Filling(lambda o, c: o * np.tanh(c)),
            Filling(lambda o, c: o * c, "missing-tanh", "the tanh around c is missing", "c is unbounded, h is not."),
            Filling(lambda o, c: np.tanh(o * c), "misplaced-tanh", "the tanh stands around o * c", "Squash c alone."),
            Filling(lambda o, c: np.tanh(o * np.tanh(c)), "misplaced-tanh", "a second tanh is applied to the product"),
            Filling(lambda o, c: o * sigmoid(c), "wrong-activation", "a sigmoid is applied to c instead of tanh"),
            Filling(lambda o, c: o, "missing-cell", "the cell state is left out"),
        ],
        "gate": [
            Filling(lambda o: o),
            Filling(lambda o: 1 - o, "flipped-gate", "the share 1 - o is shown", "o = 1 shows everything."),
            Filling(np.ones_like, "missing-output-gate", "the output gate is left out"),
            Filling(np.tanh, "wrong-activation", "a tanh is applied to the output gate"),
            Filling(sigmoid, "wrong-activation", "a sigmoid is applied to o, which is a gate already"),
        ],
        "sign": [Filling(1), Filling(-1, "wrong-sign", "the sign of the result is turned round")],
    },
)


# The whole step -------------------------------------------------------------------------------------------


def _step_shapes(N, D, H):
    return {
        "x": (N, D), "h_prev": (N, H), "c_prev": (N, H), "W_x": (D, 4 * H), "W_h": (H, 4 * H), "b": (4 * H,),
    }  # fmt: skip


def _lstm_step(slots, x, h_prev, c_prev, W_x, W_h, b):
    h_prev, c_prev = slots["states"](h_prev, c_prev)
    a = slots["sum"](x @ W_x, h_prev @ W_h, b)
    blocks = dict(zip(slots["order"], np.split(a, 4, axis=-1), strict=True))
    i, f, o = (slots["gates"].get(name, sigmoid)(blocks[name]) for name in "ifo")
    g = slots["candidate"](blocks["g"])
    c = slots["cell"](f, i, g, c_prev)
    h = slots["hidden"](o, c, c_prev)
    return slots["outputs"](h, c)


def _identity(a):
    return a


def _order(order):
    moved = [name for name, right in zip(order, "ifgo", strict=True) if name != right]
    return Filling(
        order,
        "swapped-gates",
        f"{', '.join(sorted(moved))} are taken in another order",
        f"The blocks stand in the order i, f, g, o; your numbers fit {', '.join(order)}. Look at where you cut a, "
        f"and at which of them you use where.",
    )


_WRONG_ORDERS = [order for order in map("".join, itertools.permutations("ifgo")) if order != "ifgo"]

_LSTM_STEP = Family(
    _lstm_step,
    {
        "order": [Filling("ifgo"), *map(_order, _WRONG_ORDERS)],
        "hidden": [
            Filling(lambda o, c, c_prev: o * np.tanh(c)),
            Filling(lambda o, c, c_prev: o * c, "missing-tanh", "the tanh around c is missing in h"),
            Filling(lambda o, c, c_prev: o * np.tanh(c_prev), "old-cell", "h is made from the old cell state c_prev"),
            Filling(lambda o, c, c_prev: np.tanh(o * c), "misplaced-tanh", "the tanh stands around o * c"),
            Filling(lambda o, c, c_prev: np.tanh(c), "missing-output-gate", "the output gate is left out of h"),
            Filling(lambda o, c, c_prev: o * sigmoid(c), "wrong-activation", "c goes through a sigmoid in h"),
        ],
        "candidate": [
            Filling(np.tanh),
            Filling(sigmoid, "wrong-activation", "the candidate goes through a sigmoid instead of tanh"),
            Filling(_identity, "no-activation", "the candidate has no activation"),
            Filling(lambda a: np.tanh(sigmoid(a)), "double-activation", "the candidate goes through sigmoid and tanh"),
        ],
        "gates": [
            Filling({}),
            Filling(dict.fromkeys("ifo", np.tanh), "wrong-activation", "the gates go through tanh, not the sigmoid"),
            Filling(dict.fromkeys("ifo", _identity), "no-activation", "the gates have no activation"),
            *(Filling({k: np.tanh}, "wrong-activation", f"{k} goes through tanh, not the sigmoid") for k in "ifo"),
            *(Filling({k: _identity}, "no-activation", f"{k} has no activation") for k in "ifo"),
        ],
        "cell": [
            Filling(lambda f, i, g, c_prev: f * c_prev + i * g),
            Filling(lambda f, i, g, c_prev: (1 - f) * c_prev + i * g, "flipped-gate", "the share 1 - f is kept"),
            Filling(lambda f, i, g, c_prev: c_prev + i * g, "missing-forget-gate", "the forget gate is left out"),
            Filling(lambda f, i, g, c_prev: f * c_prev + g, "missing-input-gate", "the input gate is left out"),
            Filling(lambda f, i, g, c_prev: i * g, "missing-cell", "the old cell state is left out"),
            Filling(lambda f, i, g, c_prev: f * c_prev, "missing-candidate", "nothing is written to the cell"),
            Filling(lambda f, i, g, c_prev: f * c_prev - i * g, "wrong-sign", "the term i * g is subtracted"),
            Filling(lambda f, i, g, c_prev: f * (c_prev + i * g), "misplaced-brackets", "f scales the whole sum"),
            Filling(
                lambda f, i, g, c_prev: np.tanh(f * c_prev + i * g), "wrong-activation", "a tanh is applied to c itself"
            ),
        ],
        "sum": [
            Filling(lambda a_x, a_h, b: a_x + a_h + b),
            Filling(lambda a_x, a_h, b: a_x + a_h, "missing-bias", "the bias b is left out"),
            Filling(lambda a_x, a_h, b: a_h + b, "missing-input-term", "the term x @ W_x is left out"),
            Filling(lambda a_x, a_h, b: a_x + b, "missing-hidden-term", "the term h_prev @ W_h is left out"),
        ],
        "states": [
            Filling(lambda h, c: (h, c)),
            Filling(lambda h, c: (c, h), "swapped-states", "h_prev and c_prev change places"),
            Filling(lambda h, c: (c, c), "swapped-states", "c_prev is used where h_prev belongs"),
            Filling(lambda h, c: (h, h), "swapped-states", "h_prev is used where c_prev belongs"),
        ],
        "outputs": [
            Filling(lambda h, c: (h, c)),
            Filling(lambda h, c: (c, h), "swapped-outputs", "c and h are returned in the wrong order", "Return h, c."),
            Filling(lambda h, c: (h, np.tanh(c)), "misplaced-tanh", "c is returned after its tanh", "Return c itself."),
            Filling(lambda h, c: (h, h), "swapped-outputs", "h is returned twice", "Return h, c."),
        ],
    },
)


_CHAPTER = "the chapter on the LSTM"

EXERCISES = [
    _gate_exercise("forget_gate", "f", sigmoid, TANH_INSTEAD, f"{_CHAPTER}, section Forget gate (lstm-forget)"),
    _gate_exercise("input_gate", "i", sigmoid, TANH_INSTEAD, f"{_CHAPTER}, section Input gate (lstm-input)"),
    _gate_exercise("candidate", "g", np.tanh, SIGMOID_INSTEAD, f"{_CHAPTER}, section Candidate (lstm-candidate)"),
    Exercise(
        id="lstm.update_cell",
        outputs=("c",),
        reference=lambda **arguments: (lstm.update_cell(**arguments),),
        draw=lambda rng: draw_cases(rng, _states("f", "i", "g", "c_prev")),
        family=_UPDATE_CELL,
        see=f"{_CHAPTER}, section New cell state (lstm-cell)",
    ),
    _gate_exercise("output_gate", "o", sigmoid, TANH_INSTEAD, f"{_CHAPTER}, section Output gate (lstm-output)"),
    Exercise(
        id="lstm.hidden_state",
        outputs=("h",),
        reference=lambda **arguments: (lstm.hidden_state(**arguments),),
        draw=lambda rng: draw_cases(rng, _states("o", "c")),
        family=_HIDDEN_STATE,
        see=f"{_CHAPTER}, section Hidden state (lstm-hidden)",
    ),
    Exercise(
        id="lstm.lstm_step",
        outputs=("h", "c"),
        reference=lambda **arguments: lstm.step(**arguments)[:2],
        draw=lambda rng: draw_cases(rng, _step_shapes),
        family=_LSTM_STEP,
        see=f"{_CHAPTER}, section The whole step (lstm-preactivation to lstm-hidden)",
    ),
]
