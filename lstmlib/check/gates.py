"""The family of mistakes in a gate: an activation of a sum of terms, in whatever cell it stands."""

import itertools

import numpy as np

from lstmlib.activations import sigmoid, softmax
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.mistakes import Family, Filling

GATE_SHAPES = {"x": "N D", "h_prev": "N H", "W_x": "D H", "W_h": "H H", "b": "H"}


def identity(a):
    """Return the argument: no activation."""
    return a


# Activations ----------------------------------------------------------------------------------------------

_SHARE = "A gate is a share between 0 and 1: use the sigmoid."
_SMOOTH = "Use the smooth one, 1 / (1 + exp(-a))."
_OTHERS = [
    Filling(identity, "no-activation", "no activation is applied", "Squash the sum before you return it."),
    Filling(lambda a: np.clip(a / 6 + 0.5, 0, 1), "wrong-activation", "the activation is a hard sigmoid", _SMOOTH),
    Filling(lambda a: np.clip(0.2 * a + 0.5, 0, 1), "wrong-activation", "the activation is a hard sigmoid", _SMOOTH),
    Filling(lambda a: np.clip(a, -1, 1), "wrong-activation", "the activation is a hard tanh"),
    Filling(lambda a: np.clip(a, 0, 1), "wrong-activation", "the sum is clipped to the range from 0 to 1", _SMOOTH),
    Filling(lambda a: np.maximum(a, 0), "wrong-activation", "the activation is ReLU"),
    Filling(
        lambda a: 1 + np.exp(-a),
        "wrong-activation",
        "1 / 1 + exp(-a) is computed",
        "Brackets are missing: 1 / (1 + exp(-a)).",
    ),
    Filling(lambda a: 1 / (1 - np.exp(-a)), "wrong-sign", "1 / (1 - exp(-a)) is computed", _SMOOTH),
    Filling(lambda a: np.exp(-a), "wrong-activation", "the activation is exp(-a)", _SMOOTH),
    Filling(np.exp, "wrong-activation", "the activation is exp(a)", _SMOOTH),
    Filling(lambda a: a / (1 + np.abs(a)), "wrong-activation", "the activation is a / (1 + |a|)"),
    Filling(lambda a: 1 + np.exp(a), "wrong-activation", "1 / 1 + exp(a) is computed", _SMOOTH),
    Filling(lambda a: sigmoid(a / 2), "wrong-activation", "the activation is sigmoid(a / 2)", _SMOOTH),
    Filling(lambda a: np.logaddexp(0, a), "wrong-activation", "the activation is log(1 + exp(a))", _SMOOTH),
    Filling(
        lambda a: 2 * sigmoid(a) - 1,
        "wrong-activation",
        "the activation is 2 sigmoid(a) - 1",
        "That is tanh(a / 2), which is flatter than tanh(a).",
    ),
    Filling(
        lambda a: sigmoid(2 * a),
        "wrong-activation",
        "the activation is (1 + tanh(a)) / 2",
        "That is sigmoid(2a), which is steeper than sigmoid(a).",
    ),
    Filling(lambda a: -np.tanh(a), "wrong-sign", "the activation is tanh with its sign turned round"),
    Filling(np.tan, "wrong-activation", "the activation is tan", "The hyperbolic tangent is np.tanh."),
    Filling(np.arctan, "wrong-activation", "the activation is arctan", "The hyperbolic tangent is np.tanh."),
    Filling(
        lambda a: softmax(a, axis=-1),
        "wrong-activation",
        "the activation is a softmax over the units",
        "Each entry of a gate decides for itself; the entries need not sum to 1.",
    ),
    Filling(lambda a: np.round(sigmoid(a)), "wrong-activation", "the gate is rounded to 0 or 1", "A gate is a share."),
    Filling(
        lambda a: sigmoid(a) * (1 - sigmoid(a)), "wrong-activation", "the slope of the sigmoid is returned", _SMOOTH
    ),
    Filling(lambda a: 1 - np.tanh(a) ** 2, "wrong-activation", "the slope of tanh is returned"),
]
_TURNED = "Is there a minus sign too many in the exponent, or a 1 - in front?"
SIGMOID = [
    Filling(sigmoid),
    Filling(np.tanh, "wrong-activation", "the activation is tanh", _SHARE),
    Filling(lambda a: sigmoid(-a), "flipped-gate", "the gate is turned round: 1 minus the right one", _TURNED),
    *_OTHERS,
]
TANH = [
    Filling(np.tanh),
    Filling(sigmoid, "wrong-activation", "the activation is a sigmoid", "It needs a sign: use tanh."),
    Filling(lambda a: sigmoid(-a), "wrong-activation", "the activation is sigmoid(-a)", "It needs a sign: use tanh."),
    Filling(lambda a: 1 - np.tanh(a), "flipped-gate", "1 - tanh is computed"),
    *_OTHERS,
]

