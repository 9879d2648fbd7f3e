"""Three gates instead of four: is a GRU faster?

Time of a step, forward and backward, in float32 with a batch of 32 and as many inputs as units. The cells take turns,
and each keeps its median, so that whatever else the machine does hits all alike. Times depend on the machine: nothing
is checked but the number of parameters.
"""

from statistics import median
from time import perf_counter

import numpy as np

from lstmlib.gru import GRU
from lstmlib.lstm import LSTM
from lstmlib.rnn import RNN

SEEDS = (0, 1, 2)
ALONE = True  # nothing else of ours may run beside a measurement
T, N = 50, 32
CELLS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
CONDITIONS = {f"H = {H}": H for H in (32, 64, 128, 256)}


def run(condition, seed, seconds=1.5):
    """Let the cells take turns for some seconds, at least three times."""
    H = CONDITIONS[condition]
    layers = {name: Layer(H, H, seed, np.float32) for name, Layer in CELLS.items()}
    xs, dhs = np.random.default_rng(seed).standard_normal((2, T, N, H)).astype(np.float32)
    times: dict[str, list[float]] = {name: [] for name in layers}
    begin = perf_counter()
    while perf_counter() < begin + seconds or len(times["LSTM"]) < 3:
        for name, layer in layers.items():
            start = perf_counter()
            layer.backward(layer.forward(xs)[2], dhs)
            times[name].append((perf_counter() - start) / T)
    microseconds = {name: 1e6 * median(values) for name, values in times.items()}
    return {
        **{f"parameters_{name}": layer.size for name, layer in layers.items()},
        **{f"microseconds_{name}": value for name, value in microseconds.items()},
        **{f"ratio_{name}": microseconds[name] / microseconds["LSTM"] for name in ("RNN", "GRU")},
    }


def check(results):
    """An LSTM has four times the parameters of a plain network; a GRU three times, and one bias more."""
    for condition, H in CONDITIONS.items():
        for result in results[condition]:
            rnn, gru, lstm = (result[f"parameters_{name}"] for name in CELLS)
            assert (rnn, gru, lstm) == (2 * H * H + H, 6 * H * H + 4 * H, 8 * H * H + 4 * H), (
                f"{condition}: expected parameters as 1 : 3 : 4, and H more for the GRU, got {rnn}, {gru}, {lstm}."
            )
