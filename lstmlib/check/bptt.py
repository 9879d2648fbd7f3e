"""The exercise on backpropagation through time: the gradient of a whole sequence, and the ways to lose parts of it."""

import numpy as np

from lstmlib import rnn
from lstmlib.check.backward import outputs_slot, product_slots, slope_slot
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.mistakes import Family, Filling

_BPTT_SHAPES = {"xs": "T N D", "h_0": "N H", "dhs": "T N H", "W_x": "D H", "W_h": "H H", "b": "H"}
_BOTH = "A state acts through its own loss and through the next state: dhs[t] plus what comes back."
_STARTS = "The last step comes first: a gradient comes from the future."


def _tame(xs, h_0, dhs, W_x, W_h, b):
    """Weights so small that no gradient explodes, or rounding in single precision would look like a mistake."""
    return {"xs": xs, "h_0": h_0, "dhs": dhs, "W_x": W_x / 2, "W_h": W_h / 2, "b": b}


def _bptt_reference(xs, h_0, dhs, W_x, W_h, b):
    h, tapes = h_0, []
    for x in xs:
        h, tape = rnn.step(x, h, W_x, W_h, b)
        tapes.append(tape)
    dh_next, sums = np.zeros_like(h_0), [np.zeros_like(value) for value in (W_x, W_h, b)]
    for tape, dh in zip(reversed(tapes), reversed(dhs), strict=True):
        _, dh_next, *gradients = rnn.step_backward(dh + dh_next, tape, W_x, W_h)
        sums = [total + gradient for total, gradient in zip(sums, gradients, strict=True)]
    return tuple(sums)


def _bptt(slots, xs, h_0, dhs, W_x, W_h, b):
    states = [slots["start"](h_0)]
    for x in xs:
        states.append(np.tanh(slots["sum"](x @ W_x, slots["from"](states) @ W_h, b)))
    dh_next, T = 0, len(xs)
    sums: list[np.ndarray] = []
    for t in slots["direction"](T):
        dh = slots["arrives"](dhs, slots["losses"](t, T), dh_next)
        da = slots["slope"](dh, states[t + 1], states[t])
        x, state = slots["inputs"](xs, t), slots["factor"](states[t], states[t + 1])
        N = slots["batch"](len(da))
        step = [slots["dW_x"](x, da, dh) / N, slots["dW_h"](state, da, dh) / N, slots["db"](da, dh) / N]
        sums = slots["sums"](sums, step)
        dh_next = slots["pile"](slots["carry"](da, dh, W_h), dh_next)
    return slots["outputs"](*(slots["length"](total, T) for total in sums))


def _add(sums, step):
    return step if not sums else [total + gradient for total, gradient in zip(sums, step, strict=True)]