# Terms ----------------------------------------------------------------------------------------------------


def term(name, weights):
    """Ways to fill the slot of a product such as ``x @ W_x``; ``value(v, W)``."""
    product, hint = f"{name} @ {weights}", f"Write {name} @ {weights}: rows are examples."
    diagnosis = {"x": "missing-input-term", "h_prev": "missing-hidden-term"}[name]
    return [
        Filling(lambda v, W: v @ W),
        Filling(lambda v, W: 0 * (v @ W), diagnosis, f"the term {product} is left out"),
        Filling(lambda v, W: v @ W.T, "transposed-weights", f"{weights} is transposed", hint),
        Filling(lambda v, W: W @ v, "transposed-weights", f"the product is {weights} @ {name}", hint),
        Filling(lambda v, W: W.T @ v, "transposed-weights", f"the product is {weights}.T @ {name}", hint),
        Filling(lambda v, W: (W @ v).T, "transposed-weights", f"the product is ({weights} @ {name}).T", hint),
        Filling(lambda v, W: v * W, "elementwise-product", f"{name} * {weights} is multiplied entry by entry", hint),
        Filling(lambda v, W: v, "missing-weights", f"{name} is added without its weights {weights}", hint),
        Filling(lambda v, W: -(v @ W), "wrong-sign", f"the term {product} is subtracted"),
        Filling(lambda v, W: 2 * (v @ W), "wrong-values", f"the term {product} is counted twice"),
        Filling(lambda v, W: (v @ W)[:1], "not-batched", f"{product} is computed for the first example alone", hint),
        Filling(lambda v, W: (v @ W).sum(0), "not-batched", f"{product} is summed over the examples", hint),
    ]


def bias(name="b"):
    """Ways to fill the slot of a bias; ``value(b)``."""
    return [
        Filling(lambda b: b),
        Filling(lambda b: 0, "missing-bias", f"the bias {name} is left out", f"Add {name} before the activation."),
        Filling(lambda b: -b, "wrong-sign", f"the bias {name} is subtracted"),
        Filling(lambda b: 2 * b, "wrong-values", f"the bias {name} is counted twice"),
        Filling(lambda b: b + 1, "wrong-values", f"1 is added to {name}", "Nothing is added besides the three terms."),
        Filling(lambda b: 1 + 0 * b, "wrong-values", f"1 stands in for {name}", f"Add {name} itself."),
        Filling(lambda b: b[0], "wrong-values", f"only the first entry of {name} is added", f"Add all of {name}."),
        Filling(lambda b: b.sum(), "wrong-values", f"the sum of {name} is added to each entry", f"Add {name} itself."),
        Filling(
            lambda b: b.mean(), "wrong-values", f"the mean of {name} is added to each entry", f"Add {name} itself."
        ),
        Filling(lambda b: b[:, None], "transposed-weights", f"{name} is added as a column", f"Add {name} as it is."),
    ]


