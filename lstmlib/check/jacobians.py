"""The exercises on what a gradient does over many steps: the product of Jacobians, and the norms on the way back."""

from dataclasses import replace

import numpy as np

from lstmlib.check.backward import slope_slot
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.mistakes import Family, Filling

_STARTS = "The last step comes first: a gradient comes from the future."

# The product of Jacobians ---------------------------------------------------------------------------------

_TRANSPOSE = "Row j is for the new entry, column k for the old one: diag(1 - h²) @ W_h.T."


def _jacobian_reference(hs, W_h):
    product = np.eye(len(W_h))
    for h in hs:
        product = np.diag(1 - h**2) @ W_h.T @ product
    return product


def _jacobian(slots, hs, W_h):
    product = slots["empty"](len(W_h))
    for h in slots["steps"](hs):
        product = slots["multiply"](slots["factor"](slots["slope"](1.0, h, 0 * h), W_h), product)
    return slots["result"](product)


_SLOPES = [  # those that make a difference where dh is 1, or its sign does not matter
    filling
    for filling in slope_slot()
    if filling.diagnosis not in ("wrong-step", "missing-gradient")
    and not any(words in filling.sentence for words in ("dh - h²", "h² - 1", "taken at dh", "applied to dh"))
]
_STEPS = [
    Filling(lambda hs: hs),
    Filling(lambda hs: hs[1:], "missing-factor", "the first step is left out", "There is one factor for each step."),
    Filling(lambda hs: hs[:-1], "missing-factor", "the last step is left out", "There is one factor for each step."),
    Filling(lambda hs: [hs[-1]] * len(hs), "wrong-step", "the last slope serves for all steps", "Each has its own."),
    Filling(lambda hs: [hs[0]] * len(hs), "wrong-step", "the first slope serves for all steps", "Each has its own."),
    Filling(
        lambda hs: hs[-1:],
        "missing-factor",
        "there is only the factor of the last step",
        "Multiply what you have with each new factor.",
    ),
    Filling(lambda hs: hs[:1], "missing-factor", "there is only the factor of the first step", "Multiply them all."),
    Filling(lambda hs: hs[:0], "missing-factor", "there is no factor at all", "There is one factor for each step."),
]
_JACOBIAN = Family(
    _jacobian,
    {
        "slope": _SLOPES,
        "factor": [
            Filling(lambda slope, W: (slope * np.ones(len(W)))[:, None] * W.T),
            Filling(
                lambda slope, W: (slope * np.ones(len(W)))[:, None] * W,
                "transposed-weights",
                "W_h stands where W_h.T belongs",
                _TRANSPOSE,
            ),
            Filling(lambda slope, W: W.T * slope, "misplaced-slope", "the slopes scale columns, not rows", _TRANSPOSE),
            Filling(lambda slope, W: W * slope, "other-convention", "each factor is transposed", _TRANSPOSE),
            Filling(
                lambda slope, W: np.diag(slope * np.ones(len(W))), "missing-weights", "W_h is left out", _TRANSPOSE
            ),
        ],
        "multiply": [
            Filling(lambda factor, product: factor @ product),
            Filling(
                lambda factor, product: product @ factor,
                "wrong-order",
                "the factors are multiplied from the first step to the last",
                "The newest factor stands on the left.",
            ),
            Filling(lambda factor, product: factor + product, "wrong-operator", "the factors are added"),
            Filling(lambda factor, product: factor * product, "wrong-operator", "the factors are multiplied by entry"),
        ],
        "steps": _STEPS,
        "empty": [
            Filling(np.eye),
            Filling(lambda H: np.ones((H, H)), "wrong-start", "the product starts from ones", "Start from np.eye(H)."),
            Filling(
                lambda H: np.zeros((H, H)), "wrong-start", "the product starts from zeros", "Start from np.eye(H)."
            ),
        ],
        "result": [
            Filling(lambda product: product),
            Filling(lambda product: product.T, "other-convention", "the product is transposed", _TRANSPOSE),
            Filling(lambda product: np.diag(product), "wrong-shape", "only the diagonal is returned"),
        ],
    },
    last=("result",),
)

# Norms ----------------------------------------------------------------------------------------------------


def _norms_reference(dh, hs, W_h):
    norms = [np.linalg.norm(dh)]
    for h in hs[::-1]:
        dh = (dh * (1 - h**2)) @ W_h.T
        norms.append(np.linalg.norm(dh))
    return np.array(norms[::-1])


def _reversed(steps):
    return lambda hs: steps(hs)[::-1]


