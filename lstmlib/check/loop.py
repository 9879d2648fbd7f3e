"""The exercise on the loop that trains a network."""

import copy
import functools
from collections.abc import Mapping, Set

import numpy as np

from lstmlib import RNN, tasks
from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.mistakes import Family, Filling
from lstmlib.check.named_arrays import flat
from lstmlib.check.result import UnreadableError
from lstmlib.optim import SGD, clip_by_global_norm
from lstmlib.train import Model, fit


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
    if slots["draw"] == "own generator":
        rng = np.random.default_rng(0)
    if slots["draw"] == "one before":
        draw(rng)
    for iteration in range(iterations):
        if slots["draw"] == "start again":
            batch = draw(np.random.default_rng(0))
        elif batch is None or slots["draw"] != "once":
            batch = draw(rng)
        loss, grads = model.loss(batch)
        if slots["draw"] == "twice":
            grads = model.loss(draw(rng))[1]
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
    return np.asarray(slots["result"](losses), dtype=float), flat(model.params)


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
            Filling("own generator", "own-generator", "the batches come from another generator than rng",
                    "Pass on the rng that the function gets."),
            Filling("twice", "two-batches", "loss and gradients come from two different batches",
                    "Call draw and model.loss once in each iteration, and take both results."),
            Filling("one before", "skipped-batch", "a batch is drawn before the loop and not used",
                    "Draw inside the loop alone."),
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
        before = flat(model.params)
        losses = function(model, draw, optimiser, clip, iterations, rng)
        if losses is None:
            raise UnreadableError("returns-none", "The function returns None. It should end with: return losses.")
        listed = _listed(losses)
        if listed is None or len(listed) != iterations:
            came = f"a value of type {type(losses).__name__}" if listed is None else len(listed)
            text = f"Expected {iterations} losses, one for each iteration; got {came}. {_question(listed)}"
            raise UnreadableError("wrong-count", text)
        after = flat(model.params)
        if np.array_equal(before, after):
            text = "The parameters of the model are the same as before. Is optimiser.step(grads) called in the loop?"
            raise UnreadableError("no-step", text)
        return listed, after

    return train


def _listed(losses):
    """The losses one by one, whatever holds them; None for a single number and for what has no order."""
    if isinstance(losses, (str, bytes, Mapping, Set)):
        return None
    try:
        return list(losses)
    except TypeError:
        return None


def _question(listed):
    if listed is None:
        return "Are all of them appended to a list, and is that returned?"
    return "Is the return behind the loop?" if len(listed) == 1 else "Is each loss appended once?"


def _reference(model, draw, optimiser, clip, iterations, rng):
    model, optimiser, rng = copy.deepcopy((model, optimiser, rng))  # together: the optimiser holds the model's arrays
    history = fit(model, draw, iterations, rng, optimiser, clip.keywords["largest"])
    return np.asarray(history.losses), flat(model.params)


EXERCISE = Exercise(
    id="training.train",
    outputs=("losses", "the parameters afterwards"),
    reference=_reference,
    draw=_draw_loops,
    family=_TRAIN,
    see="the chapter on a language model, section Training (lm-descent)",
    adapt=_adapt_train,
)