_SQUASH = "First add them all, then squash."
_FORMS = [
    Filling(lambda act, a_x, a_h, b: act(a_x + a_h + b)),
    Filling(lambda act, a_x, a_h, b: act(a_x + a_h) + b, "misplaced-bias", "b is added after the activation"),
    Filling(lambda act, a_x, a_h, b: act(a_x + b) + a_h, "misplaced-activation", "h_prev stays outside", _SQUASH),
    Filling(lambda act, a_x, a_h, b: act(a_h + b) + a_x, "misplaced-activation", "x stays outside", _SQUASH),
    Filling(lambda act, a_x, a_h, b: act(act(a_x + a_h + b)), "double-activation", "the activation is applied twice"),
    *(
        Filling(form, "misplaced-activation", "the terms are squashed one by one", _SQUASH)
        for form in (
            lambda act, a_x, a_h, b: act(a_x) + act(a_h) + b,
            lambda act, a_x, a_h, b: act(a_x) + act(a_h + b),
            lambda act, a_x, a_h, b: act(a_x + b) + act(a_h),
            lambda act, a_x, a_h, b: act(a_x) + act(a_h) + act(b),
            lambda act, a_x, a_h, b: act(act(a_x) + act(a_h) + b),
            lambda act, a_x, a_h, b: act(a_x + b) + act(a_h + b),
        )
    ),
    Filling(lambda act, a_x, a_h, b: act(a_x * a_h + b), "wrong-operator", "the terms are multiplied, not added"),
    Filling(lambda act, a_x, a_h, b: act((a_x + a_h) * b), "wrong-operator", "b is multiplied, not added"),
    Filling(lambda act, a_x, a_h, b: act(a_x + a_h) * b, "misplaced-bias", "the result is multiplied with b"),
    Filling(
        lambda act, a_x, a_h, b: act(a_x + a_h + b).T, "wrong-shape", "the result is transposed", "Leave out the .T."
    ),
    Filling(
        lambda act, a_x, a_h, b: act((a_x + a_h + b).mean(0) + 0 * a_x),
        "not-batched",
        "the examples are averaged",
        "Each example has a row of its own.",
    ),
]
_ORDER = "The order of the parts must be the same: [x, h_prev] with W_x on top of W_h."
WEIGHTS = [
    Filling(lambda x, h, W_x, W_h: (x, h, W_x, W_h)),
    Filling(
        lambda x, h, W_x, W_h: (x, h, W_h, W_x),
        "swapped-weights",
        "W_x and W_h change places",
        "x goes with W_x, h_prev with W_h.",
    ),
    Filling(
        lambda x, h, W_x, W_h: (x, h, *np.split(np.vstack([W_x, W_h]), [h.shape[1]])[::-1]),
        "swapped-weights",
        "[h_prev, x] is multiplied with W_x on top of W_h",
        _ORDER,
    ),
    Filling(
        lambda x, h, W_x, W_h: (x, h, *np.split(np.vstack([W_h, W_x]), [x.shape[1]])),
        "swapped-weights",
        "[x, h_prev] is multiplied with W_h on top of W_x",
        _ORDER,
    ),
    Filling(lambda x, h, W_x, W_h: (x, h, W_x, W_x), "swapped-weights", "W_x is used twice", "h_prev goes with W_h."),
    Filling(lambda x, h, W_x, W_h: (x, h, W_h, W_h), "swapped-weights", "W_h is used twice", "x goes with W_x."),
    Filling(lambda x, h, W_x, W_h: (x, x, W_x, W_h), "swapped-states", "x is used where h_prev belongs"),
    Filling(lambda x, h, W_x, W_h: (h, h, W_x, W_h), "swapped-states", "h_prev is used where x belongs"),
]
SUM_SLOTS = {"bias": bias(), "input": term("x", "W_x"), "hidden": term("h_prev", "W_h"), "weights": WEIGHTS}


def products(slots, x, h_prev, W_x, W_h):
    """Both products of a layer, as the slots have them."""
    x, h_prev, W_x, W_h = slots["weights"](x, h_prev, W_x, W_h)
    return slots["input"](x, W_x), slots["hidden"](h_prev, W_h)


def _gate(slots, x, h_prev, W_x, W_h, b):
    a_x, a_h = products(slots, x, h_prev, W_x, W_h)
    return slots["form"](slots["activation"], a_x, a_h, slots["bias"](b))


def gate_exercise(name, output, activations, reference, see):
    """An exercise on a function ``(x, h_prev, W_x, W_h, b)`` that squashes the sum of its terms.

    Parameters
    ----------
    name : str
        Its id.
    output : str
        The letter of the result.
    activations : list of Filling
        `SIGMOID` or `TANH`.
    reference : callable
    see : str
        Where the book explains it.
    """
    return Exercise(
        id=name,
        outputs=(output,),
        reference=reference,
        draw=lambda rng: draw_cases(rng, GATE_SHAPES),
        family=Family(_gate, {"activation": activations, "form": _FORMS, **SUM_SLOTS}),
        see=see,
        ranges={output: (0, 1) if activations is SIGMOID else (-1, 1)},
    )


def order_slot(right):
    """Ways to take the blocks of fused weights, such as ``"ifgo"``, in another order than they stand in."""

    def filling(order):
        moved = [name for name, other in zip(order, right, strict=True) if name != other]
        return Filling(
            order,
            "swapped-gates",
            f"{', '.join(sorted(moved))} are taken in another order",
            f"The blocks stand in the order {', '.join(right)}; your numbers fit {', '.join(order)}. Look at where you "
            f"cut, and at which of the blocks you use where.",
        )

    orders = map("".join, itertools.permutations(right))
    return [Filling(right), *(filling(order) for order in orders if order != right)]
