"""The exercise on clipping gradients by their joint norm.

What counts is what the dict holds afterwards, as an optimiser finds it: the old arrays, written into, or new ones.
"""

import functools

import numpy as np

from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.mistakes import Family, Filling
from lstmlib.check.named_arrays import LAYER, MODEL, draw_arrays, flat
from lstmlib.check.result import UnreadableError
from lstmlib.optim import clip_by_global_norm


def _draw_clips(rng):
    cases = [
        Case("ordinary", label, {"grads": draw_arrays(rng, scale, shapes), "largest": largest})
        for label, scale, largest, shapes in (
            ("gradients that are too long", 2.0, 1.0, LAYER),
            ("gradients that are far too long", 30.0, 2.5, LAYER),
            ("gradients of another network", 1.0, 0.5, MODEL),
        )
    ]
    for largest in (100.0, 20.0):
        arguments = {"grads": draw_arrays(rng, 0.1), "largest": largest}
        cases.append(Case("short", "gradients that are short already", arguments))
    nothing = {"grads": draw_arrays(rng, 0.0), "largest": 1.0}
    return [*cases, Case("extreme", "gradients that are all zero", nothing)]


def _clip(slots, grads, largest):
    norm = slots["norm"](grads)
    clipped = slots["rule"](grads, norm, largest)
    after = flat(grads) if slots["place"] == "elsewhere" else flat(clipped)
    return np.asarray(slots["returned"](norm, clipped, largest), dtype=float), after


def _joint_norm(grads):
    return np.sqrt((flat(grads) ** 2).sum())


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
            Filling(lambda g: np.abs(flat(g)).sum(), "wrong-norm", "the norm is the sum of absolute values"),
            Filling(lambda g: np.abs(flat(g)).max(), "wrong-norm", "the norm is the largest absolute value"),
            Filling(lambda g: flat(g).sum(), "wrong-norm", "the entries are added without being squared"),
            Filling(
                lambda g: sum(np.linalg.norm(v) for v in g.values()), "wrong-norm", "the norms of the arrays are added",
                "Add the squares of all entries, then take one root.",
            ),
            Filling(lambda g: max(np.linalg.norm(v) for v in g.values()), "wrong-norm",
                    "the largest of the arrays' norms is taken"),
            Filling(lambda g: np.sqrt((flat(g) ** 2).mean()), "wrong-norm", "the squares are averaged, not added"),
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
    return np.asarray(clip_by_global_norm(copies, largest)), flat(copies)


def _adapt_clip(function):
    @functools.wraps(function, updated=())
    def clip(grads, largest):
        before = list(grads)
        norm = function(grads, largest)
        if norm is None:
            text = "The function returns None. It should end with: return, then the norm before clipping."
            raise UnreadableError("returns-none", text)
        if isinstance(norm, dict):
            text = "The function returns a dict. It should change the arrays in grads, and return their norm."
            raise UnreadableError("not-in-place", text)
        return norm, flat({name: grads[name] for name in [*before, *grads] if name in grads})  # in their old order

    return clip


EXERCISE = Exercise(
    id="training.clip",
    outputs=("the norm that is returned", "the gradients afterwards"),
    reference=_clip_reference,
    draw=_draw_clips,
    family=_CLIP,
    see="the chapter on vanishing gradients, section Exploding, and the cliff (clipping)",
    properties={"short": "gradients that are short already stay as they are"},
    adapt=_adapt_clip,
    in_place=("grads",),
)
