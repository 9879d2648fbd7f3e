"""Why did the LSTM get a forget gate? A sum with resets, 1,500 steps without a break.

Trained on 60 steps, tested on one stream of 1,500, in which the sum starts anew in one step of twenty (after the
continual tasks of Gers et al., 2000). The cell without a forget gate, that of 1997, is an LSTM whose forget gate is
held at 1. The errors are relative: answering 0 always gives 1.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments.ablated import AblatedLSTM
from lstmlib.experiments.trial import expect, trial

SEEDS = (0, 1, 2)
T, N, H = 60, 32, 24
TEST_T, BLOCK = 1500, 50
CONDITIONS = {
    "LSTM": lambda D, H, rng: AblatedLSTM(D, H, rng, np.float32),
    "LSTM without forget gate": lambda D, H, rng: AblatedLSTM(D, H, rng, np.float32, without="forget gate"),
}


def run(condition, seed, iterations=2000, length=TEST_T):
    """Train on short streams, then follow error and cell over long ones."""
    draw = lambda rng: tasks.continual_sum(rng, T, N)  # noqa: E731
    model, rng, result = trial(CONDITIONS[condition], (2, H, 1), draw, iterations, seed)
    return result | over_time(model, tasks.continual_sum(rng, length, 32))


def over_time(model, batch):
    """Relative squared error, and the largest norm of a cell state, over all steps and in blocks of `BLOCK`."""
    outputs, _ = model.predict(batch.xs)
    cs = model.layer.cells(batch.xs)                          # (T, N, H)
    squares = ((outputs - batch.targets) ** 2).mean(axis=(1, 2)) / (batch.targets**2).mean()
    norms = np.linalg.norm(cs, axis=2).max(axis=1)
    return {
        "error": float(squares.mean()),
        "largest_cell": float(norms.max()),
        "block": BLOCK,
        "errors": squares.reshape(-1, BLOCK).mean(axis=1).tolist(),
        "cells": norms.reshape(-1, BLOCK).max(axis=1).tolist(),
    }


def check(results):
    """Without a forget gate the cell grows and grows, and the error with it; with one, both stay small."""
    expect(results, "LSTM", "error", high=0.05)
    expect(results, "LSTM without forget gate", "error", low=0.1)
    full, without = (max(run["largest_cell"] for run in results[name]) for name in CONDITIONS)
    assert without > 20 * full, f"expected cells 20 times as large without the forget gate, got {full} and {without}."
