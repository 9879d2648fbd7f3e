"""Speed of the cells beside their peers: ``python -m benchmarks.cells``.

Each entry alternates between lstmlib and its peers, PyTorch and, where it is installed, JAX, in one process on the same
number of threads, and takes the median of each, so that whatever else the machine does hits all alike. A ratio below 1
means that lstmlib is faster.
"""

import argparse
import importlib.util
import itertools
import math
import subprocess
import sys
import time
from statistics import median

import numpy as np

from benchmarks import imports
from benchmarks.peers import LAYERS, jaxs, ours, torchs

SIZES = [  # N, T, D, H
    (1, 50, 8, 16),
    (16, 50, 16, 32),
    (32, 100, 32, 64),
    (32, 100, 128, 256),
    (64, 100, 256, 512),
    (1, 1000, 64, 128),
]
PAUSE = 0.1  # seconds


def in_turns(functions, seconds, turns=6):
    """Median time of each function, run in turns for about `seconds` in all.

    Between turns nothing runs for a moment: the threads of either library go on waiting in a loop after their work,
    on a core that the other then lacks.
    """
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(turns):
        for function, log in zip(functions, times, strict=True):
            time.sleep(PAUSE)
            function()
            end = time.perf_counter() + seconds / turns / len(functions)
            while True:
                start = time.perf_counter()
                function()
                now = time.perf_counter()
                log.append(now - start)
                if now > end:
                    break
    return list(map(median, times))


def find_peers():
    """Name to maker of the peers that are installed; says which one is not."""
    import torch

    print(f"numpy {np.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    if importlib.util.find_spec("jax") is None:
        print("JAX is not installed; pip install jax puts it beside PyTorch.")
        return {"torch": torchs}
    import jax

    print(f"jax {jax.__version__}")
    return {"torch": torchs, "jax": jaxs}


def table(kinds, seconds):
    """Print the table, one line per entry, and the geometric mean for each peer."""
    peers = find_peers()
    heads = "".join(f" {name:>10} {'ratio':>6}" for name in peers)
    print(f"{'':6} {'N, T, D, H':20} {'pass':20} {'dtype':8} {'lstmlib':>10}{heads}")
    ratios = {name: [] for name in peers}
    for kind, sizes, backward, dtype in itertools.product(kinds, SIZES, (False, True), (np.float32, np.float64)):
        makers = ours, *peers.values()
        mine, *others = in_turns([maker(kind, sizes, dtype, backward) for maker in makers], seconds)
        columns = ""
        for name, other in zip(peers, others, strict=True):
            ratios[name].append(mine / other)
            columns += f" {1e3 * other:8.2f}ms {mine / other:6.2f}"
        print(
            f"{kind:6} {', '.join(map(str, sizes)):20} {'forward + backward' if backward else 'forward':20} "
            f"{np.dtype(dtype).name:8} {1e3 * mine:8.2f}ms{columns}",
            flush=True,
        )
    for name, values in ratios.items():
        mean = math.exp(sum(map(math.log, values)) / len(values))
        above = sum(ratio > 1 for ratio in values)
        print(f"{name}: geometric mean {mean:.2f}; {above} of {len(values)} above 1")


def peak_memory(maker, kind, sizes):
    """Largest memory of a fresh process after forward + backward in float32, in MiB, its libraries included."""
    code = (
        f"import resource; from benchmarks.peers import *; run = {maker.__name__}({kind!r}, {sizes}, 'float32', True); "
        "run(); run(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return int(run.stdout) / 1024


def share_in_products(sizes, dtype):
    """How much of an LSTM's forward and backward pass is spent in matrix products of the same shapes and number."""
    N, T, D, H = sizes
    rng = np.random.default_rng(0)

    def array(*shape):
        return rng.standard_normal(shape).astype(dtype)

    W, z, a = array(4 * H, H + D + 1), array(H + D + 1, N), array(4 * H, N)
    W_h, dh = array(H, 4 * H), array(H, N)
    rows_z, rows_a, W_x = array(T * N, H + D + 1), array(T * N, 4 * H), array(4 * H, D)

    def products():
        for _ in range(T):
            np.matmul(W, z, out=a)
        for _ in range(T):
            np.matmul(W_h, a, out=dh)
        rows_z.T @ rows_a, rows_a @ W_x

    alone, whole = in_turns([products, ours("LSTM", sizes, dtype, True)], 2)
    return alone / whole


def growth():
    """Time of an LSTM's forward and backward pass as T and as N doubles."""
    print("\nLSTM, forward + backward, float32, D = 32, H = 64")
    for label, sizes in (
        ("T", [(32, T, 32, 64) for T in (50, 100, 200, 400)]),
        ("N", [(N, 100, 32, 64) for N in (8, 16, 32, 64)]),
    ):
        times = []
        for size in sizes:
            times.append(1e3 * in_turns([ours("LSTM", size, np.float32, True)], 0.3)[0])
        values = [size[1] if label == "T" else size[0] for size in sizes]
        print(f"  {label} = {values}: {', '.join(f'{t:.2f}' for t in times)} ms")


def main():
    """Print all tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kinds", nargs="*", default=list(LAYERS))
    parser.add_argument("--seconds", type=float, default=2.0, help="for each entry")
    options = parser.parse_args()
    imports.main()
    print("\npeak memory of a process after forward + backward, float32, in MiB")
    for kind in options.kinds:
        for sizes in (SIZES[2], SIZES[4]):
            mine, peer = (peak_memory(maker, kind, sizes) for maker in (ours, torchs))
            print(f"  {kind:6} {', '.join(map(str, sizes)):20} lstmlib {mine:6.0f}, torch {peer:6.0f}")
    table(options.kinds, options.seconds)
    print("\nshare of an LSTM's forward + backward pass that is spent in matrix products")
    for sizes in SIZES:
        shares = [share_in_products(sizes, dtype) for dtype in (np.float32, np.float64)]
        print(f"  {', '.join(map(str, sizes)):20} float32 {shares[0]:.2f}, float64 {shares[1]:.2f}")
    growth()


if __name__ == "__main__":
    main()
