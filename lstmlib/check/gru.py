"""The exercises on the GRU: gates, candidate, blend, and the whole step."""

import numpy as np

from lstmlib import gru
from lstmlib.activations import sigmoid
from lstmlib.check import conventions, gru_backward
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.gates import SIGMOID, SUM_SLOTS, TANH, bias, gate_exercise, identity, order_slot, products
from lstmlib.check.mistakes import Family, Filling

# Candidate ------------------------------------------------------------------------------------------------

_AFTER = "r scales what comes from the old state, its bias included: r * (h_prev @ W_h + b_hn)."
_RESET = [
    Filling(lambda r, a_h, b_hn, before: r * (a_h + b_hn)),
    Filling(
        lambda r, a_h, b_hn, before: before + b_hn,
        "other-convention",
        "r scales h_prev before the product with W_h",
        _AFTER,
    ),
    Filling(
        lambda r, a_h, b_hn, before: r * (before + b_hn), "wrong-reset", "r scales h_prev and the sum as well", _AFTER
    ),
    Filling(lambda r, a_h, b_hn, before: a_h + b_hn, "missing-reset-gate", "the reset gate is left out", _AFTER),
    Filling(
        lambda r, a_h, b_hn, before: 0 * a_h, "missing-hidden-term", "the bracket that r scales is left out", _AFTER
    ),
    Filling(lambda r, a_h, b_hn, before: r * a_h + b_hn, "misplaced-bias", "b_hn stays outside of the bracket", _AFTER),
    Filling(lambda r, a_h, b_hn, before: a_h + r * b_hn, "misplaced-brackets", "r scales b_hn alone", _AFTER),
    Filling(lambda r, a_h, b_hn, before: (1 - r) * (a_h + b_hn), "flipped-gate", "1 - r stands in for r", _AFTER),
    Filling(lambda r, a_h, b_hn, before: r + a_h + b_hn, "wrong-operator", "r is added, not multiplied", _AFTER),
    Filling(
        lambda r, a_h, b_hn, before: sigmoid(r) * (a_h + b_hn), "double-activation", "r goes through a sigmoid again"
    ),
]
_EVERYTHING = "r belongs to the term of the old state alone."
_CANDIDATE_FORMS = [
    Filling(lambda act, r, a_x, b, inner: act(a_x + b + inner)),
    Filling(
        lambda act, r, a_x, b, inner: act(r * (a_x + b) + inner),
        "misplaced-brackets",
        "r scales everything",
        _EVERYTHING,
    ),
    Filling(
        lambda act, r, a_x, b, inner: act(r * a_x + b + inner),
        "misplaced-brackets",
        "r scales x @ W_x as well",
        _EVERYTHING,
    ),
    Filling(
        lambda act, r, a_x, b, inner: act(a_x + r * b + inner), "misplaced-brackets", "r scales b as well", _EVERYTHING
    ),
    Filling(
        lambda act, r, a_x, b, inner: r * act(a_x + b + inner),
        "misplaced-activation",
        "r scales the result",
        _EVERYTHING,
    ),
    Filling(
        lambda act, r, a_x, b, inner: act(act(a_x + b + inner)), "double-activation", "the activation is applied twice"
    ),
    Filling(lambda act, r, a_x, b, inner: act(a_x + b) + inner, "misplaced-activation", "h_prev stays outside"),
    Filling(
        lambda act, r, a_x, b, inner: act(a_x + b) + act(inner),
        "misplaced-activation",
        "the terms are squashed one by one",
    ),
    Filling(lambda act, r, a_x, b, inner: act(a_x + inner) + b, "misplaced-bias", "b is added after the activation"),
    Filling(lambda act, r, a_x, b, inner: act(a_x + b + inner).T, "wrong-shape", "the result is transposed"),
]


def _candidate(slots, x, h_prev, r, W_x, W_h, b, b_hn):
    b, b_hn = slots["biases"](b, b_hn)
    a_x, a_h = products(slots, x, h_prev, W_x, W_h)
    _, before = products(slots, x, r * h_prev, W_x, W_h)
    inner = slots["reset"](r, a_h, slots["b_hn"](b_hn), before)
    return slots["form"](slots["activation"], r, a_x, slots["bias"](b), inner)


_BIASES = [
    Filling(lambda b, b_hn: (b, b_hn)),
    Filling(
        lambda b, b_hn: (b_hn, b), "swapped-biases", "b and b_hn change places", "b_hn stands in the bracket with r."
    ),
]
_CANDIDATE = Family(
    _candidate,
    {
        "reset": _RESET,
        "activation": TANH,
        "form": _CANDIDATE_FORMS,
        "b_hn": bias("b_hn"),
        "biases": _BIASES,
        **SUM_SLOTS,
    },
)

# Blend ----------------------------------------------------------------------------------------------------

_KEEPS = "z = 1 keeps the old state: (1 - z) * n + z * h_prev."


def _blend(slots, z, n, h_prev):
    return slots["result"](slots["blend"](*slots["states"](z, n, h_prev)))


