"""What all backward steps end with: the products that carry da to inputs, states and parameters, and their mistakes."""

import itertools

import numpy as np

from lstmlib.check.mistakes import Filling

MEAN_HINT = "The loss is a sum over the examples. If it is to be a mean, that is already in the gradient that arrives."


_NEVER_FUSED = ("transposed-weights", "missing-weights")


def slope_slot(h="h"):
    """Ways to go back through tanh; ``value(dh, h, h_prev)`` with `h` the output of the tanh."""
    hint = f"The slope of tanh where its output is {h} is 1 - {h}²."
    return [
        Filling(lambda dh, h, h_prev: dh * (1 - h**2)),
        Filling(lambda dh, h, h_prev: dh, "missing-slope", "the slope of tanh is left out", hint),
        Filling(lambda dh, h, h_prev: dh * (1 - np.tanh(h) ** 2), "wrong-slope", f"tanh is applied to {h} again", hint),
        Filling(lambda dh, h, h_prev: dh * h * (1 - h), "wrong-slope", "the slope is that of a sigmoid", hint),
        Filling(lambda dh, h, h_prev: dh * (1 - h), "wrong-slope", f"the slope is 1 - {h}, without the square", hint),
        Filling(lambda dh, h, h_prev: dh * (1 - h) ** 2, "wrong-slope", f"the slope is (1 - {h})²", hint),
        Filling(lambda dh, h, h_prev: dh * (1 + h**2), "wrong-sign", f"the slope is 1 + {h}²", hint),
        Filling(lambda dh, h, h_prev: dh * (h**2 - 1), "wrong-sign", f"the slope is {h}² - 1", hint),
        Filling(lambda dh, h, h_prev: dh * h**2, "wrong-slope", f"the slope is {h}²", hint),
        Filling(lambda dh, h, h_prev: dh * np.tanh(h), "wrong-slope", f"tanh({h}) stands in for the slope", hint),
        Filling(lambda dh, h, h_prev: dh / (1 - h**2), "wrong-slope", "dh is divided by the slope", hint),
        Filling(lambda dh, h, h_prev: dh - h**2, "wrong-slope", f"dh - {h}² is computed", "Brackets are missing."),
        Filling(lambda dh, h, h_prev: 1 - h**2, "missing-gradient", "dh is left out", "The slope is a factor of dh."),
        Filling(lambda dh, h, h_prev: np.tanh(dh), "wrong-slope", "tanh is applied to dh", hint),
        Filling(lambda dh, h, h_prev: dh * (1 - dh**2), "wrong-slope", "the slope is taken at dh", hint),
        Filling(lambda dh, h, h_prev: dh * (1 - h_prev**2), "wrong-step", "the slope is taken at h_prev", hint),
    ]


def _state_slot(grad, weights, fused):
    hint = f"Write da @ {weights}.T: it has the shape of {grad[1:]}."
    fillings = [
        Filling(lambda da, early, W: da @ W.T),
        Filling(lambda da, early, W: da @ W, "transposed-weights", f"{grad} is made with {weights}, not its .T", hint),
        Filling(lambda da, early, W: early @ W.T, "missing-slope", f"{grad} goes round the activations", hint),
        Filling(lambda da, early, W: W @ da.T, "transposed-weights", f"{grad} is {weights} @ da.T", hint),
        Filling(lambda da, early, W: -(da @ W.T), "wrong-sign", f"the sign of {grad} is turned round"),
        Filling(lambda da, early, W: (da @ W.T) / len(da), "mean-instead-of-sum", f"{grad} is divided by N", MEAN_HINT),
        Filling(lambda da, early, W: da, "missing-weights", f"{grad} is da, without {weights}", hint),
        Filling(lambda da, early, W: 0 * (da @ W.T), "missing-path", f"{grad} is zero", hint),
    ]
    # Fused weights are never square: transposed or left out, they give an error.
    return [filling for filling in fillings if not (fused and filling.diagnosis in _NEVER_FUSED)]