def _norms(slots, dh, hs, W_h):
    norms = [slots["norm"](dh)]
    for h in slots["order"](hs):
        dh = slots["carry"](slots["slope"], dh, h, W_h)
        norms.append(slots["norm"](dh))
    return slots["result"](norms)


_NORMS = Family(
    _norms,
    {
        "slope": _SLOPES,
        "carry": [
            Filling(lambda slope, dh, h, W: slope(dh, h, 0) @ W.T),
            Filling(
                lambda slope, dh, h, W: slope(dh, h, 0) @ W, "transposed-weights", "W_h stands where W_h.T belongs"
            ),
            Filling(
                lambda slope, dh, h, W: slope(dh @ W.T, h, 0),
                "misplaced-slope",
                "the slope comes after the product with W_h.T",
                "First through the tanh, then through the product.",
            ),
            Filling(lambda slope, dh, h, W: slope(dh, h, 0), "missing-weights", "W_h is left out", "Write da @ W_h.T."),
            Filling(lambda slope, dh, h, W: slope(dh @ W, h, 0), "transposed-weights", "the product is dh @ W_h"),
        ],
        "order": [
            Filling(lambda hs: hs[::-1]),
            Filling(lambda hs: hs, "wrong-direction", "hs is read from its first entry on", _STARTS),
            # The norms without the first step, and those without any, are among the results.
            *(replace(filling, value=_reversed(filling.value)) for filling in _STEPS[2:-1]),
        ],
        "norm": [
            Filling(np.linalg.norm),
            Filling(lambda v: (v**2).sum(), "missing-root", "the squares are added, and no root is taken"),
            Filling(lambda v: np.sqrt((v**2).mean()), "mean-instead-of-sum", "the squares are averaged, not added"),
            Filling(
                lambda v: np.abs(v).sum(),
                "wrong-norm",
                "absolute values are added",
                "Take the root of the sum of squares.",
            ),
            Filling(
                lambda v: np.abs(v).max(),
                "wrong-norm",
                "the largest entry is taken",
                "Take the root of the sum of squares.",
            ),
            Filling(lambda v: v.sum(), "wrong-norm", "the entries are added", "Take the root of the sum of squares."),
        ],
        "result": [
            Filling(lambda norms: np.array(norms[::-1])),
            Filling(
                np.array,
                "wrong-order",
                "the norms are returned from the last step to the first",
                "Entry t belongs to h_t.",
            ),
            Filling(
                lambda norms: np.array(norms[:1]),
                "wrong-shape",
                "only the norm of dh itself is returned",
                "There are T + 1 of them: append one in every step.",
            ),
            Filling(
                lambda norms: np.array(norms[:0:-1]),
                "wrong-shape",
                "the norm of dh itself is left out",
                "There are T + 1 of them.",
            ),
            Filling(
                lambda norms: np.array(norms[-2::-1]),
                "wrong-shape",
                "the norm for h_0 is left out",
                "There are T + 1 of them.",
            ),
            Filling(
                lambda norms: np.array(norms[1:]),
                "wrong-order",
                "the norms stand in the wrong order, without dh's own",
                "Entry t belongs to h_t.",
            ),
            Filling(
                lambda norms: np.array(norms[:-1]),
                "wrong-order",
                "the norms stand in the wrong order, without that of h_0",
                "Entry t belongs to h_t.",
            ),
        ],
    },
    last=("result",),
)

_VANISHING = "the chapter on vanishing gradients, section The product"


def _squashed(hs, **arguments):
    """States as a tanh gives them."""
    return {
        **{name: value for name, value in arguments.items() if name == "dh"},
        "hs": np.tanh(hs),
        "W_h": arguments["W_h"],
    }


EXERCISES = [
    Exercise(
        id="rnn.jacobian_product",
        outputs=("product",),
        reference=_jacobian_reference,
        draw=lambda rng: draw_cases(rng, {"hs": "T H", "W_h": "H H"}, _squashed, kinds=()),
        family=_JACOBIAN,
        see=f"{_VANISHING} (bptt-jacobian, vanish-product)",
        builds_on=("tanh_slope",),
    ),
    Exercise(
        id="rnn.gradient_norms",
        outputs=("norms",),
        reference=_norms_reference,
        draw=lambda rng: draw_cases(rng, {"dh": "H", "hs": "T H", "W_h": "H H"}, _squashed, kinds=()),
        family=_NORMS,
        see=f"{_VANISHING} (bptt-jacobian, vanish-product)",
        builds_on=("tanh_slope",),
    ),
]
