"""A trap: recall the first symbol after 20 steps, and the plain network wins.

Nothing but distractors follows the symbol. A cell whose gates start half open halves its memory in each step; a matrix
of norm about 1 loses less. Four classes, so chance is 25 %; solved when the mean loss of 20 iterations is below 0.05.
"""

import numpy as np

from lstmlib.experiments import cells
from lstmlib.experiments.trial import accuracy, expect, trial
from lstmlib.tasks import Batch

SEEDS = (0, 1, 2, 3, 4)
T, N, H, SYMBOLS = 20, 32, 32, 4
CONDITIONS = {
    "RNN": cells.plain_rnn,
    "orthogonal RNN": cells.orthogonal_rnn(),
    "LSTM, forget bias 0": cells.lstm(0),
    "LSTM, forget bias 1": cells.lstm(1),
    "LSTM, forget bias 3": cells.lstm(3),
    "LSTM, chrono": cells.chrono_lstm(T),
    "GRU, update bias 0": cells.gru(0),
    "GRU, update bias 2": cells.gru(2),
}


def draw(rng, N):
    """One-hot symbols; the class at the last step is the first of them."""
    symbols = rng.integers(0, SYMBOLS, (T, N))
    mask = np.zeros((T, N))
    mask[-1] = 1
    return Batch(np.eye(SYMBOLS)[symbols], np.broadcast_to(symbols[0], (T, N)).copy(), mask)


def run(condition, seed, iterations=1500):
    """Train on sequences drawn anew for each batch, then test on 1,000 others."""
    sizes = (SYMBOLS, H, SYMBOLS)
    model, rng, result = trial(CONDITIONS[condition], sizes, lambda rng: draw(rng, N), iterations, seed, 0.05)
    return result | {"accuracy": accuracy(model, draw(rng, 1000))}


def check(results):
    """All solve it but the cells whose gates start half open, and the plain network is among the fastest."""
    for condition in ("RNN", "orthogonal RNN", "LSTM, forget bias 1", "LSTM, forget bias 3", "GRU, update bias 2"):
        expect(results, condition, "solved", low=0.8, of=np.mean)
        expect(results, condition, "accuracy", low=0.95, of=np.median)
    expect(results, "LSTM, forget bias 0", "solved", high=0.2, of=np.mean)
    expect(results, "LSTM, forget bias 0", "accuracy", high=0.4, of=np.median)
    expect(results, "GRU, update bias 0", "solved", high=0.7, of=np.mean)
    slow = np.median([run["iterations"] for run in results["LSTM, forget bias 1"]])
    expect(results, "RNN", "iterations", high=slow, of=np.median)