def _weight_slot(grad, v):
    hint = f"Write {v}.T @ da: it has the shape of {grad[1:]}."
    batch = "The product over the rows sums over the examples."
    return [
        Filling(lambda v, da, early: v.T @ da),
        Filling(lambda v, da, early: da.T @ v, "transposed-weights", f"{grad} is transposed", hint),
        Filling(lambda v, da, early: v @ da, "transposed-weights", f"{grad} is {v} @ da, without .T", hint),
        Filling(lambda v, da, early: v.T @ early, "missing-slope", f"{grad} goes round the activations", hint),
        Filling(lambda v, da, early: v.T @ da / len(v), "mean-instead-of-sum", f"{grad} is a mean", MEAN_HINT),
        Filling(lambda v, da, early: -(v.T @ da), "wrong-sign", f"the sign of {grad} is turned round"),
        Filling(
            lambda v, da, early: np.outer(v[0], da[0]), "not-batched", f"{grad} is that of the first example", batch
        ),
        Filling(
            lambda v, da, early: np.outer(v[-1], da[-1]), "not-batched", f"{grad} is that of the last example", batch
        ),
        Filling(
            lambda v, da, early: np.outer(v.sum(0), da.sum(0)),
            "not-batched",
            f"{v} and da are summed over the examples before they are multiplied for {grad}",
            batch,
        ),
        Filling(
            lambda v, da, early: v[:, :, None] * da[:, None],
            "missing-sum",
            f"{grad} is not summed over the examples",
            batch,
        ),
        Filling(lambda v, da, early: 0 * (v.T @ da), "missing-path", f"{grad} is zero", hint),
    ]


def bias_gradient_slot(grad="db", da="da"):
    """Ways to sum over the examples; ``value(da, early)``."""
    hint = f"Write {da}.sum(axis=0): each example adds its share."
    return [
        Filling(lambda da, early: da.sum(axis=0)),
        Filling(lambda da, early: da, "missing-sum", f"{grad} is not summed over the examples", hint),
        Filling(lambda da, early: da.mean(axis=0), "mean-instead-of-sum", f"{grad} is a mean", MEAN_HINT),
        Filling(lambda da, early: early.sum(axis=0), "missing-slope", f"{grad} goes round the activations", hint),
        Filling(lambda da, early: da.sum(axis=1), "wrong-axis", f"{grad} is summed over the units", hint),
        Filling(lambda da, early: da.sum(), "wrong-axis", f"{grad} is summed over everything", hint),
        Filling(
            lambda da, early: da.sum(axis=0, keepdims=True), "wrong-shape", f"{grad} keeps an axis of length 1", hint
        ),
        Filling(
            lambda da, early: da.sum(axis=1, keepdims=True), "wrong-axis", f"{grad} is summed over the units", hint
        ),
        Filling(lambda da, early: da[0], "not-batched", f"{grad} is that of the first example", hint),
        Filling(lambda da, early: -da.sum(axis=0), "wrong-sign", f"the sign of {grad} is turned round"),
        Filling(lambda da, early: 0 * da.sum(axis=0), "missing-path", f"{grad} is zero", hint),
    ]


def product_slots(fused):
    """Slots of `products_back`; ``fused`` for cells whose weights have several blocks."""
    return {
        "dx": _state_slot("dx", "W_x", fused),
        "dh_prev": _state_slot("dh_prev", "W_h", fused),
        "dW_x": _weight_slot("dW_x", "x"),
        "dW_h": _weight_slot("dW_h", "h_prev"),
        "db": bias_gradient_slot(),
        "batch": [
            Filling(lambda N: 1),
            Filling(lambda N: N, "mean-instead-of-sum", "the gradients of the parameters are divided by N", MEAN_HINT),
        ],
        "state": [
            Filling(lambda h_prev, h: h_prev),
            Filling(
                lambda h_prev, h: h,
                "wrong-step",
                "dW_h is made with the new state h",
                "W_h was multiplied with the state of the step before: h_prev.",
            ),
        ],
    }


def products_back(slots, x, h_prev, h, da, early, W_x, W_h, da_h=None):
    """Return dx, dh_prev, dW_x, dW_h, db as the slots have them.

    ``early`` is the gradient before it went through the activations, ``da_h`` what reaches the product with the old
    state, where that differs from ``da``.
    """
    da_h = da if da_h is None else da_h
    N = slots["batch"](len(x))
    dx, dh_prev = slots["dx"](da, early, W_x), slots["dh_prev"](da_h, early, W_h)
    dW_x, dW_h = slots["dW_x"](x, da, early) / N, slots["dW_h"](slots["state"](h_prev, h), da_h, early) / N
    return dx, dh_prev, dW_x, dW_h, slots["db"](da, early) / N


def outputs_slot(names):
    """Ways to return the right results in a wrong order: two neighbours swapped."""
    order = ", ".join(names)

    def swap(j, k):
        def value(*results):
            moved = list(results)
            moved[j], moved[k] = moved[k], moved[j]
            return tuple(moved)

        hint = f"Return {order}, each made with what belongs to it."
        return Filling(value, "swapped-outputs", f"{names[j]} and {names[k]} change places", hint)

    def states_last(*results):
        return (*results[2:], *results[:2])

    pairs = [swap(j, k) for j, k in itertools.combinations(range(len(names)), 2)]
    moved = Filling(states_last, "swapped-outputs", f"{names[0]} and {names[1]} are returned last", f"Return {order}.")
    return [Filling(lambda *results: results), *pairs, *([moved] if len(names) > 4 else [])]
