"""Without input, about the state zero, a tanh network is linear: what do 100 steps do to a gradient?

There the Jacobian of a step is W_h transposed, and that of 100 steps its 100th power. For an orthogonal matrix times ρ
every gradient shrinks or grows by ρ in each step, exactly. The spectral radius alone says this only in the long run: a
matrix that is not normal stretches first, and its powers shrink only then (Pascanu et al., 2013, on the linear case).
"""

import numpy as np

from lstmlib.experiments import cells
from lstmlib.experiments.trial import expect
from lstmlib.gradients import jacobian, spectral_radius

SEEDS = (0, 1, 2)
T, H = 100, 64
EXACT = ("end", "largest", "radius")


def shear(radius):
    """A tanh RNN with the eigenvalue `radius` alone: on the diagonal; above it stand random numbers."""

    def make(D, H, rng, dtype=np.float64):
        layer = cells.plain_rnn(D, H, rng, dtype)
        above = np.triu(rng.standard_normal((H, H)), 1) / np.sqrt(4 * H)
        layer.params["W_h"][:] = radius * np.eye(H) + above
        return layer

    return make


CONDITIONS = {
    **{f"orthogonal × {scale:g}": cells.orthogonal_rnn(scale) for scale in (0.95, 1, 1.1)},
    "not normal, radius 0.8": shear(0.8),
}


def run(condition, seed, length=T):
    """Norms for lags of 0, 4, 8, … steps, and for the longest."""
    layer = CONDITIONS[condition](1, H, np.random.default_rng(seed), np.float64)
    norms = np.linalg.norm(jacobian(layer, np.zeros((length, 1))), 2, axis=(1, 2))[::-1].tolist()
    # A triangular matrix has its eigenvalues on the diagonal; so many equal ones cannot be computed with precision.
    W_h = layer.params["W_h"]
    radius = np.abs(np.diag(W_h)).max() if np.allclose(W_h, np.triu(W_h)) else spectral_radius(W_h)
    return {
        "every": 4,
        "norms": norms[::4],
        "end": norms[-1],
        "largest": max(norms),
        "radius": float(radius),
    }


def check(results):
    """Orthogonal: ρ to the power of 100. Not normal: grows although its radius is below 1, then shrinks."""
    for scale in (0.95, 1, 1.1):
        expect(results, f"orthogonal × {scale:g}", "end", (1 - 1e-6) * scale**T, (1 + 1e-6) * scale**T)
    expect(results, "not normal, radius 0.8", "radius", 0.8 - 1e-6, 0.8 + 1e-6)
    expect(results, "not normal, radius 0.8", "largest", low=1.5)
    expect(results, "not normal, radius 0.8", "end", high=0.5)
