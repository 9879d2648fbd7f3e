"""Speed of the cells beside their peers: ``python -m benchmarks.cells``.

Each entry alternates between lstmlib and its peer in one process on the same number of threads, and takes the
median of each, so that whatever else the machine does hits both alike. A ratio below 1 means that lstmlib is faster.
"""

import argparse
import math
import subprocess
import sys
import time
from statistics import median

import numpy as np

from lstmlib import GRU, LSTM, RNN

SIZES = [  # N, T, D, H
    (1, 50, 8, 16),
    (16, 50, 16, 32),
    (32, 100, 32, 64),
    (32, 100, 128, 256),
    (64, 100, 256, 512),
    (1, 1000, 64, 128),
]
PAUSE = 0.1  # seconds
LAYERS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}


def ours(kind, sizes, dtype, backward):
    """A function that does one pass with lstmlib."""
    N, T, D, H = sizes
    layer = LAYERS[kind](D, H, rng=0, dtype=dtype)
    xs = np.random.default_rng(1).standard_normal((T, N, D)).astype(dtype)
    dhs = np.random.default_rng(2).standard_normal((T, N, H)).astype(dtype)

    def run():
        hs, _, tape = layer.forward(xs)
        return layer.backward(tape, dhs) if backward else hs

    return run


def torchs(kind, sizes, dtype, backward):
    """The same with PyTorch: gradients of weights and inputs, or a forward pass that records none."""
    import torch

    N, T, D, H = sizes
    layer = getattr(torch.nn, kind)(D, H, dtype=getattr(torch, np.dtype(dtype).name))
    xs = torch.from_numpy(np.random.default_rng(1).standard_normal((T, N, D)).astype(dtype))
    dhs = torch.from_numpy(np.random.default_rng(2).standard_normal((T, N, H)).astype(dtype))

    def forward():
        with torch.no_grad():
            return layer(xs)[0]

    def both():
        xs.requires_grad_()
        xs.grad = None
        layer.zero_grad()
        hs, _ = layer(xs)
        hs.backward(dhs)
        return xs.grad

    return both if backward else forward


def paired(first, second, seconds, turns=6):
    """Median times of two functions, run in turns for about `seconds` in all.

    Between turns nothing runs for a moment: the threads of either library go on waiting in a loop after their work,
    on a core that the other then lacks.
    """
    first(), second()
    times = ([], [])
    for _ in range(turns):
        for function, log in zip((first, second), times, strict=True):
            time.sleep(PAUSE)
            function()
            end = time.perf_counter() + seconds / turns / 2
            while True:
                start = time.perf_counter()
                function()
                now = time.perf_counter()
                log.append(now - start)
                if now > end:
                    break
    return tuple(map(median, times))


def table(kinds, seconds):
    """Print the table, one line per entry, and the geometric mean."""
    import torch

    print(f"numpy {np.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{'':6} {'N, T, D, H':20} {'pass':20} {'dtype':8} {'lstmlib':>10} {'torch':>10} {'ratio':>6}")
    ratios = []
    for kind in kinds:
        for sizes in SIZES:
            for backward in (False, True):
                for dtype in (np.float32, np.float64):
                    mine, peer = paired(
                        ours(kind, sizes, dtype, backward), torchs(kind, sizes, dtype, backward), seconds
                    )
                    ratios.append(mine / peer)
                    name = "forward + backward" if backward else "forward"
                    print(
                        f"{kind:6} {', '.join(map(str, sizes)):20} {name:20} {np.dtype(dtype).name:8} "
                        f"{1e3 * mine:8.2f}ms {1e3 * peer:8.2f}ms {mine / peer:6.2f}",
                        flush=True,
                    )
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"geometric mean {mean:.2f}; {sum(ratio > 1 for ratio in ratios)} of {len(ratios)} above 1")


def peak_memory(maker, kind, sizes):
    """Largest memory of a fresh process after forward + backward in float32, in MiB, its libraries included."""
    code = (
        f"import resource; from benchmarks.cells import *; run = {maker.__name__}({kind!r}, {sizes}, 'float32', True); "
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

    alone, whole = paired(products, ours("LSTM", sizes, dtype, True), 2)
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
            run = ours("LSTM", size, np.float32, True)
            times.append(1e3 * paired(run, run, 0.6)[0])
        values = [size[1] if label == "T" else size[0] for size in sizes]
        print(f"  {label} = {values}: {', '.join(f'{t:.2f}' for t in times)} ms")


def main():
    """Print all tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kinds", nargs="*", default=list(LAYERS))
    parser.add_argument("--seconds", type=float, default=2.0, help="for each entry")
    options = parser.parse_args()
    print("peak memory of a process after forward + backward, float32, in MiB")
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
