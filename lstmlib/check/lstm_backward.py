"""The exercise on the LSTM's backward step: which of its many factors is missing?"""

import itertools

import numpy as np

from lstmlib import lstm
from lstmlib.check.backward import outputs_slot, product_slots, products_back
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.gates import order_slot
from lstmlib.check.mistakes import Family, Filling

GRADIENTS = ("dx", "dh_prev", "dc_prev", "dW_x", "dW_h", "db")


def _make(dh, dc, x, h_prev, c_prev, W_x, W_h, b):
    """The arguments as a forward step leaves them, so that whoever computes c again gets the same."""
    _, _, tape = lstm.step(x, h_prev, c_prev, W_x, W_h, b)
    return {"dh": dh, "dc": dc, **tape._asdict(), "W_x": W_x, "W_h": W_h}


def _reference(dh, dc, x, h_prev, c_prev, i, f, g, o, c, W_x, W_h):
    return lstm.step_backward(dh, dc, lstm.Tape(x, h_prev, c_prev, i, f, g, o, c), W_x, W_h)


def _backward(slots, dh, dc, x, h_prev, c_prev, i, f, g, o, c, W_x, W_h):
    do = slots["do"](dh, o, c)
    dc_next, dc = dc, slots["dc"](dh, dc, o, c)
    at = {name: dc_next if name in slots["early"] else dc for name in "fig"}
    df, di, dg = slots["df"](at["f"], c_prev, c), slots["di"](at["i"], i, g), slots["dg"](at["g"], i, g)
    dc_prev = slots["dc_prev"](dc, dc_next, f, c_prev)
    before = {"i": di, "f": df, "g": dg, "o": do}
    gates = {"i": i, "f": f, "g": g, "o": o}
    late = {name: slots["slopes"](name, gates[name], before[name]) for name in "ifgo"}
    da, early = (np.concatenate([part[name] for name in slots["order"]], axis=-1) for part in (late, before))
    dx, dh_prev, *params = products_back(slots, x, h_prev, o * np.tanh(c), da, early, W_x, W_h)
    return slots["outputs"](dx, dh_prev, dc_prev, *params)


def _slope(name, v):
    return 1 - v**2 if name == "g" else v * (1 - v)


def _slopes(sentence, hint, diagnosis="wrong-slope", **own):
    """A filling in which some of the slopes are others; ``own`` gives them by the names of gates (``ifo=...``)."""
    others = {name: slope for names, slope in own.items() for name in names}
    return Filling(
        lambda name, v, d: d * others[name](v) if name in others else d * _slope(name, v), diagnosis, sentence, hint
    )


_HINT = "Each gate has the slope v (1 - v), the candidate 1 - g²."


def _without(names):
    words = "all slopes are" if len(names) == 4 else f"the slope of {' and '.join(names)} is"
    return _slopes(f"{words} left out", _HINT, "missing-slope", **{names: lambda v: 1})


