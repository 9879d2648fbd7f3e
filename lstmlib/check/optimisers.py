"""The exercises on two optimisers, gradient descent and Adam.

Both work in place. What counts are the arrays that the caller holds, not what the dict refers to afterwards: an
optimiser that puts new arrays into a dict leaves the network as it was.
"""

import copy
import functools

import numpy as np

from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.mistakes import Family, Filling
from lstmlib.check.named_arrays import LAYER, MODEL, draw_arrays, flat
from lstmlib.optim import SGD, Adam

# Gradient descent -----------------------------------------------------------------------------------------


def _draw_sgd(rng):
    def draw(scale, rate, shapes=LAYER):
        params, grads = draw_arrays(rng, shapes=shapes), draw_arrays(rng, scale, shapes)
        return {"params": params, "grads": grads, "learning_rate": rate}

    return [
        Case("ordinary", "a small learning rate", draw(1.0, 0.01)),
        Case("ordinary", "a large learning rate", draw(1.0, 0.7)),
        Case("ordinary", "large gradients", draw(20.0, 0.1)),
        Case("ordinary", "gradients of zero", draw(0.0, 0.1)),
        Case("ordinary", "another network", draw(1.0, 0.1, MODEL)),
    ]


def _sgd(slots, params, grads, learning_rate):
    step = slots["sign"] * slots["rate"](learning_rate, slots["gradient"](flat(params), flat(grads)))
    before, after = flat(params), slots["start"](flat(params)) + step
    if slots["place"] == "first only":
        first = next(iter(params.values())).size
        return np.concatenate([after[:first], before[first:]])
    return before if slots["place"] == "elsewhere" else after


_SIGNS = [
    Filling(-1),
    Filling(1, "wrong-sign", "the step is added", "The gradient points uphill: subtract."),
]
_PLACES = [
    Filling("here"),
    Filling(
        "elsewhere", "not-in-place", "the arrays that were passed stay as they are",
        "Write into them: value -= step. After value = value - step, the name stands for a new array, and the network "
        "still has the old one.",
    ),
    Filling("first only", "returns-early", "only the first array is changed", "Is a return inside the loop?"),
]  # fmt: skip

_SGD = Family(
    _sgd,
    {
        "sign": _SIGNS,
        "rate": [
            Filling(lambda rate, grad: rate * grad),
            Filling(lambda rate, grad: grad, "missing-learning-rate", "the learning rate is left out"),
            Filling(lambda rate, grad: grad / rate, "wrong-rate", "the gradient is divided by the learning rate"),
            Filling(lambda rate, grad: rate * grad / 2, "wrong-rate", "half the step is made"),
            Filling(lambda rate, grad: 2 * rate * grad, "wrong-rate", "the step is made twice"),
            Filling(lambda rate, grad: rate**2 * grad, "wrong-rate", "the learning rate is squared"),
            Filling(lambda rate, grad: rate + grad, "wrong-rate", "learning rate and gradient are added"),
        ],
        "place": _PLACES,
        "gradient": [
            Filling(lambda params, grads: grads),
            Filling(lambda params, grads: np.sign(grads), "wrong-gradient", "only the sign of the gradient is used"),
            Filling(lambda params, grads: grads**2, "wrong-gradient", "the gradient is squared"),
            Filling(lambda params, grads: np.abs(grads), "wrong-gradient", "the gradient loses its sign"),
            Filling(lambda params, grads: params, "wrong-gradient", "params stand where grads belong"),
            Filling(
                lambda params, grads: grads / np.linalg.norm(grads), "wrong-gradient", "the gradient gets norm 1"
            ),
            Filling(lambda params, grads: params * grads, "wrong-gradient", "the gradient is multiplied with params"),
        ],
        "start": [
            Filling(lambda params: params),
            Filling(
                lambda params: 0 * params, "overwrites", "the step takes the place of the parameters", "Use -=, not =."
            ),
            Filling(lambda params: -params, "wrong-sign", "the parameters change their sign"),
        ],
    },
)  # fmt: skip


def _sgd_reference(params, grads, learning_rate):
    params = {name: value.copy() for name, value in params.items()}
    SGD(params, learning_rate).step(grads)
    return (flat(params),)


def _adapt_sgd(function):
    @functools.wraps(function, updated=())
    def sgd_step(params, grads, learning_rate):
        held = dict(params)  # the arrays that the network has, whatever the dict gets
        function(params, grads, learning_rate)
        return flat(held)

    return sgd_step


# Adam -----------------------------------------------------------------------------------------------------


