"""The exercises on training: output layer, loss, gradient, clipping, two optimisers and the loop.

Four of them work in place. What counts for those are the arrays that the caller holds, not what the dict refers to
afterwards: an optimiser that puts new arrays into a dict leaves the network as it was.
"""

import copy
import functools

import numpy as np

from lstmlib import RNN, tasks
from lstmlib.activations import sigmoid, softmax
from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.mistakes import Family, Filling
from lstmlib.check.result import UnreadableError
from lstmlib.losses import cross_entropy
from lstmlib.optim import SGD, Adam, clip_by_global_norm
from lstmlib.train import Model

# Sizes (T, N, K) of the ordinary cases. In the cube a sum over the wrong axis has the right shape.
SIZES = {
    "a short sequence": (3, 2, 4),
    "more steps than classes": (5, 4, 3),
    "as many steps as examples and classes": (3, 3, 3),
    "a single step of a single example": (1, 1, 3),
}
_CHAPTER = "the chapter on a language model"


# Output layer and softmax ---------------------------------------------------------------------------------


def _draw_probabilities(rng):
    def draw(T, N, K, H, scale=1.0):
        shapes = {"hs": (T, N, H), "W": (H, K), "b": (K,)}
        return {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}

    cases = [Case("ordinary", label, draw(*size, 3)) for label, size in SIZES.items()]
    extreme = draw(3, 2, 4, 3)
    # A shift by one number for the whole batch does not do: here the largest logits of two steps are 4000 apart.
    extreme["b"] = np.array([2000.0, 1000.0, 2000.0, 0.0])
    extreme["W"], extreme["hs"][:, :, 0] = np.eye(3, 4), [[0, 0], [-4000, 4000], [0, -1000]]
    return [*cases, Case("extreme", "very large numbers", extreme)]


def _probabilities(slots, hs, W, b):
    return slots["squash"](slots["bias"](slots["product"](slots["states"](hs), W), b))


def _exp_share(a, axis):
    return np.exp(a) / np.exp(a).sum(axis=axis, keepdims=True)


