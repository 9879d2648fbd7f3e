"""The exercises on the LSTM, gate by gate and state by state: data, reference, and the mistakes that students make."""

import numpy as np

from lstmlib import lstm
from lstmlib.activations import sigmoid
from lstmlib.check import lstm_backward, lstm_step
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.gates import SIGMOID, TANH, gate_exercise
from lstmlib.check.mistakes import Family, Filling

# State equations ------------------------------------------------------------------------------------------


def _update_cell(slots, f, i, g, c_prev):
    if slots["gates"] == "swapped":
        f, i = i, f
    if slots["gates"] == "squashed again":
        f, i = sigmoid(f), sigmoid(i)
    kept, written = slots["keep"](f, i, c_prev), slots["write"](f, i, g)
    return slots["result"](slots["join"](f, i, g, kept, written, c_prev))


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
        "join": [
            Filling(lambda f, i, g, kept, written, c: kept + written),
            Filling(
                lambda f, i, g, kept, written, c: f * (c + written),
                "misplaced-brackets",
                "f scales the whole sum",
                "f belongs to c_prev alone.",
            ),
            Filling(
                lambda f, i, g, kept, written, c: (kept + i) * g,
                "misplaced-brackets",
                "g scales the whole sum",
                "g belongs to i alone.",
            ),
            Filling(lambda f, i, g, kept, written, c: kept * written, "wrong-operator", "the products are multiplied"),
            Filling(
                lambda f, i, g, kept, written, c: (kept + written) / 2, "wrong-values", "the mean is taken, not the sum"
            ),
        ],
        "keep": [
            Filling(lambda f, i, c: f * c),
            Filling(lambda f, i, c: (1 - f) * c, "flipped-gate", "the share 1 - f is kept", "f = 1 keeps all."),
            Filling(lambda f, i, c: (1 - i) * c, "other-convention", "1 - i stands in for f, as in a coupled LSTM"),
            Filling(lambda f, i, c: c, "missing-forget-gate", "all of c_prev is kept: f is left out"),
            Filling(lambda f, i, c: i * c, "swapped-gates", "i is used where f belongs", "f goes with c_prev."),
            Filling(lambda f, i, c: f, "missing-cell", "f is not multiplied with c_prev"),
            Filling(lambda f, i, c: 0, "missing-cell", "the old cell state is left out"),
            Filling(lambda f, i, c: f * np.tanh(c), "other-convention", "a tanh is applied to c_prev"),
            Filling(lambda f, i, c: -(f * c), "wrong-sign", "the term f * c_prev is subtracted"),
            Filling(lambda f, i, c: f + c, "wrong-operator", "f is added to c_prev, not multiplied with it"),
            Filling(
                lambda f, i, c: f @ c, "matrix-product", "f @ c_prev is a matrix product", "Entry by entry: f * c_prev."
            ),
            Filling(lambda f, i, c: f @ c.T, "matrix-product", "f @ c_prev.T is a matrix product", "Write f * c_prev."),
        ],
        "write": [
            Filling(lambda f, i, g: i * g),
            Filling(lambda f, i, g: (1 - i) * g, "flipped-gate", "the share 1 - i is written", "i = 1 writes all."),
            Filling(lambda f, i, g: (1 - f) * g, "other-convention", "1 - f stands in for i, as in a coupled LSTM"),
            Filling(lambda f, i, g: g, "missing-input-gate", "all of g is written: i is left out"),
            Filling(lambda f, i, g: f * g, "swapped-gates", "f is used where i belongs", "i goes with g."),
            Filling(lambda f, i, g: i, "missing-candidate", "i is added without the candidate g"),
            Filling(lambda f, i, g: 0, "missing-candidate", "nothing is written: the term i * g is left out"),
            Filling(lambda f, i, g: i * np.tanh(g), "other-convention", "a second tanh is applied to g"),
            Filling(lambda f, i, g: -(i * g), "wrong-sign", "the term i * g is subtracted"),
            Filling(lambda f, i, g: i + g, "wrong-operator", "i is added to g, not multiplied with it"),
            Filling(lambda f, i, g: i @ g, "matrix-product", "i @ g is a matrix product", "Entry by entry: i * g."),
            Filling(lambda f, i, g: i @ g.T, "matrix-product", "i @ g.T is a matrix product", "Entry by entry: i * g."),
        ],
        "result": [
            Filling(lambda c: c),
            Filling(np.tanh, "wrong-activation", "a tanh is applied to the new cell state", "It belongs to h."),
            Filling(sigmoid, "wrong-activation", "a sigmoid is applied to the new cell state", "It has none."),
            Filling(
                lambda c: np.maximum(c, 0), "wrong-activation", "ReLU is applied to the new cell state", "It has none."
            ),
            Filling(
                lambda c: np.clip(c, -1, 1), "wrong-activation", "the new cell state is clipped", "It has no bound."
            ),
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
            Filling(lambda o, c: o + np.tanh(c), "wrong-operator", "o is added to tanh(c), not multiplied with it"),
            Filling(lambda o, c: o * np.tanh(np.tanh(c)), "double-activation", "tanh is applied to c twice"),
            Filling(lambda o, c: np.tanh(o) * c, "misplaced-tanh", "the tanh is applied to o, not to c", "Squash c."),
            Filling(lambda o, c: o * np.maximum(c, 0), "wrong-activation", "ReLU is applied to c instead of tanh"),
            Filling(lambda o, c: o * (1 - np.tanh(c) ** 2), "wrong-activation", "the slope of tanh is applied to c"),
            Filling(lambda o, c: o * np.tan(c), "wrong-activation", "tan is applied to c", "The function is np.tanh."),
            Filling(
                lambda o, c: o @ np.tanh(c), "matrix-product", "o @ tanh(c) is a matrix product", "Write o * tanh(c)."
            ),
            Filling(
                lambda o, c: o @ np.tanh(c).T,
                "matrix-product",
                "o @ tanh(c).T is a matrix product",
                "Write o * tanh(c).",
            ),
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

# --------------------------------------------------------------------------------------------------------------


def _see(section, label):
    return f"the chapter on the LSTM, section {section} ({label})"


EXERCISES = [
    gate_exercise("lstm.forget_gate", "f", SIGMOID, lstm.forget_gate, _see("Forget gate", "lstm-forget")),
    gate_exercise("lstm.input_gate", "i", SIGMOID, lstm.input_gate, _see("Input gate", "lstm-input")),
    gate_exercise("lstm.candidate", "g", TANH, lstm.candidate, _see("Candidate", "lstm-candidate")),
    Exercise(
        id="lstm.update_cell",
        outputs=("c",),
        reference=lstm.update_cell,
        draw=lambda rng: draw_cases(rng, dict.fromkeys(("f", "i", "g", "c_prev"), "N H")),
        family=_UPDATE_CELL,
        see=_see("New cell state", "lstm-cell"),
    ),
    gate_exercise("lstm.output_gate", "o", SIGMOID, lstm.output_gate, _see("Output gate", "lstm-output")),
    Exercise(
        id="lstm.hidden_state",
        outputs=("h",),
        reference=lstm.hidden_state,
        draw=lambda rng: draw_cases(rng, dict.fromkeys(("o", "c"), "N H")),
        family=_HIDDEN_STATE,
        see=_see("Hidden state", "lstm-hidden"),
        ranges={"h": (-1, 1)},
    ),
    lstm_step.EXERCISE,
    lstm_backward.EXERCISE,
]