def _draw_adam(rng):
    def draw(step, rate, scale=0.1, before=1.0, shapes=LAYER):
        squares = {name: (before * scale * value) ** 2 for name, value in draw_arrays(rng, shapes=shapes).items()}
        arguments = {"params": draw_arrays(rng, shapes=shapes), "grads": draw_arrays(rng, scale, shapes)}
        arguments |= {"means": draw_arrays(rng, before * scale, shapes), "squares": squares}
        return arguments | {"step": step, "learning_rate": rate}

    return [
        Case("ordinary", "the first step", draw(1, 0.1, before=0.0)),
        Case("ordinary", "the second step", draw(2, 0.3)),
        Case("ordinary", "a later step", draw(50, 0.05, scale=2.0)),
        Case("ordinary", "another network", draw(7, 0.1, shapes=MODEL)),
        Case("ordinary", "gradients so small that epsilon matters", draw(3, 0.1, scale=1e-7)),
        Case("extreme", "gradients that have always been zero", draw(1, 0.1, scale=0.0)),
    ]


BETAS, EPSILON = (0.9, 0.999), 1e-8


def _adam(slots, params, grads, means, squares, step, learning_rate):
    beta_1, beta_2 = slots["betas"]
    p, g, m, s = map(flat, (params, grads, means, squares))
    new_m = slots["mean"](beta_1, m, g)
    new_s = slots["square"](beta_2, s, g)
    used_m, used_s = slots["order"](m, s, new_m, new_s, g)
    unbiased_m, unbiased_s = slots["unbias"](used_m, used_s, beta_1, beta_2, step)
    size = slots["rate"](learning_rate) * slots["quotient"](unbiased_m, unbiased_s)
    after = p + slots["sign"] * size
    if slots["changes"] == "nothing":
        return p, m, s
    kept_m, kept_s = slots["kept means"](m, new_m, unbiased_m), slots["kept squares"](s, new_s, unbiased_s)
    return slots["place"](p, after), kept_m, kept_s


def _powers(m, s, beta_1, beta_2, t):
    return m / (1 - beta_1**t), s / (1 - beta_2**t)


_NOT_KEPT = "Write into the arrays that were passed, so that the next step finds them."
_ONCE = "The correction is for this step alone: give the corrected mean a name of its own."