_BPTT = Family(
    _bptt,
    {
        "slope": slope_slot("h"),
        "arrives": [
            Filling(lambda dhs, t, dh_next: dhs[t] + dh_next),
            Filling(lambda dhs, t, dh_next: dhs[t], "missing-path", "nothing comes back from the next step", _BOTH),
            Filling(
                lambda dhs, t, dh_next: dhs[-1] if np.ndim(dh_next) == 0 else dh_next,
                "missing-local-loss",
                "only the last step's loss counts",
                _BOTH,
            ),
            Filling(
                lambda dhs, t, dh_next: dhs[-1] + dh_next, "wrong-step", "dhs[-1] is added in every step", "Add dhs[t]."
            ),
            Filling(lambda dhs, t, dh_next: dhs[t] - dh_next, "wrong-sign", "what comes back is subtracted", _BOTH),
            Filling(
                lambda dhs, t, dh_next: dhs[t] if np.ndim(dh_next) == 0 else dhs[t] * dh_next,
                "wrong-operator",
                "dhs[t] is multiplied with what comes back",
                _BOTH,
            ),
        ],
        "carry": [
            Filling(lambda da, dh, W: da @ W.T),
            Filling(lambda da, dh, W: da @ W, "transposed-weights", "what goes back is da @ W_h", "Write da @ W_h.T."),
            Filling(
                lambda da, dh, W: dh @ W.T, "missing-slope", "what goes back is dh @ W_h.T", "It is da that goes back."
            ),
            Filling(lambda da, dh, W: dh @ W, "transposed-weights", "what goes back is dh @ W_h", "Write da @ W_h.T."),
            Filling(lambda da, dh, W: da, "missing-weights", "da goes back without W_h", "Write da @ W_h.T."),
            Filling(lambda da, dh, W: dh, "missing-weights", "dh goes back as it came", "Write da @ W_h.T."),
            Filling(lambda da, dh, W: da @ W.T + dh, "wrong-path", "dh goes back as well", "Write da @ W_h.T alone."),
        ],
        "pile": [
            Filling(lambda new, old: new),
            Filling(
                lambda new, old: new + old,
                "adds-instead-of-assigning",
                "what goes back piles up from step to step",
                "What came back has been used up in its step: = in the place of +=.",
            ),
        ],
        "sums": [
            Filling(_add),
            Filling(
                lambda sums, step: step,
                "assigns-instead-of-adding",
                "the gradients of the step that comes last replace those of the others",
                "All steps share the weights, so their gradients are added: += in the place of =.",
            ),
            *(
                Filling(
                    lambda sums, step, k=k: [*_add(sums, step)[:k], step[k], *_add(sums, step)[k + 1 :]],
                    "assigns-instead-of-adding",
                    f"{name} of the step that comes last replaces that of the others",
                    "All steps share the weights, so their gradients are added: += in the place of =.",
                )
                for k, name in enumerate(("dW_x", "dW_h", "db"))
            ),
            Filling(
                lambda sums, step: sums or step,
                "missing-sum",
                "only the gradients of the step that comes first are kept",
                "Does the function return inside the loop?",
            ),
        ],
        "from": [
            Filling(lambda states: states[-1]),
            Filling(
                lambda states: states[0],
                "wrong-step",
                "each step forwards starts from h_0",
                "Each starts from the state that the one before it gave.",
            ),
        ],
        "inputs": [
            Filling(lambda xs, t: xs[t]),
            Filling(lambda xs, t: xs[t - 1], "wrong-step", "dW_x is made with xs[t - 1]", "Step t reads xs[t]."),
        ],
        "factor": [
            Filling(lambda h_prev, h: h_prev),
            Filling(lambda h_prev, h: h, "wrong-step", "dW_h is made with h_t", "W_h was multiplied with h_{t-1}."),
        ],
        "direction": [
            Filling(lambda T: range(T - 1, -1, -1)),
            Filling(range, "wrong-direction", "the loop goes from the first step to the last", _STARTS),
            Filling(
                lambda T: range(T - 1, 0, -1),
                "missing-step",
                "the first step is left out",
                "range(T - 1, -1, -1) ends at 0.",
            ),
            Filling(
                lambda T: range(T - 2, -1, -1),
                "missing-step",
                "the last step is left out",
                "range(T - 1, -1, -1) begins at T - 1.",
            ),
        ],
        "losses": [
            Filling(lambda t, T: t),
            Filling(
                lambda t, T: t - 1,
                "wrong-step",
                "dhs[t - 1] is added in step t",
                "Step t gives the state that dhs[t] belongs to.",
            ),
            Filling(
                lambda t, T: T - 1 - t,
                "wrong-direction",
                "dhs is read from its first entry on",
                "Read dhs backwards, too.",
            ),
        ],
        "start": [
            Filling(lambda h_0: h_0),
            Filling(np.zeros_like, "wrong-start", "the sequence starts from zeros", "It starts from h_0."),
        ],
        "sum": [
            Filling(lambda a_x, a_h, b: a_x + a_h + b),
            Filling(lambda a_x, a_h, b: a_x + a_h, "missing-bias", "the bias b is left out of the forward pass"),
            Filling(lambda a_x, a_h, b: a_x + b, "missing-hidden-term", "the states are made without h_prev @ W_h"),
            Filling(lambda a_x, a_h, b: a_h + b, "missing-input-term", "the states are made without x @ W_x"),
        ],
        **{name: product_slots(fused=False)[name] for name in ("dW_x", "dW_h", "db", "batch")},
        "length": [
            Filling(lambda total, T: total),
            Filling(
                lambda total, T: total / T, "mean-instead-of-sum", "the gradients are divided by T", "Add them up."
            ),
        ],
        "outputs": outputs_slot(("dW_x", "dW_h", "db")),
    },
    last=("outputs",),
    most_pairs=500,
)


EXERCISES = [
    Exercise(
        id="rnn.bptt",
        outputs=("dW_x", "dW_h", "db"),
        reference=_bptt_reference,
        draw=lambda rng: draw_cases(rng, _BPTT_SHAPES, _tame),
        family=_BPTT,
        see="the chapter on backpropagation through time, section From a double sum to one pass (bptt-recursion)",
        builds_on=("rnn_step", "rnn_step_backward", "tanh_slope"),
    ),
]
