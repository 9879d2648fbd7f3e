"""How does a gradient fare on its way back through 100 steps, before any training?

The norm of ∂h_T/∂h_t against the lag T - t, for the LSTM of ∂c_T/∂c_t, each the largest singular value of the exact
Jacobian (after Pascanu et al., 2013; for the forget bias, Jozefowicz et al., 2015, section 2.2). Inputs are standard
normal numbers, 8 of them at each step; the outcome depends on that, so its end is computed for 2 and 32 as well.
The LSTM's way through the cell alone, the product of its forget gates, is given beside the whole.
"""

import numpy as np

from lstmlib.experiments import cells
from lstmlib.experiments.trial import expect
from lstmlib.gradients import cell_jacobian_split, jacobian
from lstmlib.lstm import LSTM

SEEDS = (0, 1, 2, 3, 4)
T, D, H = 100, 8, 64
EXACT = ("end", "end_2", "end_32")
CHAOTIC = ("orthogonal RNN × 2.5",)  # there a rounding error grows as fast as the gradient
CONDITIONS = {
    "RNN": cells.plain_rnn,
    **{f"orthogonal RNN × {scale:g}": cells.orthogonal_rnn(scale) for scale in (0.9, 1, 1.2, 1.5, 2.5)},
    **{f"LSTM, forget bias {bias}": cells.lstm(bias) for bias in (0, 1, 2, 5)},
    **{f"GRU, update bias {bias}": cells.gru(bias) for bias in (0, 2)},
}


def run(condition, seed, length=T):
    """Norms for lags of 0, 4, 8, … steps, and for the longest."""

    def compute(inputs):
        weights, data = np.random.default_rng(seed).spawn(2)
        layer = CONDITIONS[condition](inputs, H, weights, np.float64)
        return norms(layer, data.standard_normal((length, inputs)))

    whole, direct = compute(D)
    result = {"every": 4, "norms": whole[::4], "end": whole[-1]}
    result |= {f"end_{inputs}": compute(inputs)[0][-1] for inputs in (2, 32)}
    return result if direct is None else result | {"direct": direct[::4]}


def norms(layer, xs):
    """Norms of the Jacobian for lags from 0 to T, and of its direct part, which for other cells is None."""
    if not isinstance(layer, LSTM):
        return largest_singular_values(jacobian(layer, xs)), None
    direct, indirect = cell_jacobian_split(layer, xs)
    whole = indirect + direct[:, :, None] * np.eye(layer.hidden_size)
    return largest_singular_values(whole), direct.max(axis=1)[::-1].tolist()


def largest_singular_values(jacobians):
    """From lag 0, the identity, upwards."""
    return np.linalg.norm(jacobians, 2, axis=(1, 2))[::-1].tolist()


def check(results):
    """What shrinks and what grows, by how much and in which order."""
    expect(results, "RNN", "end", high=1e-7)
    expect(results, "orthogonal RNN × 1", "end", low=1e-14, high=1e-6)
    expect(results, "orthogonal RNN × 1.2", "end", low=1e-8, high=0.1)
    expect(results, "orthogonal RNN × 1.5", "end", low=0.1, high=1e3)
    expect(results, "orthogonal RNN × 2.5", "end", low=1e6)
    expect(results, "LSTM, forget bias 0", "end", high=1e-10)
    expect(results, "LSTM, forget bias 1", "end", low=1e-8, high=0.05)
    expect(results, "LSTM, forget bias 2", "end", low=0.5, high=100)
    expect(results, "LSTM, forget bias 5", "end", low=100)
    ordered = ["GRU, update bias 0", "GRU, update bias 2"]
    lower, higher = ([run["end"] for run in results[condition]] for condition in ordered)
    assert max(lower) < min(higher), f"expected a larger update bias to keep more, got {lower} and {higher}."
    for condition in results:
        shrinks = {run["end_2"] > run["end_32"] for run in results[condition]}
        assert shrinks == {True}, f"{condition}: expected more inputs to saturate the units and shorten the gradient."
