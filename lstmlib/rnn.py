"""The plain recurrent network (Elman, 1990): one step, forward and backward, then a layer over a sequence."""

from typing import NamedTuple

import numpy as np

from lstmlib import fast
from lstmlib.activations import relu, relu_slope, tanh_slope
from lstmlib.layer import Layer
from lstmlib.shapes import fit_like, shapes


def _check_activation(activation):
    if activation not in ("tanh", "relu"):
        raise ValueError(f'activation: expected "tanh" or "relu", got {activation!r}.')


class Tape(NamedTuple):
    """What `step_backward` needs, in the order in which `step` made it."""

    x: np.ndarray
    h_prev: np.ndarray
    h: np.ndarray


@shapes(x="N D", h_prev="N H", W_x="D H", W_h="H H", b="H")
def step(x, h_prev, W_x, W_h, b, activation="tanh"):
    """One RNN step, equations rnn-preactivation and rnn-step.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    h_prev : ndarray, shape (N, H)
    W_x : ndarray, shape (D, H)
    W_h : ndarray, shape (H, H)
    b : ndarray, shape (H,)
    activation : {"tanh", "relu"}

    Returns
    -------
    h : ndarray, shape (N, H)
    tape : Tape

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    _check_activation(activation)
    a = x @ W_x + h_prev @ W_h + b                  # (N, H)  rnn-preactivation
    h = np.tanh(a) if activation == "tanh" else relu(a)  # rnn-step
    return h, Tape(x, h_prev, h)


def step_backward(dh, tape, W_x, W_h, activation="tanh"):
    """Gradients of one RNN step, equations rnn-da to rnn-dparams: the lines of `step`, read backwards.

    Parameters
    ----------
    dh : ndarray, shape (N, H)
        Gradient of the loss with respect to h, from all that comes after this step.
    tape : Tape
    W_x, W_h : ndarray, shapes (D, H) and (H, H)
    activation : {"tanh", "relu"}

    Returns
    -------
    dx, dh_prev, dW_x, dW_h, db : ndarray
        Each in the shape of what it is the gradient of.

    Raises
    ------
    ValueError
        If a gradient does not have the shape of its state.
    """
    _check_activation(activation)
    (dh,) = fit_like(tape.h_prev, dh=dh)
    x, h_prev, h = tape
    da = dh * (tanh_slope(h) if activation == "tanh" else relu_slope(h))  # rnn-da
    dx, dh_prev = da @ W_x.T, da @ W_h.T            # rnn-dstates
    dW_x, dW_h, db = x.T @ da, h_prev.T @ da, da.sum(axis=0)  # rnn-dparams
    return dx, dh_prev, dW_x, dW_h, db


class RNN(Layer):
    """A plain recurrent layer: ``params`` are W_x (D, H), W_h (H, H) and b (H,).

    Parameters
    ----------
    input_size, hidden_size, rng, dtype : as for every layer
    activation : {"tanh", "relu"}
    """

    def __init__(self, input_size, hidden_size, rng=None, dtype=np.float64, activation="tanh"):
        _check_activation(activation)
        super().__init__(input_size, hidden_size, rng, dtype)
        self.activation = activation

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, activation={self.activation!r})"

    def _run(self, xs, h):
        return fast.rnn_forward(self._numbers(), xs, h, self.activation)

    def _run_back(self, tape, dhs, dh):
        return fast.rnn_backward(self._numbers(), tape.saved, self.activation, dhs, dh)
