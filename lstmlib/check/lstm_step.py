"""The exercise on the whole step of an LSTM: everything at once, and so every mistake of its parts."""

import numpy as np

from lstmlib import lstm
from lstmlib.activations import sigmoid
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.gates import identity, order_slot
from lstmlib.check.mistakes import Family, Filling

_STEP_SHAPES = {"x": "N D", "h_prev": "N H", "c_prev": "N H", "W_x": "D 4H", "W_h": "H 4H", "b": "4H"}


def _lstm_step(slots, x, h_prev, c_prev, W_x, W_h, b):
    h_prev, c_prev = slots["states"](h_prev, c_prev)
    a = slots["sum"](x @ W_x, h_prev @ W_h, b)
    blocks = dict(zip(slots["order"], slots["blocks"](a), strict=True))
    i, f, o = (slots["gates"].get(name, sigmoid)(blocks[name]) for name in "ifo")
    g = slots["candidate"](blocks["g"])
    c = slots["cell"](f, i, g, c_prev)
    h = slots["hidden"](slots["shows"](i, f, o), c, c_prev)
    return slots["outputs"](h, c, c_prev)


_LSTM_STEP = Family(
    _lstm_step,
    {
        "order": order_slot("ifgo"),
        "blocks": [
            Filling(lambda a: np.split(a, 4, axis=-1)),
            Filling(
                lambda a: [a[:, k::4] for k in range(4)],
                "swapped-gates",
                "every fourth column of a is taken for a gate",
                "A block is made of neighbouring columns: 0 to H, H to 2H, and so on.",
            ),
            Filling(
                lambda a: np.split(np.tanh(a), 4, axis=-1),
                "double-activation",
                "a goes through a tanh before it is cut",
            ),
            Filling(
                lambda a: np.split(sigmoid(a), 4, axis=-1),
                "double-activation",
                "a goes through a sigmoid before it is cut",
            ),
            Filling(
                lambda a: [a[:, : a.shape[1] // 4]] * 4, "swapped-gates", "all gates are made from the first block of a"
            ),
        ],
        "hidden": [
            Filling(lambda o, c, c_prev: o * np.tanh(c)),
            Filling(lambda o, c, c_prev: o * c, "missing-tanh", "the tanh around c is missing in h"),
            Filling(lambda o, c, c_prev: o * np.tanh(c_prev), "old-cell", "h is made from the old cell state c_prev"),
            Filling(lambda o, c, c_prev: np.tanh(o * c), "misplaced-tanh", "the tanh stands around o * c"),
            Filling(lambda o, c, c_prev: np.tanh(c), "missing-output-gate", "the output gate is left out of h"),
            Filling(lambda o, c, c_prev: o * sigmoid(c), "wrong-activation", "c goes through a sigmoid in h"),
            Filling(lambda o, c, c_prev: (1 - o) * np.tanh(c), "flipped-gate", "the share 1 - o is shown in h"),
            Filling(lambda o, c, c_prev: np.tanh(o) * c, "misplaced-tanh", "the tanh is applied to o in h, not to c"),
            Filling(lambda o, c, c_prev: o, "missing-cell", "the cell state is left out of h"),
            Filling(
                lambda o, c, c_prev: o * np.tanh(np.tanh(c)), "double-activation", "c goes through tanh twice in h"
            ),
            Filling(lambda o, c, c_prev: o + np.tanh(c), "wrong-operator", "o is added to tanh(c), not multiplied"),
        ],
        "candidate": [
            Filling(np.tanh),
            Filling(sigmoid, "wrong-activation", "the candidate goes through a sigmoid instead of tanh"),
            Filling(identity, "no-activation", "the candidate has no activation"),
            Filling(lambda a: np.tanh(sigmoid(a)), "double-activation", "the candidate goes through sigmoid and tanh"),
            Filling(lambda a: np.tanh(np.tanh(a)), "double-activation", "the candidate goes through tanh twice"),
            Filling(lambda a: np.maximum(a, 0), "wrong-activation", "the candidate goes through ReLU"),
        ],
        "gates": [
            Filling({}),
            Filling(dict.fromkeys("ifo", np.tanh), "wrong-activation", "the gates go through tanh, not the sigmoid"),
            Filling({"f": lambda a: sigmoid(a + 1)}, "wrong-values", "1 is added to the sum of the forget gate"),
            Filling(dict.fromkeys("ifo", identity), "no-activation", "the gates have no activation"),
            *(Filling({k: np.tanh}, "wrong-activation", f"{k} goes through tanh, not the sigmoid") for k in "ifo"),
            *(Filling({k: identity}, "no-activation", f"{k} has no activation") for k in "ifo"),
        ],
        "cell": [
            Filling(lambda f, i, g, c_prev: f * c_prev + i * g),
            Filling(lambda f, i, g, c_prev: (1 - f) * c_prev + i * g, "flipped-gate", "the share 1 - f is kept"),
            Filling(lambda f, i, g, c_prev: c_prev + i * g, "missing-forget-gate", "the forget gate is left out"),
            Filling(lambda f, i, g, c_prev: f * c_prev + g, "missing-input-gate", "the input gate is left out"),
            Filling(lambda f, i, g, c_prev: i * g, "missing-cell", "the old cell state is left out"),
            Filling(lambda f, i, g, c_prev: f * c_prev, "missing-candidate", "nothing is written to the cell"),
            Filling(lambda f, i, g, c_prev: f * c_prev + (1 - f) * g, "other-convention", "1 - f stands in for i"),
            Filling(lambda f, i, g, c_prev: f * c_prev + (1 - i) * g, "flipped-gate", "the share 1 - i is written"),
            Filling(lambda f, i, g, c_prev: i * c_prev + f * g, "swapped-gates", "f and i change places in c"),
            Filling(lambda f, i, g, c_prev: f * c_prev * i * g, "wrong-operator", "the two products are multiplied"),
            Filling(lambda f, i, g, c_prev: (f * c_prev + i) * g, "misplaced-brackets", "g scales the whole sum"),
            Filling(lambda f, i, g, c_prev: f * c_prev - i * g, "wrong-sign", "the term i * g is subtracted"),
            Filling(lambda f, i, g, c_prev: f * (c_prev + i * g), "misplaced-brackets", "f scales the whole sum"),
            Filling(
                lambda f, i, g, c_prev: np.tanh(f * c_prev + i * g), "wrong-activation", "a tanh is applied to c itself"
            ),
        ],
        "shows": [
            Filling(lambda i, f, o: o),
            Filling(lambda i, f, o: i, "swapped-gates", "i stands in for o in h", "It is o that shows the cell."),
            Filling(lambda i, f, o: f, "swapped-gates", "f stands in for o in h", "It is o that shows the cell."),
        ],
        "sum": [
            Filling(lambda a_x, a_h, b: a_x + a_h + b),
            Filling(lambda a_x, a_h, b: a_x + a_h, "missing-bias", "the bias b is left out"),
            Filling(lambda a_x, a_h, b: a_h + b, "missing-input-term", "the term x @ W_x is left out"),
            Filling(lambda a_x, a_h, b: a_x + b, "missing-hidden-term", "the term h_prev @ W_h is left out"),
            Filling(lambda a_x, a_h, b: a_x + a_h - b, "wrong-sign", "the bias b is subtracted"),
            Filling(lambda a_x, a_h, b: a_x + a_h + 2 * b, "wrong-values", "the bias b is counted twice"),
            Filling(lambda a_x, a_h, b: a_x - a_h + b, "wrong-sign", "the term h_prev @ W_h is subtracted"),
            Filling(lambda a_x, a_h, b: a_x * a_h + b, "wrong-operator", "the products are multiplied, not added"),
            Filling(
                lambda a_x, a_h, b: -(a_x + a_h + b),
                "wrong-sign",
                "the sign of the whole pre-activation is turned round",
            ),
        ],
        "states": [
            Filling(lambda h, c: (h, c)),
            Filling(lambda h, c: (c, h), "swapped-states", "h_prev and c_prev change places"),
            Filling(lambda h, c: (c, c), "swapped-states", "c_prev is used where h_prev belongs"),
            Filling(lambda h, c: (h, h), "swapped-states", "h_prev is used where c_prev belongs"),
        ],
        "outputs": [
            Filling(lambda h, c, c_prev: (h, c)),
            Filling(
                lambda h, c, c_prev: (c, h),
                "swapped-outputs",
                "c and h are returned in the wrong order",
                "Return h, c.",
            ),
            Filling(
                lambda h, c, c_prev: (h, np.tanh(c)),
                "misplaced-tanh",
                "c is returned after its tanh",
                "Return c itself.",
            ),
            Filling(lambda h, c, c_prev: (h, h), "swapped-outputs", "h is returned twice", "Return h, c."),
            Filling(lambda h, c, c_prev: (c, c), "swapped-outputs", "c is returned twice", "Return h, c."),
            Filling(
                lambda h, c, c_prev: (h, c_prev),
                "old-cell",
                "c_prev is returned, not the new cell state",
                "Return h, c.",
            ),
        ],
    },
    last=("outputs",),
)

EXERCISE = Exercise(
    id="lstm.lstm_step",
    outputs=("h", "c"),
    reference=lambda **arguments: lstm.step(**arguments)[:2],
    draw=lambda rng: draw_cases(rng, _STEP_SHAPES),
    family=_LSTM_STEP,
    see="the chapter on the LSTM, section The whole step (lstm-preactivation to lstm-hidden)",
    builds_on=("forget_gate", "input_gate", "candidate", "update_cell", "output_gate", "hidden_state"),
    ranges={"h": (-1, 1)},
)