_BLENDS = [
    Filling(lambda z, n, h: (1 - z) * n + z * h),
    Filling(lambda z, n, h: (1 - z) * h + z * n, "other-convention", "z writes in the place of keeping", _KEEPS),
    Filling(lambda z, n, h: n + z * h, "missing-factor", "1 - z is left out", _KEEPS),
    Filling(lambda z, n, h: (1 - z) * n + h, "missing-factor", "z is left out of the term with h_prev", _KEEPS),
    Filling(lambda z, n, h: z * n + z * h, "flipped-gate", "z scales both terms", _KEEPS),
    Filling(lambda z, n, h: (1 - z) * n + (1 - z) * h, "flipped-gate", "1 - z scales both terms", _KEEPS),
    Filling(lambda z, n, h: (1 - z) * n, "missing-hidden-term", "the old state is left out", _KEEPS),
    Filling(lambda z, n, h: z * h, "missing-candidate", "the candidate is left out", _KEEPS),
    Filling(lambda z, n, h: z * n, "missing-hidden-term", "only z * n is returned", _KEEPS),
    Filling(lambda z, n, h: n + h, "missing-update-gate", "z is left out", _KEEPS),
    Filling(lambda z, n, h: n, "missing-update-gate", "the candidate is returned as it is", _KEEPS),
    Filling(lambda z, n, h: h, "missing-update-gate", "the old state is returned as it is", _KEEPS),
    Filling(
        lambda z, n, h: (1 - z) * h + n, "other-convention", "z writes, and is left out of the term with n", _KEEPS
    ),
    Filling(lambda z, n, h: (1 - n) * z + n * h, "swapped-states", "z and n change places", _KEEPS),
    Filling(lambda z, n, h: (1 - z) * n - z * h, "wrong-sign", "the old state is subtracted", _KEEPS),
    Filling(lambda z, n, h: (z - 1) * n + z * h, "wrong-sign", "z - 1 stands in for 1 - z", _KEEPS),
    Filling(lambda z, n, h: (1 + z) * n + z * h, "wrong-sign", "1 + z stands in for 1 - z", _KEEPS),
    Filling(lambda z, n, h: 1 - z * n + z * h, "misplaced-brackets", "the brackets around 1 - z are missing", _KEEPS),
    Filling(lambda z, n, h: (1 - z) * (n + z * h), "misplaced-brackets", "1 - z scales the whole sum", _KEEPS),
    Filling(lambda z, n, h: 1 - z + n + z * h, "wrong-operator", "1 - z is added, not multiplied", _KEEPS),
    Filling(lambda z, n, h: ((1 - z) * n + z * h) / 2, "wrong-values", "the sum is halved", _KEEPS),
    Filling(lambda z, n, h: (1 - z) @ n.T, "matrix-product", "a matrix product stands in for *", _KEEPS),
    Filling(
        lambda z, n, h: (1 - z) @ n + z @ h, "matrix-product", "@ stands in for *", "All products go entry by entry."
    ),
    Filling(lambda z, n, h: (1 - z) @ n.T + z @ h.T, "matrix-product", "@ stands in for *", "They go entry by entry."),
    Filling(
        lambda z, n, h: ((1 - z) * n) * (z * h), "wrong-operator", "the products are multiplied, not added", _KEEPS
    ),
]
_HIDDEN_STATE = Family(
    _blend,
    {
        "blend": _BLENDS,
        "result": [
            Filling(identity),
            Filling(np.tanh, "wrong-activation", "a tanh is applied to the result", "The blend has no activation."),
            Filling(sigmoid, "wrong-activation", "a sigmoid is applied to the result", "The blend has no activation."),
            Filling(lambda h: h.T, "wrong-shape", "the result is transposed"),
        ],
        "states": [
            Filling(lambda z, n, h: (z, n, h)),
            Filling(lambda z, n, h: (z, np.tanh(n), h), "double-activation", "a tanh is applied to n again"),
            Filling(lambda z, n, h: (z, n, np.tanh(h)), "double-activation", "a tanh is applied to h_prev"),
            Filling(lambda z, n, h: (sigmoid(z), n, h), "double-activation", "z goes through a sigmoid again"),
            Filling(lambda z, n, h: (np.round(z), n, h), "wrong-activation", "z is rounded to 0 or 1", "z is a share."),
            Filling(lambda z, n, h: (np.tanh(z), n, h), "wrong-activation", "z goes through a tanh"),
        ],
    },
)

# The whole step -------------------------------------------------------------------------------------------


def _step(slots, x, h_prev, W_x, W_h, b, b_hn):
    H = h_prev.shape[1]
    cut = {name: slice(k * H, (k + 1) * H) for k, name in enumerate(slots["order"])}
    a_x, a_h, b = slots["sum"](x @ W_x, h_prev @ W_h, b)
    r, z = (slots["gates"].get(name, sigmoid)(a_x[:, cut[name]] + a_h[:, cut[name]] + b[cut[name]]) for name in "rz")
    n_x, n_h, b_n = a_x[:, cut["n"]], a_h[:, cut["n"]], b[cut["n"]]
    b_n, b_hn = slots["biases"](b_n, b_hn)
    inner = slots["reset"](slots["gate"](r, z), n_h, slots["b_hn"](b_hn), (r * h_prev) @ W_h[:, cut["n"]])
    n = slots["form"](slots["candidate"], r, n_x, b_n, inner)
    return slots["result"](slots["blend"](slots["blends"](r, z), n, h_prev))