_SECOND = "The cell acts in two ways, later and through h: dc + dh o (1 - tanh²(c))."
_ADDED = "dc from the future"
_BACKWARD = Family(
    _backward,
    {
        "dc": [
            Filling(lambda dh, dc, o, c: dc + dh * o * (1 - np.tanh(c) ** 2)),
            Filling(
                lambda dh, dc, o, c: dh * o * (1 - np.tanh(c) ** 2), "missing-path", f"{_ADDED} is left out", _SECOND
            ),
            Filling(lambda dh, dc, o, c: dc, "missing-path", "what reaches c through h is left out", _SECOND),
            Filling(lambda dh, dc, o, c: dc + dh * o, "missing-slope", "the slope of tanh(c) is left out", _SECOND),
            Filling(
                lambda dh, dc, o, c: dc + dh * (1 - np.tanh(c) ** 2), "missing-factor", "o is left out of dc", _SECOND
            ),
            Filling(lambda dh, dc, o, c: dc + dh, "missing-factor", "o and the slope are left out of dc", _SECOND),
            Filling(
                lambda dh, dc, o, c: dh * o, "missing-path", f"{_ADDED} and the slope of tanh(c) are left out", _SECOND
            ),
            Filling(
                lambda dh, dc, o, c: dc + dh * o * (1 - c**2),
                "wrong-slope",
                "the slope of tanh is taken as 1 - c²",
                _SECOND,
            ),
            Filling(
                lambda dh, dc, o, c: dc + dh * o * np.tanh(c), "wrong-slope", "tanh(c) stands in for its slope", _SECOND
            ),
            Filling(
                lambda dh, dc, o, c: dc + dh * o * (1 - np.tanh(c)),
                "wrong-slope",
                "the slope lacks its square",
                _SECOND,
            ),
            Filling(
                lambda dh, dc, o, c: dc + dh * o * (1 - np.tanh(np.tanh(c)) ** 2),
                "wrong-slope",
                "tanh is applied twice in the slope",
                _SECOND,
            ),
            Filling(
                lambda dh, dc, o, c: (dc + dh) * o * (1 - np.tanh(c) ** 2),
                "misplaced-brackets",
                f"{_ADDED} goes through o and the slope as well",
                _SECOND,
            ),
            Filling(lambda dh, dc, o, c: dc - dh * o * (1 - np.tanh(c) ** 2), "wrong-sign", "the two are subtracted"),
            Filling(lambda dh, dc, o, c: dc + dh * o * c * (1 - c), "wrong-slope", "the slope is that of a sigmoid"),
        ],
        "do": [
            Filling(lambda dh, o, c: dh * np.tanh(c)),
            Filling(lambda dh, o, c: dh * c, "missing-tanh", "do is dh * c", "o is multiplied with tanh(c)."),
            Filling(lambda dh, o, c: dh, "missing-factor", "tanh(c) is left out of do", "do = dh tanh(c)."),
            Filling(lambda dh, o, c: dh * o, "wrong-factor", "do is dh * o", "o is multiplied with tanh(c)."),
            Filling(
                lambda dh, o, c: dh * (1 - np.tanh(c) ** 2),
                "wrong-factor",
                "do is made with the slope of tanh(c)",
                "do = dh tanh(c).",
            ),
            Filling(lambda dh, o, c: 0 * dh, "missing-path", "do is zero", "do = dh tanh(c)."),
        ],
        "df": [
            Filling(lambda dc, c_prev, c: dc * c_prev),
            Filling(lambda dc, c_prev, c: dc * c, "wrong-step", "df is dc * c", "f was multiplied with c_prev."),
            Filling(lambda dc, c_prev, c: dc, "missing-factor", "c_prev is left out of df", "df = dc c_prev."),
            Filling(
                lambda dc, c_prev, c: dc * np.tanh(c_prev),
                "wrong-factor",
                "df is dc * tanh(c_prev)",
                "There is no tanh.",
            ),
            Filling(lambda dc, c_prev, c: 0 * dc, "missing-path", "df is zero", "df = dc c_prev."),
        ],
        "dc_prev": [
            Filling(lambda dc, dc_next, f, c_prev: dc * f),
            Filling(lambda dc, dc_next, f, c_prev: dc, "missing-factor", "f is left out of dc_prev", "dc_prev = dc f."),
            Filling(
                lambda dc, dc_next, f, c_prev: dc_next * f,
                "missing-path",
                "dc_prev is made from the dc that was passed in, before dh was added",
                _SECOND,
            ),
            Filling(
                lambda dc, dc_next, f, c_prev: dc * c_prev, "wrong-factor", "dc_prev is dc * c_prev", "dc_prev = dc f."
            ),
            Filling(
                lambda dc, dc_next, f, c_prev: dc * (1 - f),
                "flipped-gate",
                "dc_prev is dc * (1 - f)",
                "dc_prev = dc f.",
            ),
            Filling(
                lambda dc, dc_next, f, c_prev: dc * f * (1 - f),
                "wrong-factor",
                "dc_prev has the slope of f",
                "dc_prev = dc f.",
            ),
            Filling(
                lambda dc, dc_next, f, c_prev: dc * f + dc_next,
                "wrong-path",
                "dc is added to dc_prev",
                "dc_prev = dc f.",
            ),
            Filling(lambda dc, dc_next, f, c_prev: 0 * dc, "missing-path", "dc_prev is zero", "dc_prev = dc f."),
            Filling(
                lambda dc, dc_next, f, c_prev: dc_next, "missing-path", "dc is returned as it came", "dc_prev = dc f."
            ),
        ],
        "di": [
            Filling(lambda dc, i, g: dc * g),
            Filling(lambda dc, i, g: dc * i, "swapped-factors", "di is dc * i", "i was multiplied with g."),
            Filling(lambda dc, i, g: dc, "missing-factor", "g is left out of di", "di = dc g."),
            Filling(lambda dc, i, g: dc * np.tanh(g), "wrong-factor", "di is dc * tanh(g)", "g is squashed already."),
            Filling(lambda dc, i, g: 0 * dc, "missing-path", "di is zero", "di = dc g."),
        ],
        "dg": [
            Filling(lambda dc, i, g: dc * i),
            Filling(lambda dc, i, g: dc * g, "swapped-factors", "dg is dc * g", "g was multiplied with i."),
            Filling(lambda dc, i, g: dc, "missing-factor", "i is left out of dg", "dg = dc i."),
            Filling(lambda dc, i, g: 0 * dc, "missing-path", "dg is zero", "dg = dc i."),
        ],
        "slopes": [
            Filling(lambda name, v, d: d * _slope(name, v)),
            *(_without(names) for size in (1, 3, 4, 2) for names in map("".join, itertools.combinations("ifgo", size))),
            _slopes("the candidate has the slope of a sigmoid", "It is 1 - g².", g=lambda v: v * (1 - v)),
            _slopes("the gates have the slope of tanh", "It is v (1 - v) for them.", ifo=lambda v: 1 - v**2),
            _slopes("tanh is applied to g again in its slope", "It is 1 - g².", g=lambda v: 1 - np.tanh(v) ** 2),
            _slopes("the slope of g lacks its square", "It is 1 - g².", g=lambda v: 1 - v),
            _slopes("the slopes of the gates lack a factor", "It is v (1 - v) for them.", ifo=lambda v: 1 - v),
            *(_slopes(f"the slope of {k} lacks a factor", _HINT, **{k: lambda v: 1 - v}) for k in "ifo"),
            *(_slopes(f"{k} has the slope of tanh", _HINT, **{k: lambda v: 1 - v**2}) for k in "ifo"),
            Filling(
                lambda name, v, d: d - v**2 if name == "g" else d * _slope(name, v),
                "misplaced-brackets",
                "the brackets around 1 - g² are missing",
                "Write dg * (1 - g**2).",
            ),
            Filling(
                lambda name, v, d: d * _slope(name, v) if name == "g" else d * v - v,
                "misplaced-brackets",
                "the brackets around 1 - v are missing in the slopes of the gates",
                "Write di * i * (1 - i), and so on.",
            ),
        ],
        "early": [
            Filling(""),
            *(
                Filling(
                    names,
                    "missing-path",
                    f"{' and '.join('d' + name for name in names)} "
                    f"{'is' if len(names) == 1 else 'are'} made from the dc that was passed in, before dh was added",
                    _SECOND,
                )
                for names in ("f", "i", "g", "ig", "fig")
            ),
        ],
        "order": order_slot("ifgo"),
        **product_slots(fused=True),
        "outputs": outputs_slot(GRADIENTS),
    },
    last=("outputs",),
    most_pairs=350,
)
_SHAPES = {
    "dh": "N H", "dc": "N H", "x": "N D", "h_prev": "N H", "c_prev": "N H", "W_x": "D 4H", "W_h": "H 4H", "b": "4H",
}  # fmt: skip

EXERCISE = Exercise(
    id="lstm.lstm_step_backward",
    outputs=GRADIENTS,
    reference=_reference,
    draw=lambda rng: draw_cases(rng, _SHAPES, _make),
    family=_BACKWARD,
    see="the chapter on the gradient of an LSTM, section One step backwards (lstm-do to lstm-dparams)",
)
