"""What all exercises share: the data they are checked with, and the family of mistakes in a gate.

A gate is an activation of a sum of terms, in whatever cell it stands.
"""

import numpy as np

from lstmlib.activations import sigmoid
from lstmlib.check.exercise import Case
from lstmlib.check.mistakes import Family, Filling

# Sizes (N, D, H) of the ordinary cases. In the square one a product with the wrong or the transposed weights
# runs without an error, so that its numbers can name the mistake.
SIZES = {
    "a small batch": (2, 3, 4),
    "more inputs than units": (5, 6, 2),
    "as many examples as inputs and units": (3, 3, 3),
    "a single example": (1, 2, 3),
}

_GATES = ("i", "f", "o")  # arguments that are shares between 0 and 1


def draw_cases(rng, shapes_of):
    """Ordinary cases of all `SIZES`, one with zeros, and one with very large numbers.

    ``shapes_of(N, D, H)`` gives the shapes of the arguments. Gates are drawn from (0, 1), all else from a
    normal distribution, biases included.
    """

    def draw(sizes):
        return {
            name: rng.uniform(size=shape) if name in _GATES else rng.standard_normal(shape)
            for name, shape in shapes_of(*sizes).items()
        }

    cases = [Case("ordinary", label, draw(sizes)) for label, sizes in SIZES.items()]
    zero = draw((2, 3, 2))
    zeroed = {name: value if name in {"W_x", "W_h", "b", *_GATES} else 0 * value for name, value in zero.items()}
    cases.append(Case("ordinary", "inputs and states of zero", zeroed))
    extreme = draw((3, 2, 4))
    for name in extreme.keys() & {"b", "c", "c_prev"}:  # whatever overflows at 1000 does so in every entry
        extreme[name] = np.where(np.arange(extreme[name].shape[-1]) % 2, 1000.0, -1000.0) * np.ones_like(extreme[name])
    cases.append(Case("extreme", "very large numbers", extreme))
    return cases


# Gates and candidate --------------------------------------------------------------------------------------


def gate_shapes(N, D, H):
    return {"x": (N, D), "h_prev": (N, H), "W_x": (D, H), "W_h": (H, H), "b": (H,)}


def _gate(slots, x, h_prev, W_x, W_h, b):
    if slots["weights"] == "swapped":
        W_x, W_h = W_h, W_x
    if slots["weights"] == "stacked":
        W_h, W_x = np.split(np.vstack([W_x, W_h]), [h_prev.shape[1]])
    return slots["form"](slots["activation"], slots["input"](x, W_x), slots["hidden"](h_prev, W_h), slots["bias"](b))


_FORMS = [
    Filling(lambda act, a_x, a_h, b: act(a_x + a_h + b)),
    Filling(lambda act, a_x, a_h, b: act(a_x + a_h) + b, "misplaced-bias", "b is added after the activation"),
    Filling(
        lambda act, a_x, a_h, b: act(act(a_x + a_h + b)), "double-activation", "the activation is applied twice"
    ),
    *(
        Filling(form, "misplaced-activation", "the terms are squashed one by one", "First add them all, then squash.")
        for form in (
            lambda act, a_x, a_h, b: act(a_x) + act(a_h) + b,
            lambda act, a_x, a_h, b: act(a_x) + act(a_h + b),
            lambda act, a_x, a_h, b: act(a_x + b) + act(a_h),
            lambda act, a_x, a_h, b: act(a_x) + act(a_h) + act(b),
        )
    ),
]
SIGMOID_INSTEAD = Filling(sigmoid, "wrong-activation", "the activation is a sigmoid", "It needs a sign: use tanh.")
TANH_INSTEAD = Filling(
    np.tanh, "wrong-activation", "the activation is tanh", "A gate is a share between 0 and 1: use the sigmoid."
)
_OTHER_ACTIVATIONS = [
    Filling(lambda a: a, "no-activation", "no activation is applied", "Squash the sum before you return it."),
    Filling(
        lambda a: sigmoid(-a),
        "flipped-gate",
        "the gate is turned round: 1 minus the right one",
        "Is there a minus sign too many in the exponent, or a 1 - in front?",
    ),
    Filling(
        lambda a: np.clip(a / 6 + 0.5, 0, 1),
        "wrong-activation",
        "the activation is a hard sigmoid",
        "Use the smooth one, 1 / (1 + exp(-a)).",
    ),
    Filling(
        lambda a: np.clip(0.2 * a + 0.5, 0, 1),
        "wrong-activation",
        "the activation is a hard sigmoid",
        "Use the smooth one, 1 / (1 + exp(-a)).",
    ),
    Filling(lambda a: np.maximum(a, 0), "wrong-activation", "the activation is ReLU"),
    Filling(
        lambda a: 1 + np.exp(-a),
        "wrong-activation",
        "1 / 1 + exp(-a) is computed",
        "Brackets are missing: 1 / (1 + exp(-a)).",
    ),
    Filling(
        lambda a: 2 * sigmoid(a) - 1,
        "wrong-activation",
        "the activation is 2 sigmoid(a) - 1",
        "That is tanh(a / 2), which is flatter than tanh(a).",
    ),
    Filling(lambda a: -np.tanh(a), "wrong-sign", "the activation is tanh with its sign turned round"),
    Filling(
        lambda a: np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True),
        "wrong-activation",
        "the activation is a softmax over the units",
        "Each entry of a gate decides for itself; the entries need not sum to 1.",
    ),
]


def _term(name, weights):
    product, hint = f"{name} @ {weights}", f"Write {name} @ {weights}: rows are examples."
    diagnosis = {"x": "missing-input-term", "h_prev": "missing-hidden-term"}[name]
    return [
        Filling(lambda v, W: v @ W),
        Filling(lambda v, W: 0, diagnosis, f"the term {product} is left out"),
        Filling(lambda v, W: v @ W.T, "transposed-weights", f"{weights} is transposed", hint),
        Filling(lambda v, W: W @ v, "transposed-weights", f"the product is {weights} @ {name}", hint),
        Filling(lambda v, W: -(v @ W), "wrong-sign", f"the term {product} is subtracted"),
        Filling(lambda v, W: 2 * (v @ W), "wrong-values", f"the term {product} is counted twice"),
    ]


def _bias():
    return [
        Filling(lambda b: b),
        Filling(lambda b: 0, "missing-bias", "the bias b is left out", "Add b before the activation."),
        Filling(lambda b: -b, "wrong-sign", "the bias b is subtracted"),
        Filling(lambda b: 2 * b, "wrong-values", "the bias b is counted twice"),
    ]


def gate_family(right, other):
    return Family(
        _gate,
        {
            "activation": [Filling(right), other, *_OTHER_ACTIVATIONS],
            "form": _FORMS,
            "bias": _bias(),
            "input": _term("x", "W_x"),
            "hidden": _term("h_prev", "W_h"),
            "weights": [
                Filling("right"),
                Filling("swapped", "swapped-weights", "W_x and W_h change places", "x goes with W_x, h_prev with W_h."),
                Filling(
                    "stacked",
                    "swapped-weights",
                    "[h_prev, x] is multiplied with W_x on top of W_h",
                    "The order of the parts must be the same: [x, h_prev] with W_x on top of W_h.",
                ),
            ],
        },
    )
