"""The gated recurrent unit (Cho et al., 2014), in all four conventions in use.

First its gates and its states one by one, then the step, forward and backward, then a layer over a
sequence. The three blocks of the fused weights stand in the order r, z, n.

Two questions divide the literature, and every function here that depends on them takes the answer:

``update``
    ``"keep"``: z = 1 keeps the old state (Cho et al., 2014; PyTorch; Keras).
    ``"write"``: z = 1 writes the candidate (Chung et al., 2014).
``reset``
    ``"after"``: r scales the product of the old state with its weights (PyTorch, cuDNN, Keras's default).
    ``"before"``: r scales the old state before that product (Cho et al., 2014).
"""

from typing import NamedTuple

import numpy as np

from lstmlib import fast
from lstmlib.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmlib.layer import Layer
from lstmlib.shapes import fit_like, shapes

_gate = shapes(x="N D", h_prev="N H", W_x="D H", W_h="H H", b="H")


def _check_convention(reset, update):
    if reset not in ("after", "before"):
        raise ValueError(f'reset: expected "after" or "before", got {reset!r}.')
    if update not in ("keep", "write"):
        raise ValueError(f'update: expected "keep" or "write", got {update!r}.')


@_gate
def reset_gate(x, h_prev, W_x, W_h, b):
    """Share of the old state that the candidate sees, equation gru-reset.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    h_prev : ndarray, shape (N, H)
    W_x : ndarray, shape (D, H)
    W_h : ndarray, shape (H, H)
    b : ndarray, shape (H,)

    Returns
    -------
    r : ndarray, shape (N, H), in (0, 1)

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    return sigmoid(x @ W_x + h_prev @ W_h + b)      # (N, H)  gru-reset


@_gate
def update_gate(x, h_prev, W_x, W_h, b):
    """Balance between old state and candidate, equation gru-update; arguments as in `reset_gate`."""
    return sigmoid(x @ W_x + h_prev @ W_h + b)      # (N, H)  gru-update


@shapes(x="N D", h_prev="N H", r="N H", W_x="D H", W_h="H H", b="H", b_hn="H")
def candidate(x, h_prev, r, W_x, W_h, b, b_hn, reset="after"):
    """What the new state could be, in (-1, 1), equation gru-candidate.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    h_prev, r : ndarray, shape (N, H)
    W_x, W_h : ndarray, shapes (D, H) and (H, H)
    b, b_hn : ndarray, shape (H,)
        The bias of the candidate and the one on its recurrent side.
    reset : {"after", "before"}

    Returns
    -------
    n : ndarray, shape (N, H)
    """
    _check_convention(reset, "keep")
    if reset == "after":
        return np.tanh(x @ W_x + b + r * (h_prev @ W_h + b_hn))  # gru-candidate
    return np.tanh(x @ W_x + b + (r * h_prev) @ W_h + b_hn)  # gru-candidate-before


@shapes(z="N H", n="N H", h_prev="N H")
def hidden_state(z, n, h_prev, update="keep"):
    """The new state, a blend of candidate and old state, equation gru-hidden; all shapes (N, H)."""
    _check_convention("after", update)
    if update == "keep":
        return (1 - z) * n + z * h_prev             # gru-hidden
    return (1 - z) * h_prev + z * n                 # gru-hidden-write


class Tape(NamedTuple):
    """What `step_backward` needs, in the order in which `step` made it."""

    x: np.ndarray
    h_prev: np.ndarray
    r: np.ndarray
    z: np.ndarray
    a_hn: np.ndarray  # what the candidate receives from the old state, before r where r comes after
    n: np.ndarray


@shapes(x="N D", h_prev="N H", W_x="D 3H", W_h="H 3H", b="3H", b_hn="H")
def step(x, h_prev, W_x, W_h, b, b_hn, reset="after", update="keep"):
    """One GRU step, equations gru-reset to gru-hidden.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    h_prev : ndarray, shape (N, H)
    W_x : ndarray, shape (D, 3H), columns in the order r, z, n
    W_h : ndarray, shape (H, 3H), likewise
    b : ndarray, shape (3H,), likewise
    b_hn : ndarray, shape (H,)
    reset : {"after", "before"}
    update : {"keep", "write"}

    Returns
    -------
    h : ndarray, shape (N, H)
    tape : Tape

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or a convention is unknown.
    """
    _check_convention(reset, update)
    W_xr, W_xz, W_xn = np.split(W_x, 3, axis=-1)    # (D, H) each
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=-1)    # (H, H) each
    b_r, b_z, b_n = np.split(b, 3)                  # (H,) each
    r = sigmoid(x @ W_xr + h_prev @ W_hr + b_r)     # (N, H)  gru-reset
    z = sigmoid(x @ W_xz + h_prev @ W_hz + b_z)     # (N, H)  gru-update
    if reset == "after":
        a_hn = h_prev @ W_hn + b_hn
        n = np.tanh(x @ W_xn + b_n + r * a_hn)      # (N, H)  gru-candidate
    else:
        a_hn = (r * h_prev) @ W_hn + b_hn
        n = np.tanh(x @ W_xn + b_n + a_hn)          # (N, H)  gru-candidate-before
    h = hidden_state(z, n, h_prev, update)          # (N, H)  gru-hidden
    return h, Tape(x, h_prev, r, z, a_hn, n)


def step_backward(dh, tape, W_x, W_h, reset="after", update="keep"):
    """Gradients of one GRU step, equations gru-dz to gru-dparams: the lines of `step`, read backwards.

    Parameters
    ----------
    dh : ndarray, shape (N, H)
        Gradient of the loss with respect to h, from all that comes after this step.
    tape : Tape
    W_x, W_h : ndarray, shapes (D, 3H) and (H, 3H)
    reset, update : as in `step`

    Returns
    -------
    dx, dh_prev, dW_x, dW_h, db, db_hn : ndarray
        Each in the shape of what it is the gradient of.

    Raises
    ------
    ValueError
        If a gradient does not have the shape of its state.
    """
    _check_convention(reset, update)
    (dh,) = fit_like(tape.h_prev, dh=dh)
    x, h_prev, r, z, a_hn, n = tape
    W_hrz, W_hn = np.split(W_h, [2 * r.shape[-1]], axis=-1)
    keep = z if update == "keep" else 1 - z
    dz = (
        dh * (h_prev - n) if update == "keep" else dh * (n - h_prev)
    )                                               # gru-dz
    dn, dh_prev = dh * (1 - keep), dh * keep        # gru-dblend: 1st of four ways
    da_n = dn * tanh_slope(n)                       # gru-dcandidate
    if reset == "after":
        dr, da_hn = da_n * a_hn, da_n * r           # gru-dreset
        dh_prev = dh_prev + da_hn @ W_hn.T
        dW_hn = h_prev.T @ da_hn
    else:
        da_hn, d_reset = da_n, da_n @ W_hn.T        # d_reset: of r * h_prev
        dr = d_reset * h_prev                       # gru-dreset-before
        dh_prev = dh_prev + d_reset * r
        dW_hn = (r * h_prev).T @ da_hn
    da_rz = np.concatenate(
        [dr * sigmoid_slope(r), dz * sigmoid_slope(z)], axis=-1
    )                                               # (N, 2H)  gru-dgates
    da = np.concatenate([da_rz, da_n], axis=-1)     # (N, 3H)
    dx, dh_prev = da @ W_x.T, dh_prev + da_rz @ W_hrz.T  # gru-dstates
    dW_h = np.concatenate([h_prev.T @ da_rz, dW_hn], axis=-1)
    dW_x, db, db_hn = x.T @ da, da.sum(axis=0), da_hn.sum(axis=0)  # gru-dparams
    return dx, dh_prev, dW_x, dW_h, db, db_hn


class GRU(Layer):
    """A layer of GRU units: ``params`` are W_x (D, 3H), W_h (H, 3H), b (3H,), in the order r, z, n, and b_hn (H,).

    Parameters
    ----------
    input_size, hidden_size, rng, dtype : as for every layer
    reset : {"after", "before"}
    update : {"keep", "write"}
    """

    blocks = 3
    extra_shapes = {"b_hn": "H"}

    def __init__(self, input_size, hidden_size, rng=None, dtype=np.float64, reset="after", update="keep"):
        _check_convention(reset, update)
        super().__init__(input_size, hidden_size, rng, dtype)
        self.reset, self.update = reset, update

    def _start(self, rng):
        return {**super()._start(rng), "b_hn": np.zeros(self.hidden_size)}

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, reset={self.reset!r}, update={self.update!r})"

    def _run(self, xs, h):
        return fast.gru_forward(self._numbers(), xs, h, self.reset, self.update)

    def _run_back(self, tape, dhs, dh):
        return fast.gru_backward(self._numbers(), tape.saved, self.reset, self.update, dhs, dh)
