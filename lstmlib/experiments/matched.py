"""The same number of parameters: GRU, LSTM and plain network on the adding problem of 60 steps.

After Chung et al. (2014), who compared cells in this way. Solved when the mean error of 20 iterations is below 0.005.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells
from lstmlib.experiments.trial import count_parameters, expect, trial

SEEDS = (0, 1, 2, 3, 4)
T, N = 60, 32
CONDITIONS = {
    "RNN, 64 units": (cells.plain_rnn, 64),
    "GRU, 36 units": (cells.gru(0), 36),
    "LSTM, 31 units": (cells.lstm(1), 31),
}


def run(condition, seed, iterations=2000):
    """Train on sequences drawn anew for each batch."""
    make, H = CONDITIONS[condition]
    model, _, result = trial(make, (2, H, 1), lambda rng: tasks.adding(rng, T, N), iterations, seed, 0.005)
    return result | {"parameters": count_parameters(model)}


def check(results):
    """As many parameters to within 3 %; both gated cells solve it, the GRU in fewer iterations; the RNN does not."""
    counts = [run["parameters"] for runs in results.values() for run in runs]
    assert max(counts) < 1.03 * min(counts), f"expected as many parameters everywhere, got {sorted(set(counts))}."
    expect(results, "RNN, 64 units", "solved", high=0.2, of=np.mean)
    expect(results, "GRU, 36 units", "solved", low=0.8, of=np.mean)
    expect(results, "LSTM, 31 units", "solved", low=0.8, of=np.mean)
    slow = np.median([run["iterations"] for run in results["LSTM, 31 units"]])
    expect(results, "GRU, 36 units", "iterations", high=slow, of=np.median)
