"""Who can count? The language aⁿbⁿ, learned up to n = 20 and tested beyond.

The task is that of Gers and Schmidhuber (2001), the question that of Weiss et al. (2018). A word counts as right when
every symbol after its first b, the end included, is the likeliest one. `up_to` is the largest n such that all words
from n = 1 to it are right; `right` is their number among n = 1 to 100.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells
from lstmlib.experiments.trial import accuracy, expect, trial

SEEDS = (0, 1, 2, 3, 4)
N, H = 32, 8
LONGEST, TESTED = 20, 100
CONDITIONS = {"RNN": cells.plain_rnn, "IRNN": cells.irnn, "GRU": cells.gru(0), "LSTM": cells.lstm(1)}


def run(condition, seed, iterations=3000, tested=TESTED):
    """Train on words of random length up to 20, then try each length once: there is only one word of each."""
    draw = lambda rng: tasks.anbn(rng, N, LONGEST)  # noqa: E731
    model, rng, result = trial(CONDITIONS[condition], (4, H, 4), draw, iterations, seed)
    rights = [accuracy(model, tasks.anbn(rng, 1, n, n)) == 1 for n in range(1, tested + 1)]
    return result | {"up_to": rights.index(False) if False in rights else tested, "right": sum(rights)}


def check(results):
    """The LSTM counts well beyond what it saw, the GRU hardly; the others vary from seed to seed."""
    expect(results, "GRU", "up_to", low=18, high=30, of=np.median)
    expect(results, "LSTM", "up_to", low=30, of=np.median)
    expect(results, "LSTM", "up_to", low=21)
    for condition in ("RNN", "IRNN"):
        expect(results, condition, "up_to", high=32, of=np.median)
