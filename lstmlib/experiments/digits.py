"""A real data set: handwritten digits, read pixel by pixel.

After the sequential digits of Le et al. (2015), with scikit-learn's 1,797 images of 8 × 8 pixels: 64 steps, ten
classes. Trained on 1,297 of them, tested on the other 500; the split is part of the seed.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells
from lstmlib.experiments.trial import accuracy, expect, trial
from lstmlib.tasks import Batch

SEEDS = (0, 1, 2)
N, H, TEST = 64, 32, 500
CONDITIONS = {
    "RNN": cells.plain_rnn,
    "IRNN": cells.irnn,
    "LSTM, forget bias 1": cells.lstm(1),
    "LSTM, forget bias 3": cells.lstm(3),
    "GRU, update bias 2": cells.gru(2),
}


def run(condition, seed, iterations=1500):
    """Train on random batches of the training images, then test on all others."""
    xs, classes = tasks.digits()
    order = np.random.default_rng(seed).permutation(len(classes))

    def pick(which):
        mask = np.zeros((len(xs), len(which)))
        mask[-1] = 1
        return Batch(xs[:, which], np.broadcast_to(classes[which], mask.shape).copy(), mask)

    draw = lambda rng: pick(rng.choice(order[TEST:], N))  # noqa: E731
    model, _, result = trial(CONDITIONS[condition], (1, H, 10), draw, iterations, seed)
    return result | {"accuracy": accuracy(model, pick(order[:TEST]))}


def check(results):
    """The gated cells read digits best, the identity ReLU network worst."""
    expect(results, "IRNN", "accuracy", low=0.4, high=0.82, of=np.median)
    plain = np.median([run["accuracy"] for run in results["RNN"]])
    assert plain > 0.5, f"expected the plain network to be far better than chance, 0.1, got {plain}."
    for condition in ("LSTM, forget bias 1", "GRU, update bias 2"):
        expect(results, condition, "accuracy", low=plain, of=np.median)
        expect(results, condition, "accuracy", low=0.83, of=np.median)
    expect(results, "GRU, update bias 2", "accuracy", low=0.88, of=np.median)