_ADAM = Family(
    _adam,
    {
        "unbias": [
            Filling(_powers),
            Filling(
                lambda m, s, b1, b2, t: (m, s), "missing-correction", "the bias correction is left out",
                "At the start the running means are far too small: divide by 1 - beta**step.",
            ),
            Filling(lambda m, s, b1, b2, t: (m / (1 - b1**t), s), "missing-correction",
                    "the running mean of squares is not corrected"),
            Filling(lambda m, s, b1, b2, t: (m, s / (1 - b2**t)), "missing-correction",
                    "the running mean of the gradient is not corrected"),
            Filling(lambda m, s, b1, b2, t: (m / (1 - b1), s / (1 - b2)), "wrong-correction",
                    "the correction divides by 1 - beta, without the power", "It is 1 - beta**step."),
            Filling(lambda m, s, b1, b2, t: (m / (1 - b1 ** (t + 1)), s / (1 - b2 ** (t + 1))), "wrong-correction",
                    "the correction counts one step too many", "The first step is number 1."),
            Filling(lambda m, s, b1, b2, t: (m / (1 - b1 * t), s / (1 - b2 * t)), "wrong-correction",
                    "the correction multiplies beta with the step", "It is the power, beta**step."),
            Filling(lambda m, s, b1, b2, t: (m / b1**t, s / b2**t), "wrong-correction",
                    "the correction divides by beta**step", "It divides by 1 - beta**step."),
        ],
        "quotient": [
            Filling(lambda m, s: m / (np.sqrt(s) + EPSILON)),
            Filling(lambda m, s: m / (s + EPSILON), "missing-root", "the square root is left out"),
            Filling(lambda m, s: m / np.sqrt(s + EPSILON), "misplaced-epsilon", "epsilon stands under the root",
                    "Add it to the root."),
            Filling(lambda m, s: m, "missing-division", "the step is not divided by the root"),
            Filling(lambda m, s: m * np.sqrt(s), "wrong-values", "the step is multiplied with the root"),
            Filling(lambda m, s: m / np.sqrt(s), "missing-epsilon", "epsilon is left out"),
        ],
        "sign": _SIGNS,
        "mean": [
            Filling(lambda b, m, g: b * m + (1 - b) * g),
            Filling(lambda b, m, g: (1 - b) * m + b * g, "swapped-betas", "beta_1 and 1 - beta_1 change places"),
            Filling(lambda b, m, g: b * m + g, "wrong-mean", "the gradient enters without the factor 1 - beta_1"),
            Filling(lambda b, m, g: m + (1 - b) * g, "wrong-mean", "the old mean is kept in full"),
            Filling(lambda b, m, g: g, "wrong-mean", "the gradient takes the place of its running mean"),
            Filling(lambda b, m, g: (1 - b) * g, "wrong-mean", "the old mean is left out"),
        ],
        "square": [
            Filling(lambda b, s, g: b * s + (1 - b) * g * g),
            Filling(lambda b, s, g: b * s + (1 - b) * g, "missing-square", "the gradient is not squared"),
            Filling(lambda b, s, g: (1 - b) * s + b * g * g, "swapped-betas",
                    "beta_2 and 1 - beta_2 change places in the squares"),
            Filling(lambda b, s, g: b * s + g * g, "wrong-mean", "the square enters without the factor 1 - beta_2"),
            Filling(lambda b, s, g: s + (1 - b) * g * g, "wrong-mean", "the old mean of squares is kept in full"),
            Filling(lambda b, s, g: s + g * g, "wrong-mean", "the squares are summed, as in Adagrad"),
            Filling(lambda b, s, g: b * s + ((1 - b) * g) ** 2, "wrong-mean", "1 - beta_2 is squared, too"),
            Filling(lambda b, s, g: (1 - b) * g * g, "wrong-mean", "the old mean of squares is left out"),
        ],
        "betas": [
            Filling(BETAS),
            Filling(BETAS[::-1], "swapped-betas", "beta_1 and beta_2 change places"),
            Filling((0.9, 0.9), "wrong-betas", "0.9 is used for both betas"),
            Filling((0.999, 0.999), "wrong-betas", "0.999 is used for both betas"),
        ],
        "order": [
            Filling(lambda m, s, new_m, new_s, g: (new_m, new_s)),
            Filling(lambda m, s, new_m, new_s, g: (m, s), "old-means", "the step uses the running means of before",
                    "Update them first."),
            Filling(lambda m, s, new_m, new_s, g: (new_m, s), "old-means", "the step uses the old mean of squares"),
            Filling(lambda m, s, new_m, new_s, g: (g, new_s), "old-means", "the step uses the gradient, not its mean"),
        ],
        "rate": [
            Filling(lambda rate: rate),
            Filling(lambda rate: 1, "missing-learning-rate", "the learning rate is left out"),
            Filling(lambda rate: 0.001, "missing-learning-rate", "0.001 is used in the place of learning_rate"),
        ],
        "changes": [Filling("all"), Filling("nothing", "not-in-place", "none of the arrays is changed", _NOT_KEPT)],
        "place": [
            Filling(lambda before, after: after),
            Filling(lambda before, after: before, "not-in-place", "the parameters stay as they are", _NOT_KEPT),
        ],
        "kept means": [
            Filling(lambda before, after, unbiased: after),
            Filling(lambda before, after, unbiased: before, "not-in-place",
                    "the running means of the gradient are not kept", _NOT_KEPT),
            Filling(lambda before, after, unbiased: unbiased, "keeps-corrected",
                    "the corrected mean of the gradient is kept", _ONCE),
        ],
        "kept squares": [
            Filling(lambda before, after, unbiased: after),
            Filling(lambda before, after, unbiased: before, "not-in-place",
                    "the running means of the squares are not kept", _NOT_KEPT),
            Filling(lambda before, after, unbiased: unbiased, "keeps-corrected",
                    "the corrected mean of the squares is kept", _ONCE),
        ],
    },
)  # fmt: skip


def _adam_reference(params, grads, means, squares, step, learning_rate):
    params, means, squares = copy.deepcopy((params, means, squares))
    adam = Adam(params, learning_rate, BETAS, EPSILON)
    adam.means, adam.squares, adam.steps = means, squares, step - 1
    adam.step(grads)
    return flat(params), flat(means), flat(squares)


def _adapt_adam(function):
    @functools.wraps(function, updated=())
    def adam_step(params, grads, means, squares, step, learning_rate):
        held = dict(params), dict(means), dict(squares)
        function(params, grads, means, squares, step, learning_rate)
        return tuple(map(flat, held))

    return adam_step


# --------------------------------------------------------------------------------------------------------------

EXERCISES = [
    Exercise(
        id="training.sgd_step",
        outputs=("the parameters afterwards",),
        reference=_sgd_reference,
        draw=_draw_sgd,
        family=_SGD,
        see="the chapter on a language model, section Training (lm-descent)",
        adapt=_adapt_sgd,
        in_place=("params",),
    ),
    Exercise(
        id="training.adam_step",
        outputs=("the parameters afterwards", "the running means", "the running means of squares"),
        reference=_adam_reference,
        draw=_draw_adam,
        family=_ADAM,
        see="the chapter on a language model, section Training (lm-adam)",
        adapt=_adapt_adam,
        in_place=("params", "means", "squares"),
    ),
]
