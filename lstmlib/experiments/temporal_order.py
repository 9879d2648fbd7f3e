"""Who can tell in which order two symbols came, 100 steps later?

The task is number 6a of Hochreiter and Schmidhuber (1997): among distractors, two symbols that matter, the first in the
second tenth of the sequence and the other in the sixth. Four classes, so chance is 25 %. It is solved when the mean
loss of 20 iterations is below 0.1; a run that gets nowhere is ended after 2,000 iterations.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells
from lstmlib.experiments.trial import accuracy, expect, trial

SEEDS = (0, 1, 2, 3, 4)
T, N, H = 100, 32, 32
CONDITIONS = {
    "RNN": cells.plain_rnn,
    "orthogonal RNN": cells.orthogonal_rnn(),
    "IRNN": cells.irnn,
    "LSTM, forget bias 0": cells.lstm(0),
    "LSTM, forget bias 1": cells.lstm(1),
    "LSTM, forget bias 3": cells.lstm(3),
    "LSTM, forget bias 1, Glorot": cells.glorot_lstm(1),
    "LSTM, forget bias 3, Glorot": cells.glorot_lstm(3),
    "LSTM, chrono": cells.chrono_lstm(T),
    "GRU, update bias 0": cells.gru(0),
    "GRU, update bias 2": cells.gru(2),
}


def run(condition, seed, iterations=2000, length=T):
    """Train on sequences drawn anew for each batch, then test on 1,000 others."""
    model, rng, result = trial(
        CONDITIONS[condition], (6, H, 4), lambda rng: tasks.temporal_order(rng, length, N), iterations, seed, 0.1
    )
    return result | {"accuracy": accuracy(model, tasks.temporal_order(rng, length, 1000))}


def check(results):
    """Chance without a starting point that keeps; with one, solved; a bias for all units is less sure than a spread."""
    for condition in ("RNN", "orthogonal RNN", "LSTM, forget bias 0", "GRU, update bias 0"):
        expect(results, condition, "solved", high=0.2, of=np.mean)
        expect(results, condition, "accuracy", high=0.4, of=np.median)
    expect(results, "LSTM, forget bias 1, Glorot", "solved", high=0.4, of=np.mean)
    for condition in ("LSTM, chrono", "GRU, update bias 2"):
        expect(results, condition, "solved", low=0.8, of=np.mean)
        expect(results, condition, "accuracy", low=0.95, of=np.median)
        slow = np.median([run["iterations"] for run in results["LSTM, forget bias 3"]])
        expect(results, condition, "iterations", high=slow / 2, of=np.median)
    expect(results, "IRNN", "solved", low=0.4, of=np.mean)
    expect(results, "LSTM, forget bias 3", "accuracy", low=0.9, of=np.median)
