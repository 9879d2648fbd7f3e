"""What the layers of lstmlib cost to import beyond ``import numpy``: ``python -m benchmarks.imports``."""

import subprocess
import sys
from statistics import median

REACH = 50  # ms
RUNS = 10
CODE = """
from time import perf_counter
start = perf_counter()
import numpy
between = perf_counter()
from lstmlib import GRU, LSTM, RNN
print(between - start, perf_counter() - between)
"""


def main():
    """Print the medians over fresh processes, each of which imports NumPy, then lstmlib."""
    times = []
    for _ in range(1 + RUNS):
        run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
        times.append(list(map(float, run.stdout.split())))
    numpy, lstmlib = (1e3 * median(column) for column in zip(*times[1:], strict=True))  # the first one compiles
    print(f"import numpy takes {numpy:.0f} ms, lstmlib's layers {lstmlib:.1f} ms on top of that (reach: {REACH} ms)")


if __name__ == "__main__":
    main()