_PROBABILITIES = Family(
    _probabilities,
    {
        "squash": [
            Filling(softmax),
            Filling(
                lambda a: softmax(a, axis=0),
                "wrong-axis",
                "the softmax runs over the steps",
                "Probabilities of one step of one example sum to 1: axis=-1, with keepdims=True.",
            ),
            Filling(
                lambda a: softmax(a, axis=1),
                "wrong-axis",
                "the softmax runs over the examples",
                "Probabilities of one step of one example sum to 1: axis=-1, with keepdims=True.",
            ),
            Filling(
                lambda a: _exp_share(a, None),
                "wrong-axis",
                "the softmax runs over the whole array at once",
                "sum() without an axis adds up everything: axis=-1, with keepdims=True.",
            ),
            Filling(sigmoid, "wrong-activation", "the activation is a sigmoid", "K probabilities must sum to 1."),
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
            Filling(lambda a: softmax(softmax(a)), "double-activation", "the softmax is applied twice"),
            Filling(
                lambda a: softmax(np.log(2) * a), "wrong-base", "powers of 2 take the place of exp", "Use np.exp."
            ),
            Filling(lambda a: softmax(-a), "wrong-sign", "the softmax is taken of -a"),
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
            Filling(lambda a, b: a + b),
            Filling(lambda a, b: a, "missing-bias", "the bias b is left out", "Add b before the softmax."),
            Filling(lambda a, b: a - b, "wrong-sign", "the bias b is subtracted"),
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


# Loss and its gradient ------------------------------------------------------------------------------------


def _draw_losses(rng):
    def draw(T, N, K, share=1.0):
        mask = (rng.uniform(size=(T, N)) < share).astype(float)
        return {"logits": rng.normal(0, 1.5, (T, N, K)), "targets": rng.integers(0, K, (T, N)), "mask": mask}

    cases = [Case("ordinary", f"{label}, all of it counts", draw(*size)) for label, size in SIZES.items()]
    for label, size in (("padding at the end", (4, 3, 4)), ("only some steps count", (5, 2, 3))):
        masked = draw(*size, share=0.6)
        masked["mask"][0, 0], masked["mask"][-1, 0] = 1, 0  # of both kinds at least one
        if label == "padding at the end":
            masked["mask"] = -np.sort(-masked["mask"], axis=0)
        cases.append(Case("masked", label, masked))
    extreme = draw(3, 2, 4)
    extreme["logits"] = np.where(rng.uniform(size=(3, 2, 4)) < 0.5, 1000.0, -1000.0) + extreme["logits"]
    extreme["logits"][0] = [[1000, -1000, 0, 0], [-4000, -4001, -4002, -4003]]
    extreme["targets"][0] = [1, 0]
    return [*cases, Case("extreme", "very large numbers", extreme)]


_MASKS = [
    Filling(lambda mask: mask),
    Filling(np.ones_like, "missing-mask", "the mask is left out", "Multiply the loss of each step with mask."),
    Filling(lambda mask: 1 - mask, "flipped-mask", "the mask is turned round", "1 counts, 0 does not."),
]
_AXES = [
    Filling(softmax),
    Filling(lambda a: softmax(a, axis=0), "wrong-axis", "the softmax runs over the steps", "Use axis=-1."),
    Filling(
        lambda a: softmax(a, axis=1), "wrong-axis", "the softmax runs over the examples", "Use axis=-1."
    ),
    Filling(lambda a: _exp_share(a, None), "wrong-axis", "the softmax runs over the whole array at once"),
    Filling(lambda a: a, "missing-softmax", "logits are used where probabilities belong"),
    Filling(sigmoid, "wrong-activation", "a sigmoid takes the place of the softmax"),
    Filling(lambda a: softmax(softmax(a)), "double-activation", "the softmax is applied twice"),
]
_TARGETS = [
    Filling(lambda logits, targets: targets),
    Filling(
        lambda logits, targets: logits.argmax(axis=-1),
        "wrong-class",
        "the likeliest class is taken in the place of the right one",
        "targets says which class came.",
    ),
    Filling(lambda logits, targets: targets - 1, "wrong-class", "the class before the right one is taken"),
    Filling(
        lambda logits, targets: (targets + 1) % logits.shape[-1], "wrong-class", "the class after the right one counts"
    ),
    Filling(lambda logits, targets: 0 * targets, "wrong-class", "class 0 is taken at every step"),
]
_EXPECTED_MEANS = "Add over the steps, and average over the examples of the batch only."


def _divisors():
    return [
        Filling(lambda mask: mask.shape[1]),
        Filling(
            lambda mask: mask.size, "mean-over-steps", "the mean is taken over the steps, too", _EXPECTED_MEANS
        ),
        Filling(lambda mask: 1, "missing-batch-average", "the sum is not divided by N", _EXPECTED_MEANS),
        Filling(
            lambda mask: mask.shape[0], "mean-over-steps", "the sum is divided by T in the place of N", _EXPECTED_MEANS
        ),
        Filling(
            lambda mask: mask.sum(), "mean-over-steps", "the sum is divided by the number of steps that count",
            _EXPECTED_MEANS,
        ),
    ]  # fmt: skip


def _pick(values, targets):
    return np.take_along_axis(values, targets[..., None], axis=-1)[..., 0]


def _log_softmax(a):
    shifted = a - a.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _log(squash):
    return lambda a: np.log(squash(a))


def _loss(slots, logits, targets, mask):
    losses = slots["loss"](slots["logarithm"](logits), slots["target"](logits, targets))
    return slots["steps"](slots["mask"](mask) * losses).sum() / slots["mean"](mask)


_LOSS = Family(
    _loss,
    {
        "loss": [
            Filling(lambda log_p, y: -_pick(log_p, y)),
            Filling(_pick, "wrong-sign", "the minus before the logarithm is left out"),
            Filling(
                lambda log_p, y: -_pick(log_p, y) / np.log(2), "wrong-base", "the logarithm is that to base 2",
                "That is the loss in bits; here it is wanted in nats, np.log.",
            ),
            Filling(lambda log_p, y: -_pick(log_p, y) / np.log(10), "wrong-base", "the logarithm is that to base 10"),
            Filling(lambda log_p, y: -np.exp(_pick(log_p, y)), "missing-logarithm", "the logarithm is left out"),
            Filling(lambda log_p, y: 1 - np.exp(_pick(log_p, y)), "missing-logarithm", "1 - p stands for -ln p"),
            Filling(lambda log_p, y: -np.log1p(-np.exp(_pick(log_p, y))), "wrong-sign", "-ln(1 - p) stands for -ln p"),
            Filling(
                lambda log_p, y: -log_p.sum(axis=-1), "wrong-class", "the logarithms of all classes are added",
                "Only the class that came counts.",
            ),
            Filling(
                lambda log_p, y: -(np.exp(log_p) * log_p).sum(axis=-1), "wrong-class",
                "the entropy of p is computed, which does not look at targets",
            ),
            Filling(
                lambda log_p, y: _pick(np.log1p(-np.exp(log_p)) - log_p, y) - np.log1p(-np.exp(log_p)).sum(axis=-1),
                "wrong-loss",
                "each class has a binary cross entropy of its own",
                "The softmax ties the classes together: -ln p of the right one is all.",
            ),
            Filling(
                lambda log_p, y: ((np.exp(log_p) - np.eye(log_p.shape[-1])[y]) ** 2).sum(axis=-1), "wrong-loss",
                "it is the squared error of p",
            ),
        ],
        "mean": _divisors(),
        "mask": _MASKS,
        "logarithm": [
            Filling(_log_softmax),
            Filling(
                lambda a: a, "missing-softmax", "logits are taken for logarithms of probabilities",
                "ln p = a - ln sum(exp(a)).",
            ),
            *(
                Filling(_log(other.value), other.diagnosis, other.sentence, other.hint)
                for other in _AXES[1:]
                if other.diagnosis != "missing-softmax"
            ),
        ],
        "target": _TARGETS,
        "steps": [
            Filling(lambda losses: losses),
            Filling(lambda losses: losses[-1], "last-step-only", "only the last step's loss is taken"),
        ],
    },
)  # fmt: skip


def _loss_gradient(slots, logits, targets, mask):
    p, y = slots["softmax"](logits), slots["target"](logits, targets)
    doutputs = slots["slope"](p, np.eye(logits.shape[-1])[y])
    return slots["mask"](mask)[..., None] * doutputs / slots["mean"](mask)


_LOSS_GRADIENT = Family(
    _loss_gradient,
    {
        "slope": [
            Filling(lambda p, hot: p - hot),
            Filling(lambda p, hot: hot - p, "wrong-sign", "its sign is turned round", "It is p - [k = y]."),
            Filling(lambda p, hot: p, "missing-target", "1 is not subtracted at the right class"),
            Filling(lambda p, hot: -hot, "missing-softmax", "only the 1 at the right class is left, without p"),
            Filling(
                lambda p, hot: -hot / p, "missing-slope", "it is the gradient by the probability, -1/p",
                "The softmax has a slope, too: by the logit it is p - 1.",
            ),
            Filling(lambda p, hot: (p - hot) * p * (1 - p), "slope-twice", "p - [k = y] is multiplied with p (1 - p)"),
            Filling(lambda p, hot: (p - 1) * hot, "wrong-class", "all classes but the right one get 0"),
            Filling(lambda p, hot: p - 1, "wrong-class", "1 is subtracted at every class"),
            Filling(lambda p, hot: 2 * (p - hot), "wrong-values", "a factor 2 is too many"),
            Filling(lambda p, hot: p * (1 - hot), "missing-target", "p is set to 0 at the right class"),
            Filling(lambda p, hot: np.log(p) - hot, "wrong-values", "ln p takes the place of p"),
        ],
        "mean": _divisors(),
        "mask": _MASKS,
        "softmax": _AXES,
        "target": _TARGETS,
    },
)  # fmt: skip


# Clipping -------------------------------------------------------------------------------------------------


def _flat(arrays):
    """All arrays of a dict end to end."""
    return np.concatenate([np.ravel(value) for value in arrays.values()])


def _split(vector, arrays):
    cuts = np.cumsum([value.size for value in arrays.values()])[:-1]
    parts = np.split(vector, cuts)
    return {name: part.reshape(arrays[name].shape) for name, part in zip(arrays, parts, strict=True)}


def _draw_arrays(rng, scale=1.0):
    shapes = {"W_x": (2, 3), "W_h": (3, 3), "b": (3,)}
    return {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}


def _draw_clips(rng):
    cases = [
        Case("ordinary", "gradients that are too long", {"grads": _draw_arrays(rng, scale), "largest": largest})
        for scale, largest in ((2.0, 1.0), (30.0, 2.5), (1.0, 0.5))
    ]
    for largest in (100.0, 20.0):
        arguments = {"grads": _draw_arrays(rng, 0.1), "largest": largest}
        cases.append(Case("short", "gradients that are short already", arguments))
    nothing = {"grads": _draw_arrays(rng, 0.0), "largest": 1.0}
    return [*cases, Case("extreme", "gradients that are all zero", nothing)]


def _clip(slots, grads, largest):
    norm = slots["norm"](grads)
    clipped = slots["rule"](grads, norm, largest)
    after = _flat(grads) if slots["place"] == "elsewhere" else _flat(clipped)
    return np.asarray(slots["returned"](norm, clipped, largest), dtype=float), after


def _joint_norm(grads):
    return np.sqrt((_flat(grads) ** 2).sum())


def _times(grads, factor):
    return {name: grad * factor for name, grad in grads.items()}


def _each_array(grads, norm, largest):
    return {name: grad * min(1, largest / np.linalg.norm(grad)) for name, grad in grads.items()}


def _if_longer(change):
    return lambda grads, norm, largest: change(grads, norm, largest) if norm > largest else grads


_CLIP = Family(
    _clip,
    {
        "rule": [
            Filling(_if_longer(lambda grads, norm, largest: _times(grads, largest / norm))),
            Filling(
                _each_array, "clips-each-array", "each array is clipped by a norm of its own",
                "One norm of all gradients together, one factor for all: otherwise the direction changes.",
            ),
            Filling(
                lambda grads, norm, largest: {k: np.clip(v, -largest, largest) for k, v in grads.items()},
                "clips-each-entry",
                "each entry is clipped by itself",
                "That turns the direction of the gradient. Scale all entries by one factor.",
            ),
            Filling(
                lambda grads, norm, largest: _times(grads, largest / norm), "lengthens",
                "gradients that are short already are made longer", "The factor is at most 1.",
            ),
            Filling(
                lambda grads, norm, largest: _times(grads, largest / norm) if norm < largest else grads,
                "flipped-condition",
                "short gradients are lengthened and long ones are left",
                "Clip where the norm is above largest.",
            ),
            Filling(
                _if_longer(lambda grads, norm, largest: _times(grads, 1 / norm)), "missing-limit",
                "gradients are scaled to norm 1, not to the limit", "The factor is largest / norm.",
            ),
            Filling(
                _if_longer(lambda grads, norm, largest: _times(grads, norm / largest)), "flipped-factor",
                "the factor is norm / largest", "It is the other way round.",
            ),
            Filling(_if_longer(lambda grads, norm, largest: _times(grads, largest)), "missing-norm",
                    "gradients are multiplied with largest, without dividing by the norm"),
            Filling(_if_longer(lambda grads, norm, largest: _times(grads, 0)), "drops-gradient",
                    "gradients that are too long are set to 0", "Shorten them; their direction is still good."),
            Filling(lambda grads, norm, largest: _times(grads, 1 / max(norm, 1e-300)), "lengthens",
                    "all gradients are scaled to norm 1"),
        ],
        "norm": [
            Filling(_joint_norm),
            Filling(lambda g: _joint_norm(g) ** 2, "missing-root", "the square root is left out of the norm"),
            Filling(lambda g: np.abs(_flat(g)).sum(), "wrong-norm", "the norm is the sum of absolute values"),
            Filling(lambda g: np.abs(_flat(g)).max(), "wrong-norm", "the norm is the largest absolute value"),
            Filling(lambda g: _flat(g).sum(), "wrong-norm", "the entries are added without being squared"),
            Filling(
                lambda g: sum(np.linalg.norm(v) for v in g.values()), "wrong-norm", "the norms of the arrays are added",
                "Add the squares of all entries, then take one root.",
            ),
            Filling(lambda g: max(np.linalg.norm(v) for v in g.values()), "wrong-norm",
                    "the largest of the arrays' norms is taken"),
            Filling(lambda g: np.sqrt((_flat(g) ** 2).mean()), "wrong-norm", "the squares are averaged, not added"),
            Filling(lambda g: np.linalg.norm(list(g.values())[-1]), "wrong-norm", "only the last array is looked at"),
            Filling(lambda g: np.linalg.norm(next(iter(g.values()))), "wrong-norm", "only the first array is seen"),
            Filling(lambda g: sum(np.linalg.norm(v, 2) if v.ndim == 2 else np.linalg.norm(v) for v in g.values()),
                    "wrong-norm", "spectral norms of the arrays are added"),
        ],
        "place": [
            Filling("here"),
            Filling(
                "elsewhere", "not-in-place", "the gradients that were passed stay as they are",
                "Either nothing is clipped, or a copy is. Write into the arrays: grad *= factor.",
            ),
        ],
        "returned": [
            Filling(lambda norm, clipped, largest: norm),
            Filling(lambda norm, clipped, largest: _joint_norm(clipped), "returns-clipped-norm",
                    "the norm after clipping is returned", "Return the norm before: it tells how wild the step was."),
            Filling(lambda norm, clipped, largest: min(norm, largest), "returns-clipped-norm",
                    "the norm after clipping is returned", "Return the norm before: it tells how wild the step was."),
            Filling(lambda norm, clipped, largest: min(1, largest / norm) if norm else 1, "returns-factor",
                    "the factor is returned in the place of the norm"),
            Filling(lambda norm, clipped, largest: largest / norm if norm else np.nan, "returns-factor",
                    "largest / norm is returned in the place of the norm"),
        ],
    },
)  # fmt: skip


def _clip_reference(grads, largest):
    copies = {name: value.copy() for name, value in grads.items()}
    return np.asarray(clip_by_global_norm(copies, largest)), _flat(copies)


def _adapt_clip(function):
    @functools.wraps(function, updated=())
    def clip(grads, largest):
        norm = function(grads, largest)
        if norm is None:
            text = "The function returns None. It should end with: return, then the norm before clipping."
            raise UnreadableError("returns-none", text)
        if isinstance(norm, dict):
            text = "The function returns a dict. It should change the arrays in grads, and return their norm."
            raise UnreadableError("not-in-place", text)
        return norm, _flat(grads)

    return clip


# Optimisers -----------------------------------------------------------------------------------------------


def _draw_sgd(rng):
    return [
        Case("ordinary", label, {"params": _draw_arrays(rng), "grads": _draw_arrays(rng, scale), "learning_rate": rate})
        for label, scale, rate in (
            ("a small learning rate", 1.0, 0.01),
            ("a large learning rate", 1.0, 0.7),
            ("large gradients", 20.0, 0.1),
            ("gradients of zero", 0.0, 0.1),
        )
    ]


def _sgd(slots, params, grads, learning_rate):
    step = slots["sign"] * slots["rate"](learning_rate, slots["gradient"](_flat(params), _flat(grads)))
    before, after = _flat(params), slots["start"](_flat(params)) + step
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
    return (_flat(params),)


def _adapt_sgd(function):
    @functools.wraps(function, updated=())
    def sgd_step(params, grads, learning_rate):
        held = dict(params)  # the arrays that the network has, whatever the dict gets
        function(params, grads, learning_rate)
        return _flat(held)

    return sgd_step


def _adapt_adam(function):
    @functools.wraps(function, updated=())
    def adam_step(params, grads, means, squares, step, learning_rate):
        held = dict(params), dict(means), dict(squares)
        function(params, grads, means, squares, step, learning_rate)
        return tuple(map(_flat, held))

    return adam_step


def _draw_adam(rng):
    def draw(step, rate, scale=0.1, before=1.0):
        squares = {name: (before * scale * value) ** 2 for name, value in _draw_arrays(rng).items()}
        arguments = {"params": _draw_arrays(rng), "grads": _draw_arrays(rng, scale)}
        arguments |= {"means": _draw_arrays(rng, before * scale), "squares": squares}
        return arguments | {"step": step, "learning_rate": rate}

    return [
        Case("ordinary", "the first step", draw(1, 0.1, before=0.0)),
        Case("ordinary", "the second step", draw(2, 0.3)),
        Case("ordinary", "a later step", draw(50, 0.05, scale=2.0)),
        Case("ordinary", "gradients so small that epsilon matters", draw(3, 0.1, scale=1e-7)),
        Case("extreme", "gradients that have always been zero", draw(1, 0.1, scale=0.0)),
    ]


BETAS, EPSILON = (0.9, 0.999), 1e-8


def _adam(slots, params, grads, means, squares, step, learning_rate):
    beta_1, beta_2 = slots["betas"]
    p, g, m, s = map(_flat, (params, grads, means, squares))
    new_m = slots["mean"](beta_1, m, g)
    new_s = slots["square"](beta_2, s, g)
    used_m, used_s = slots["order"](m, s, new_m, new_s, g)
    unbiased_m, unbiased_s = slots["unbias"](used_m, used_s, beta_1, beta_2, step)
    size = slots["rate"](learning_rate) * slots["quotient"](unbiased_m, unbiased_s)
    after = p + slots["sign"] * size
    return slots["place"](p, after), slots["kept means"](m, new_m), slots["kept squares"](s, new_s)


def _powers(m, s, beta_1, beta_2, t):
    return m / (1 - beta_1**t), s / (1 - beta_2**t)


_NOT_KEPT = "Write into the arrays that were passed, so that the next step finds them."

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
        "place": [
            Filling(lambda before, after: after),
            Filling(lambda before, after: before, "not-in-place", "the parameters stay as they are", _NOT_KEPT),
        ],
        "kept means": [
            Filling(lambda before, after: after),
            Filling(lambda before, after: before, "not-in-place", "the running means of the gradient are not kept",
                    _NOT_KEPT),
        ],
        "kept squares": [
            Filling(lambda before, after: after),
            Filling(lambda before, after: before, "not-in-place", "the running means of the squares are not kept",
                    _NOT_KEPT),
        ],
    },
)  # fmt: skip


def _adam_reference(params, grads, means, squares, step, learning_rate):
    params, means, squares = copy.deepcopy((params, means, squares))
    adam = Adam(params, learning_rate, BETAS, EPSILON)
    adam.means, adam.squares, adam.steps = means, squares, step - 1
    adam.step(grads)
    return _flat(params), _flat(means), _flat(squares)


# The loop -------------------------------------------------------------------------------------------------


def _draw_loops(rng):
    cases = []
    for label, iterations, rate, largest in (
        ("a few iterations", 4, 0.05, 1e9),
        ("gradients that are clipped", 6, 0.05, 0.2),
        ("one iteration", 1, 0.05, 0.1),
    ):
        seed = int(rng.integers(2**31))
        model = Model(RNN(2, 3, rng=seed), 1, rng=seed + 1)
        model.params["layer.b"][:] = rng.normal(size=3)
        arguments = {
            "model": model,
            "draw": functools.partial(tasks.adding, T=4, N=3),
            "optimiser": SGD(model.params, rate),
            "clip": functools.partial(clip_by_global_norm, largest=largest),
            "iterations": iterations,
            "rng": np.random.default_rng(seed + 2),
        }
        cases.append(Case("ordinary", label, arguments))
    return cases


def _train(slots, model, draw, optimiser, clip, iterations, rng):
    model, optimiser, rng = copy.deepcopy((model, optimiser, rng))
    losses, batch, total = [], None, None
    for iteration in range(iterations):
        if slots["draw"] == "start again":
            batch = draw(np.random.default_rng(0))
        elif batch is None or slots["draw"] == "each":
            batch = draw(rng)
        loss, grads = model.loss(batch)
        if slots["sum"] and total is not None:
            grads = {name: grad + total[name] for name, grad in grads.items()}
        total = {name: grad.copy() for name, grad in grads.items()}
        if slots["order"] == "clip first":
            clip(grads)
        if slots["steps"] == "all" or iteration == iterations - 1:
            optimiser.step(grads)
        for _ in range(slots["again"]):
            optimiser.step(grads)
        losses.append(model.loss(batch)[0] if slots["record"] == "after" else loss)
    return np.asarray(slots["result"](losses), dtype=float), _flat(model.params)


def _same_count(values, change):
    changed = change(np.asarray(values, dtype=float))
    return np.broadcast_to(changed, (len(values),))


_TRAIN = Family(
    _train,
    {
        "order": [
            Filling("clip first"),
            Filling(
                "no clip", "no-clipping", "gradients are not clipped before the step",
                "Call clip(grads) between model.loss and optimiser.step.",
            ),
        ],
        "draw": [
            Filling("each"),
            Filling(
                "once", "same-batch", "all iterations see one batch", "Draw a new batch inside the loop."
            ),
            Filling("start again", "same-batch", "a new generator in each iteration draws the same batch",
                    "Pass rng on; it remembers what it has drawn."),
        ],
        "record": [
            Filling("before"),
            Filling("after", "loss-after-step", "the loss is taken after the step",
                    "model.loss gives it together with the gradients."),
        ],
        "steps": [
            Filling("all"),
            Filling("last", "wrong-step", "only the last iteration makes a step", "The step belongs into the loop."),
        ],
        "again": [Filling(0), Filling(1, "wrong-step", "two steps are made in each iteration")],
        "sum": [
            Filling(False),
            Filling(True, "adds-gradients", "gradients of earlier iterations are added",
                    "Each iteration has gradients of its own."),
        ],
        "result": [
            Filling(lambda losses: losses),
            Filling(lambda losses: _same_count(losses, lambda v: v.mean()), "wrong-result", "each entry is the mean"),
            Filling(lambda losses: losses[::-1], "wrong-result", "the losses stand in reverse order"),
            Filling(lambda losses: np.cumsum(losses), "wrong-result", "the losses are added up"),
            Filling(lambda losses: _same_count(losses, lambda v: v[-1]), "wrong-result", "each entry is the last"),
            Filling(lambda losses: 0 * np.asarray(losses), "wrong-result", "every entry is 0"),
        ],
    },
)  # fmt: skip


def _adapt_train(function):
    @functools.wraps(function, updated=())
    def train(model, draw, optimiser, clip, iterations, rng):
        before = _flat(model.params)
        losses = function(model, draw, optimiser, clip, iterations, rng)
        if losses is None:
            raise UnreadableError("returns-none", "The function returns None. It should end with: return losses.")
        count = len(losses) if isinstance(losses, (list, tuple, np.ndarray)) and np.ndim(losses) else None
        if count != iterations:
            came = f"a list of {count}" if count is not None else f"a single {type(losses).__name__}"
            text = f"Expected {iterations} losses, one for each iteration; got {came}. Is the return behind the loop?"
            raise UnreadableError("wrong-count", text)
        after = _flat(model.params)
        if np.array_equal(before, after) and iterations > 0:
            text = "The parameters of the model are the same as before. Is optimiser.step(grads) called in the loop?"
            raise UnreadableError("no-step", text)
        return losses, after

    return train


def _loop_reference(**arguments):
    return _train({name: fillings[0].value for name, fillings in _TRAIN.slots.items()}, **arguments)


# --------------------------------------------------------------------------------------------------------------

EXERCISES = [
    Exercise(
        id="training.probabilities",
        outputs=("p",),
        reference=lambda hs, W, b: (softmax(hs @ W + b),),
        draw=_draw_probabilities,
        family=_PROBABILITIES,
        see=f"{_CHAPTER}, section From a state to probabilities (lm-softmax)",
        ranges={"p": (0, 1)},
    ),
    Exercise(
        id="training.sequence_loss",
        outputs=("loss",),
        reference=lambda logits, targets, mask: (np.asarray(cross_entropy(logits, targets, mask)[0]),),
        draw=_draw_losses,
        family=_LOSS,
        see=f"{_CHAPTER}, section The loss, summed over all steps (lm-loss)",
        properties={"masked": "also where the mask leaves steps out"},
    ),
    Exercise(
        id="training.loss_gradient",
        outputs=("da",),
        reference=lambda logits, targets, mask: (cross_entropy(logits, targets, mask)[1],),
        draw=_draw_losses,
        family=_LOSS_GRADIENT,
        see=f"{_CHAPTER}, section The loss, summed over all steps (lm-dlogits)",
        properties={"masked": "also where the mask leaves steps out"},
    ),
    Exercise(
        id="training.clip",
        outputs=("the norm that is returned", "the gradients afterwards"),
        reference=_clip_reference,
        draw=_draw_clips,
        family=_CLIP,
        see="the chapter on vanishing gradients, section Exploding, and the cliff (clipping)",
        properties={"short": "gradients that are short already stay as they are"},
        adapt=_adapt_clip,
        in_place=("grads",),
    ),
    Exercise(
        id="training.sgd_step",
        outputs=("the parameters afterwards",),
        reference=_sgd_reference,
        draw=_draw_sgd,
        family=_SGD,
        see=f"{_CHAPTER}, section Training (lm-descent)",
        adapt=_adapt_sgd,
        in_place=("params",),
    ),
    Exercise(
        id="training.adam_step",
        outputs=("the parameters afterwards", "the running means", "the running means of squares"),
        reference=_adam_reference,
        draw=_draw_adam,
        family=_ADAM,
        see=f"{_CHAPTER}, section Training (lm-adam)",
        adapt=_adapt_adam,
        in_place=("params", "means", "squares"),
    ),
    Exercise(
        id="training.train",
        outputs=("losses", "the parameters afterwards"),
        reference=_loop_reference,
        draw=_draw_loops,
        family=_TRAIN,
        see=f"{_CHAPTER}, section Training (lm-descent)",
        adapt=_adapt_train,
    ),
]
