"""The exercise on the output layer: from hidden states to probabilities, and the ways to miss a softmax."""

import numpy as np

from lstmlib.activations import sigmoid, softmax
from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.mistakes import Family, Filling

# Sizes (T, N, K) of the ordinary cases. In the cube a sum over the wrong axis has the right shape.
SIZES = {
    "a short sequence": (3, 2, 4),
    "more steps than classes": (5, 4, 3),
    "as many steps as examples and classes": (3, 3, 3),
    "a single step of a single example": (1, 1, 3),
}


def rounded(values):
    """Large numbers that single precision has, too: no right solution in it differs by their rounding."""
    return np.round(256 * values) / 256


def _draw_probabilities(rng):
    def draw(T, N, K, H):
        shapes = {"hs": (T, N, H), "W": (H, K), "b": (K,)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    cases = [Case("ordinary", label, draw(*size, 3)) for label, size in SIZES.items()]
    extreme = draw(3, 2, 4, 3)
    # A shift by one number for the whole batch does not do: here the largest logits of two steps are 4000 apart.
    extreme["b"] = np.array([2000.0, 1000.0, 2000.0, 0.0])
    extreme["W"], extreme["hs"][:, :, 0] = np.eye(3, 4), [[0, 0], [-4000, 4000], [0, -1000]]
    extreme["hs"] = rounded(extreme["hs"])
    return [*cases, Case("extreme", "very large numbers", extreme)]


def _exp_share(a, axis):
    return np.exp(a) / np.exp(a).sum(axis=axis, keepdims=True)


_AXIS = "Probabilities of one step of one example sum to 1: axis=-1, with keepdims=True."
# Ways to make probabilities of logits, in the output layer and in its loss alike.
SOFTMAX = [
    Filling(softmax),
    Filling(lambda a: softmax(a, axis=0), "wrong-axis", "the softmax runs over the steps", _AXIS),
    Filling(lambda a: softmax(a, axis=1), "wrong-axis", "the softmax runs over the examples", _AXIS),
    Filling(
        lambda a: _exp_share(a, None),
        "wrong-axis",
        "the softmax runs over the whole array at once",
        "sum() without an axis adds up everything: axis=-1, with keepdims=True.",
    ),
    Filling(
        sigmoid, "wrong-activation", "a sigmoid takes the place of the softmax", "K probabilities must sum to 1."
    ),
    Filling(lambda a: softmax(softmax(a)), "double-activation", "the softmax is applied twice"),
]


def _probabilities(slots, hs, W, b):
    before, after = slots["bias"](b)
    return slots["squash"](slots["product"](slots["states"](hs), W) + before) + after


_PROBABILITIES = Family(
    _probabilities,
    {
        "squash": [
            *SOFTMAX,
            Filling(np.tanh, "wrong-activation", "the activation is tanh", "A probability has no sign."),
            Filling(lambda a: a, "no-activation", "the logits are returned", "Apply the softmax to them."),
            Filling(np.exp, "missing-normalisation", "exp(a) is not divided by its sum over the classes"),
            Filling(
                lambda a: np.exp(a - a.max(axis=-1, keepdims=True)),
                "missing-normalisation",
                "exp(a - max) is not divided by its sum over the classes",
            ),
            Filling(
                lambda a: a / a.sum(axis=-1, keepdims=True), "missing-exponential", "exp is left out: a / sum(a)"
            ),
            Filling(
                lambda a: np.abs(a) / np.abs(a).sum(axis=-1, keepdims=True),
                "missing-exponential",
                "|a| is divided by its sum, without exp",
            ),
            Filling(lambda a: np.log(softmax(a)), "wrong-activation", "the logarithm of the softmax is returned"),
            Filling(
                lambda a: softmax(np.log(2) * a), "wrong-base", "powers of 2 take the place of exp", "Use np.exp."
            ),
            Filling(lambda a: softmax(-a), "wrong-sign", "the softmax is taken of -a"),
            Filling(
                lambda a: np.full(a.shape, 1 / a.shape[-1]), "constant-output", "each class gets 1 / K, whatever hs is"
            ),
            Filling(
                lambda a: np.eye(a.shape[-1])[a.argmax(axis=-1)],
                "hard-choice",
                "the likeliest class gets 1 and all others 0",
                "That has no useful slope; use the softmax.",
            ),
        ],
        "product": [
            Filling(lambda hs, W: hs @ W),
            Filling(lambda hs, W: hs @ W.T, "transposed-weights", "W is transposed", "Write hs @ W, without .T."),
            Filling(lambda hs, W: -(hs @ W), "wrong-sign", "the term hs @ W is subtracted"),
        ],
        "bias": [
            Filling(lambda b: (b, 0)),
            Filling(lambda b: (0, 0), "missing-bias", "the bias b is left out", "Add b before the softmax."),
            Filling(lambda b: (-b, 0), "wrong-sign", "the bias b is subtracted"),
            Filling(lambda b: (0, b), "misplaced-bias", "b is added after the softmax", "Add b before the softmax."),
        ],
        "states": [
            Filling(lambda hs: hs),
            Filling(np.tanh, "double-activation", "a tanh is applied to hs", "It is a hidden state already."),
            Filling(
                lambda hs: np.broadcast_to(hs[-1:], hs.shape),
                "last-step-only",
                "each step gets the probabilities of the last one",
            ),
        ],
    },
)

EXERCISE = Exercise(
    id="training.probabilities",
    outputs=("p",),
    reference=lambda hs, W, b: (softmax(hs @ W + b),),
    draw=_draw_probabilities,
    family=_PROBABILITIES,
    see="the chapter on a language model, section From a state to probabilities (lm-softmax)",
    ranges={"p": (0, 1)},
)
