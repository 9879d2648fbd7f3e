"""One training run as an experiment records it, and what its checks are written with."""

import numpy as np

from lstmlib.optim import Adam
from lstmlib.train import History, Model, below, fit

POINTS = 40  # of a recorded loss curve


def trial(make, sizes, draw, iterations, seed, stop_below=None, learning_rate=5e-3):
    """Train one model with Adam, gradients clipped to a norm of 1.

    Parameters
    ----------
    make : callable
        As in `lstmlib.experiments.cells`.
    sizes : triple of int
        D, H and the number of outputs.
    draw : callable
        ``draw(rng)`` returns a `Batch`.
    iterations : int
        At most.
    seed : int
    stop_below : float, optional
        Training ends, and counts as solved, when the mean loss of 20 iterations is below it.

    Returns
    -------
    model : Model
    rng : numpy.random.Generator
        For test data; it shares no numbers with the training.
    result : dict
        ``iterations``, ``solved``, ``diverged``, and ``losses``: means over ``every`` iterations each.
    """
    D, H, K = sizes
    weights, outputs, data, test = np.random.default_rng(seed).spawn(4)
    model = Model(make(D, H, weights), K, outputs)
    seen, solved = History(), below(stop_below or -np.inf)

    def stop(history):
        nonlocal seen
        seen = history
        return solved(history)

    diverged = False
    try:
        with np.errstate(all="ignore"):
            fit(model, draw, iterations, data, Adam(model.params, learning_rate), stop=stop)
    except FloatingPointError:  # a loss that is no longer finite
        diverged = True
    every = max(1, iterations // POINTS)
    return model, test, {
        "iterations": len(seen.losses),
        "solved": seen.stopped_early,
        "diverged": diverged,
        "every": every,
        "losses": thin(seen.losses, every),
    }


def thin(values, every):
    """Means of `every` values each; what is left over at the end is one more mean."""
    return [float(np.mean(values[k : k + every])) for k in range(0, len(values), every)]


def count_parameters(model):
    """Number of weights and biases, those of the output layer included."""
    return sum(value.size for value in model.params.values())


def accuracy(model, batch):
    """Share of right answers; NaN for a model whose weights are no longer numbers."""
    if not all(np.isfinite(value).all() for value in model.params.values()):
        return np.nan
    with np.errstate(all="ignore"):  # states may overflow
        return model.accuracy(batch)


def expect(results, condition, key, low=-np.inf, high=np.inf, of=None):
    """Assert that a figure lies in a range: with every seed, or `of` all seeds (such as ``np.median``)."""
    values = [run[key] for run in results[condition]]
    values = [np.nan if value is None else float(value) for value in values]
    judged = values if of is None else [of(values)]
    assert all(low <= value <= high for value in judged), (
        f"{condition}: expected {key} from {low:g} to {high:g} "
        f"{'with every seed' if of is None else f'as the {of.__name__}'}, got {', '.join(f'{v:.4g}' for v in values)}."
    )
