"""*The dog which … has*, *the dogs which … have*: how long may the relative clause grow?

Trained on clauses of 1 to 10 words, or on clauses of 40 alone, solved when the mean loss of 20 iterations is below
0.01; then tested on clauses of other lengths. The words of a clause are random and do not tell the number: chance is
1/2.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells
from lstmlib.experiments.trial import accuracy, expect, trial

SEEDS = (0, 1, 2, 3, 4)
N, H = 32, 24
TESTED = (1, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200)
CELLS = {
    "RNN": cells.plain_rnn,
    "LSTM, forget bias 1": cells.lstm(1),
    "LSTM, forget bias 3": cells.lstm(3),
    "GRU, update bias 0": cells.gru(0),
    "GRU, update bias 2": cells.gru(2),
}
CLAUSES = {"1 to 10 words": (1, 10), "40 words": (40, 40)}
CONDITIONS = {f"{name}, trained on {clause}": (CELLS[name], CLAUSES[clause]) for clause in CLAUSES for name in CELLS}


def run(condition, seed, iterations=600, tested=TESTED):
    """Train on short clauses, then test on 500 sentences of each length."""
    make, (shortest, longest) = CONDITIONS[condition]
    draw = lambda rng: tasks.agreement(rng, N, int(rng.integers(shortest, longest + 1)))  # noqa: E731
    sizes = (len(tasks.WORDS), H, 2)
    model, rng, result = trial(make, sizes, draw, iterations, seed, 0.01)
    shares = [accuracy(model, tasks.agreement(rng, 500, between)) for between in tested]
    named = {f"accuracy_{between}": shares[tested.index(between)] for between in (10, 60)}
    return result | {"between": list(tested), "accuracies": shares} | named


def check(results):
    """After short clauses every cell is right on long ones; after long ones only those that start out keeping."""
    for cell in CELLS:
        expect(results, f"{cell}, trained on 1 to 10 words", "accuracy_60", low=0.95, of=np.median)
    expect(results, "GRU, update bias 2, trained on 40 words", "accuracy_10", low=0.95, of=np.median)
    expect(results, "LSTM, forget bias 3, trained on 40 words", "accuracy_60", low=0.9, of=np.median)
    for cell in ("RNN", "GRU, update bias 0"):
        expect(results, f"{cell}, trained on 40 words", "accuracy_60", high=0.9, of=np.median)
    expect(results, "GRU, update bias 0, trained on 40 words", "solved", high=0.2, of=np.mean)