_STEP = Family(
    _step,
    {
        "blend": _BLENDS[:-5],
        "reset": _RESET,
        "order": order_slot("rzn"),
        "candidate": [
            Filling(np.tanh),
            Filling(sigmoid, "wrong-activation", "the candidate goes through a sigmoid instead of tanh"),
            Filling(identity, "no-activation", "the candidate has no activation"),
            Filling(lambda a: np.maximum(a, 0), "wrong-activation", "the candidate goes through ReLU"),
        ],
        "gates": [
            Filling({}),
            Filling(dict.fromkeys("rz", np.tanh), "wrong-activation", "the gates go through tanh, not the sigmoid"),
            Filling(dict.fromkeys("rz", identity), "no-activation", "the gates have no activation"),
            *(Filling({k: np.tanh}, "wrong-activation", f"{k} goes through tanh, not the sigmoid") for k in "rz"),
            *(Filling({k: identity}, "no-activation", f"{k} has no activation") for k in "rz"),
        ],
        "sum": [
            Filling(lambda a_x, a_h, b: (a_x, a_h, b)),
            Filling(lambda a_x, a_h, b: (a_x, a_h, 0 * b), "missing-bias", "the bias b is left out"),
            Filling(lambda a_x, a_h, b: (a_x, 0 * a_h, b), "missing-hidden-term", "the term h_prev @ W_h is left out"),
            Filling(lambda a_x, a_h, b: (0 * a_x, a_h, b), "missing-input-term", "the term x @ W_x is left out"),
            Filling(lambda a_x, a_h, b: (a_x, a_h, 2 * b), "wrong-values", "the bias b is counted twice"),
            Filling(lambda a_x, a_h, b: (a_x, a_h, -b), "wrong-sign", "the bias b is subtracted"),
            Filling(
                lambda a_x, a_h, b: (a_x, a_h, np.where(np.arange(len(b)) < 2 * len(b) // 3, b, 0)),
                "missing-bias",
                "the block of b for the candidate is left out",
            ),
            Filling(
                lambda a_x, a_h, b: (a_x, a_h, np.where(np.arange(len(b)) < 2 * len(b) // 3, 0, b)),
                "missing-bias",
                "the blocks of b for the gates are left out",
            ),
        ],
        "b_hn": bias("b_hn")[:4],
        "biases": _BIASES,
        "form": _CANDIDATE_FORMS[:-1],
        "blends": [
            Filling(lambda r, z: z),
            Filling(lambda r, z: r, "swapped-gates", "r blends in the place of z", "r acts in the candidate alone."),
        ],
        "gate": [
            Filling(lambda r, z: r),
            Filling(lambda r, z: z, "swapped-gates", "z scales the old state in the candidate", "There it is r."),
        ],
        "result": [
            Filling(identity),
            Filling(np.tanh, "wrong-activation", "a tanh is applied to the new state", "The blend has no activation."),
        ],
    },
)

# --------------------------------------------------------------------------------------------------------------

_CANDIDATE_SHAPES = {"x": "N D", "h_prev": "N H", "r": "N H", "W_x": "D H", "W_h": "H H", "b": "H", "b_hn": "H"}


def _see(section, label):
    return f"the chapter on the GRU, section {section} ({label})"


EXERCISES = [
    gate_exercise("gru.reset_gate", "r", SIGMOID, gru.reset_gate, _see("Reset gate", "gru-reset")),
    gate_exercise("gru.update_gate", "z", SIGMOID, gru.update_gate, _see("Update gate", "gru-update")),
    Exercise(
        id="gru.candidate",
        outputs=("n",),
        reference=gru.candidate,
        draw=lambda rng: draw_cases(rng, _CANDIDATE_SHAPES),
        family=_CANDIDATE,
        see=_see("Candidate", "gru-candidate"),
        ranges={"n": (-1, 1)},
    ),
    Exercise(
        id="gru.hidden_state",
        outputs=("h",),
        reference=gru.hidden_state,
        # Candidate and state have gone through a tanh: none of them is ever large.
        draw=lambda rng: draw_cases(rng, dict.fromkeys(("z", "n", "h_prev"), "N H"), kinds=("zero",)),
        family=_HIDDEN_STATE,
        see=_see("New hidden state", "gru-hidden"),
    ),
    Exercise(
        id="gru.gru_step",
        outputs=("h",),
        reference=lambda **arguments: gru.step(**arguments)[0],
        draw=lambda rng: draw_cases(rng, gru_backward.STEP_SHAPES),
        family=_STEP,
        see=_see("One state, two gates", "gru-reset to gru-hidden"),
        builds_on=("reset_gate", "update_gate", "candidate", "hidden_state"),
    ),
    gru_backward.EXERCISE,
    conventions.EXERCISE,
]
