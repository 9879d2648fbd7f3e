"""What the three layers share: sizes, weights, and the names of what they return."""

from typing import Any, NamedTuple

import numpy as np

from lstmlib.init import glorot_uniform, orthogonal
from lstmlib.shapes import fit_shapes


class Gradients(NamedTuple):
    """Gradients of the loss, as returned by a layer's ``backward``.

    Attributes
    ----------
    params : dict
        The same keys and shapes as the layer's ``params``.
    xs : ndarray, shape (T, N, D)
    initial : ndarray, shape (N, H), or for the LSTM a pair of them (h, c)
    """

    params: dict[str, np.ndarray]
    xs: np.ndarray
    initial: Any


class Layer:
    """A recurrent layer: sizes, weights and random generator. RNN, LSTM and GRU add forward and backward.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H, at least 1.
    rng : None, int or numpy.random.Generator
        Where the starting weights come from; an int gives the same weights each time.
    dtype : numpy.float64 or numpy.float32
    """

    blocks = 1  # how many (D, H) blocks stand side by side in W_x

    def __init__(self, input_size, hidden_size, rng=None, dtype=np.float64):
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
                raise ValueError(f"{name}: expected a positive integer, got {size!r}.")
        if np.dtype(dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"dtype: expected float32 or float64, got {np.dtype(dtype)}.")
        self.input_size, self.hidden_size = int(input_size), int(hidden_size)
        self.dtype = np.dtype(dtype)
        self.params = {
            name: value.astype(self.dtype) for name, value in self._start(np.random.default_rng(rng)).items()
        }

    def _start(self, rng):
        """Glorot-uniform W_x and orthogonal W_h, block by block, and biases of zero."""
        D, H = self.input_size, self.hidden_size
        return {
            "W_x": np.hstack([glorot_uniform(rng, D, H) for _ in range(self.blocks)]),
            "W_h": np.hstack([orthogonal(rng, H) for _ in range(self.blocks)]),
            "b": np.zeros(self.blocks * H),
        }

    @property
    def size(self):
        """Number of parameters."""
        return sum(value.size for value in self.params.values())

    def __repr__(self):
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}, dtype={self.dtype})"

    def _fit_input(self, xs, states):
        """Return `xs` and the initial states in the layer's dtype; a state that is None becomes zeros."""
        given = {name: state for name, state in states.items() if state is not None}
        arrays, sizes = fit_shapes(
            {"W_x": f"D {self.blocks}H", "W_h": f"H {self.blocks}H", "xs": "T N D", **dict.fromkeys(given, "N H")},
            {"W_h": self.params["W_h"], "W_x": self.params["W_x"], "xs": xs, **given},
        )
        if sizes["T"] == 0 or sizes["N"] == 0:
            raise ValueError(f"xs: expected at least one step and one example, got shape {arrays['xs'].shape}.")
        shape = sizes["N"], sizes["H"]
        return arrays["xs"].astype(self.dtype, copy=False), *(
            np.zeros(shape, self.dtype) if state is None else arrays[name].astype(self.dtype, copy=False)
            for name, state in states.items()
        )

    def _fit_output(self, like, dhs, dstates):
        """Return the gradients with respect to all hidden states and to the final ones, fitted to `like`.

        `like` has shape (T, N, H); a final gradient that is None becomes zeros.
        """
        given = {name: value for name, value in dstates.items() if value is not None}
        arrays, _ = fit_shapes(
            {"hs": "T N H", "dhs": "T N H", **dict.fromkeys(given, "N H")}, {"hs": like, "dhs": dhs, **given}
        )
        return arrays["dhs"].astype(self.dtype, copy=False), *(
            np.zeros(like.shape[1:], self.dtype) if value is None else arrays[name].astype(self.dtype, copy=False)
            for name, value in dstates.items()
        )


def flat(array):
    """Join the step and the batch axis: (T, N, K) to (T N, K), so that one product serves all steps."""
    return array.reshape(-1, array.shape[-1])
