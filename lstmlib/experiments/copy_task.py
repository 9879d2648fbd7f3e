"""Who can say three symbols again after a delay?

The task is that of Hochreiter and Schmidhuber (1997) and Arjovsky et al. (2016): three of eight symbols, a delay, a
cue. Chance is one in eight; solved when the mean loss, summed over the three symbols, of 20 iterations is below 0.1.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells
from lstmlib.experiments.trial import accuracy, expect, trial

SEEDS = (0, 1, 2)
N, H = 32, 32
COUNT, ALPHABET = 3, 8
CELLS = {"RNN": cells.plain_rnn, "GRU, update bias 2": cells.gru(2), "LSTM, forget bias 4": cells.lstm(4)}
CONDITIONS = {f"{name}, delay {delay}": (make, delay) for delay in (30, 60) for name, make in CELLS.items()}


def run(condition, seed, iterations=5000):
    """Train on sequences drawn anew for each batch, then test on 500 others."""
    make, delay = CONDITIONS[condition]
    sizes = (ALPHABET + 2, H, ALPHABET + 1)
    model, rng, result = trial(make, sizes, lambda rng: tasks.copy(rng, COUNT, delay, N), iterations, seed, 0.1)
    return result | {"accuracy": accuracy(model, tasks.copy(rng, COUNT, delay, 500))}


def check(results):
    """The gated cells learn it; the plain network gets better than chance, and worse with a longer delay."""
    for delay in (30, 60):
        for cell in ("GRU, update bias 2", "LSTM, forget bias 4"):
            expect(results, f"{cell}, delay {delay}", "solved", low=0.6, of=np.mean)
            expect(results, f"{cell}, delay {delay}", "accuracy", low=0.97, of=np.median)
        expect(results, f"RNN, delay {delay}", "solved", high=0.4, of=np.mean)
        expect(results, f"RNN, delay {delay}", "accuracy", low=0.2, high=0.9, of=np.median)
    short = np.median([run["accuracy"] for run in results["RNN, delay 30"]])
    expect(results, "RNN, delay 60", "accuracy", high=short, of=np.median)
