"""Who learns to add two marked numbers of a sequence of 100 steps?

The task is Hochreiter and Schmidhuber's (1997) in the form of Le et al. (2015). Answering 1 always gives a mean squared
error of 1/6. It is solved when the mean error of 20 iterations is below 0.005.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells
from lstmlib.experiments.trial import expect, trial
from lstmlib.losses import squared_error

SEEDS = (0, 1, 2)
T, N, H = 100, 32, 32
CONDITIONS = {
    "RNN": cells.plain_rnn,
    "orthogonal RNN": cells.orthogonal_rnn(),
    "IRNN": cells.irnn,
    "LSTM": cells.lstm(1),
    "GRU": cells.gru(0),
}


def run(condition, seed, iterations=2500, length=T):
    """Train on sequences drawn anew for each batch, then test on 1,000 others."""
    model, rng, result = trial(
        CONDITIONS[condition], (2, H, 1), lambda rng: tasks.adding(rng, length, N), iterations, seed, 0.005
    )
    batch = tasks.adding(rng, length, 1000)
    return result | {"error": squared_error(model.predict(batch.xs)[0], batch.targets, batch.mask)[0]}


def check(results):
    """The tanh RNNs hardly beat the constant answer; the identity ReLU network and both gated cells solve the task."""
    for condition in ("RNN", "orthogonal RNN"):
        expect(results, condition, "error", low=0.1)
    for condition in ("IRNN", "LSTM", "GRU"):
        expect(results, condition, "solved", low=1, of=np.median)
        expect(results, condition, "error", high=0.02, of=np.median)
    for condition in ("LSTM", "GRU"):
        expect(results, condition, "error", high=0.02)
