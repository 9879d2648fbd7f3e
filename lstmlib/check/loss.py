"""The exercises on the loss of a sequence and on its gradient by the logits."""

import numpy as np

from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.mistakes import Family, Filling
from lstmlib.check.output_layer import SIZES, SOFTMAX, rounded
from lstmlib.losses import cross_entropy


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
    extreme["logits"] = rounded(np.where(rng.uniform(size=(3, 2, 4)) < 0.5, 1000.0, -1000.0) + extreme["logits"])
    extreme["logits"][0] = [[1000, -1000, 0, 0], [-4000, -4001, -4002, -4003]]
    extreme["targets"][0] = [1, 0]
    return [*cases, Case("extreme", "very large numbers", extreme)]


def _masks(what):
    return [
        Filling(lambda mask: mask),
        Filling(np.ones_like, "missing-mask", "the mask is left out", f"Multiply the {what} of each step with mask."),
        Filling(lambda mask: 1 - mask, "flipped-mask", "the mask is turned round", "1 counts, 0 does not."),
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
_AVERAGE = "Add over the steps, and average over the examples of the batch only."
_DIVISORS = [
    Filling(lambda mask, K: mask.shape[1]),
    Filling(lambda mask, K: mask.size, "mean-over-steps", "the mean is taken over the steps, too", _AVERAGE),
    Filling(lambda mask, K: 1, "missing-batch-average", "the sum is not divided by N", _AVERAGE),
    Filling(lambda mask, K: len(mask), "mean-over-steps", "the sum is divided by T in the place of N", _AVERAGE),
    Filling(lambda mask, K: mask.sum(), "mean-over-steps", "it is divided by the number of steps that count", _AVERAGE),
    Filling(lambda mask, K: K, "mean-over-classes", "the sum is divided by K in the place of N", _AVERAGE),
    Filling(lambda mask, K: mask.size * K, "mean-over-classes", "the mean is taken over steps and classes", _AVERAGE),
]


def _pick(values, targets):
    return np.take_along_axis(values, targets[..., None], axis=-1)[..., 0]


def _log_softmax(a):
    shifted = a - a.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _log(squash):
    return lambda a: np.log(squash(a))


def _loss(slots, logits, targets, mask):
    losses = slots["loss"](slots["logarithm"](logits), slots["target"](logits, targets))
    return slots["steps"](slots["mask"](mask) * losses).sum() / slots["mean"](mask, logits.shape[-1])


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
        "mean": _DIVISORS,
        "mask": _masks("loss"),
        "logarithm": [
            Filling(_log_softmax),
            Filling(
                lambda a: a, "missing-softmax", "logits are taken for logarithms of probabilities",
                "ln p = a - ln sum(exp(a)).",
            ),
            *(Filling(_log(other.value), other.diagnosis, other.sentence, other.hint) for other in SOFTMAX[1:]),
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
    return slots["mask"](mask)[..., None] * doutputs / slots["mean"](mask, logits.shape[-1])


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
        "mean": _DIVISORS,
        "mask": _masks("gradient"),
        "softmax": [
            *SOFTMAX,
            Filling(lambda a: a, "missing-softmax", "logits are used where probabilities belong"),
        ],
        "target": _TARGETS,
    },
)  # fmt: skip

# --------------------------------------------------------------------------------------------------------------

EXERCISES = [
    Exercise(
        id="training.sequence_loss",
        outputs=("loss",),
        reference=lambda logits, targets, mask: (np.asarray(cross_entropy(logits, targets, mask)[0]),),
        draw=_draw_losses,
        family=_LOSS,
        see="the chapter on a language model, section The loss, summed over all steps (lm-loss)",
        properties={"masked": "also where the mask leaves steps out"},
    ),
    Exercise(
        id="training.loss_gradient",
        outputs=("da",),
        reference=lambda logits, targets, mask: (cross_entropy(logits, targets, mask)[1],),
        draw=_draw_losses,
        family=_LOSS_GRADIENT,
        see="the chapter on a language model, section The loss, summed over all steps (lm-dlogits)",
        properties={"masked": "also where the mask leaves steps out"},
    ),
]
