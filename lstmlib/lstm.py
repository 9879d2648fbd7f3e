"""The LSTM with forget gate (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

First its gates and its states one by one, then the step, forward and backward, then a layer over a
sequence. The four blocks of the fused weights stand in the order i, f, g, o.
"""

from typing import NamedTuple

import numpy as np

from lstmlib import fast
from lstmlib.activations import sigmoid, sigmoid_slope, tanh_slope
from lstmlib.layer import Layer
from lstmlib.shapes import fit_like, shapes

_gate = shapes(x="N D", h_prev="N H", W_x="D H", W_h="H H", b="H")


@_gate
def forget_gate(x, h_prev, W_x, W_h, b):
    """Share of each cell entry that is kept, equation lstm-forget.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    h_prev : ndarray, shape (N, H)
    W_x : ndarray, shape (D, H)
    W_h : ndarray, shape (H, H)
    b : ndarray, shape (H,)

    Returns
    -------
    f : ndarray, shape (N, H)
        In (0, 1): near 1 keeps, near 0 erases.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    return sigmoid(x @ W_x + h_prev @ W_h + b)      # (N, H)  lstm-forget


@_gate
def input_gate(x, h_prev, W_x, W_h, b):
    """Share of the candidate that is written, equation lstm-input; arguments as in `forget_gate`."""
    return sigmoid(x @ W_x + h_prev @ W_h + b)      # (N, H)  lstm-input


@_gate
def candidate(x, h_prev, W_x, W_h, b):
    """What could be written, in (-1, 1), equation lstm-candidate; arguments as in `forget_gate`."""
    return np.tanh(x @ W_x + h_prev @ W_h + b)      # (N, H)  lstm-candidate


@_gate
def output_gate(x, h_prev, W_x, W_h, b):
    """Share of the squashed cell that is shown, equation lstm-output; arguments as in `forget_gate`."""
    return sigmoid(x @ W_x + h_prev @ W_h + b)      # (N, H)  lstm-output


@shapes(f="N H", i="N H", g="N H", c_prev="N H")
def update_cell(f, i, g, c_prev):
    """The new cell state, equation lstm-cell. All arguments and the result have shape (N, H)."""
    return f * c_prev + i * g                       # (N, H)  lstm-cell


@shapes(o="N H", c="N H")
def hidden_state(o, c):
    """The new hidden state, equation lstm-hidden. Both arguments and the result have shape (N, H)."""
    return o * np.tanh(c)                           # (N, H)  lstm-hidden


class Tape(NamedTuple):
    """What `step_backward` needs, in the order in which `step` made it."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray


@shapes(x="N D", h_prev="N H", c_prev="N H", W_x="D 4H", W_h="H 4H", b="4H")
def step(x, h_prev, c_prev, W_x, W_h, b):
    """One LSTM step, equations lstm-preactivation to lstm-hidden.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    h_prev, c_prev : ndarray, shape (N, H)
    W_x : ndarray, shape (D, 4H), columns in the order i, f, g, o
    W_h : ndarray, shape (H, 4H), likewise
    b : ndarray, shape (4H,), likewise

    Returns
    -------
    h, c : ndarray, shape (N, H)
    tape : Tape

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    a = x @ W_x + h_prev @ W_h + b                  # (N, 4H)  lstm-preactivation
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)    # (N, H) each
    i = sigmoid(a_i)                                # lstm-input
    f = sigmoid(a_f)                                # lstm-forget
    g = np.tanh(a_g)                                # lstm-candidate
    o = sigmoid(a_o)                                # lstm-output
    c = f * c_prev + i * g                          # lstm-cell
    h = o * np.tanh(c)                              # lstm-hidden
    return h, c, Tape(x, h_prev, c_prev, i, f, g, o, c)


def step_backward(dh, dc, tape, W_x, W_h):
    """Gradients of one LSTM step, equations lstm-do to lstm-dparams: the lines of `step`, read backwards.

    Parameters
    ----------
    dh, dc : ndarray, shape (N, H)
        Gradient of the loss with respect to h and to c, from all that comes after this step.
    tape : Tape
    W_x, W_h : ndarray, shapes (D, 4H) and (H, 4H)

    Returns
    -------
    dx, dh_prev, dc_prev, dW_x, dW_h, db : ndarray
        Each in the shape of what it is the gradient of.

    Raises
    ------
    ValueError
        If a gradient does not have the shape of its state.
    """
    dh, dc = fit_like(tape.h_prev, dh=dh, dc=dc)
    x, h_prev, c_prev, i, f, g, o, c = tape
    tanh_c = np.tanh(c)
    do = dh * tanh_c                                # (N, H)   lstm-do
    dc = dc + dh * o * tanh_slope(tanh_c)           # lstm-dc: both ways of c
    df, dc_prev = dc * c_prev, dc * f               # lstm-dkeep
    di, dg = dc * g, dc * i                         # lstm-dwrite
    da_i, da_f, da_o = (
        di * sigmoid_slope(i), df * sigmoid_slope(f), do * sigmoid_slope(o)
    )
    da = np.concatenate(
        [da_i, da_f, dg * tanh_slope(g), da_o], axis=-1
    )                                               # (N, 4H)  lstm-da
    dx, dh_prev = da @ W_x.T, da @ W_h.T            # lstm-dstates
    dW_x, dW_h, db = x.T @ da, h_prev.T @ da, da.sum(axis=0)  # lstm-dparams
    return dx, dh_prev, dc_prev, dW_x, dW_h, db


class LSTM(Layer):
    """A layer of LSTM units: ``params`` are W_x (D, 4H), W_h (H, 4H) and b (4H,), in the order i, f, g, o.

    The bias of the forget gate starts at 1, so that a new cell keeps more than it erases
    (Jozefowicz et al., 2015); all other biases start at 0.
    """

    blocks = 4
    state_names = ("h", "c")

    def _start(self, rng):
        params = super()._start(rng)
        params["b"][self.hidden_size : 2 * self.hidden_size] = 1
        return params

    def _run(self, xs, h, c):
        return fast.lstm_forward(self._numbers(), xs, h, c)

    def _run_back(self, tape, dhs, dh, dc, dcs):
        return fast.lstm_backward(self._numbers(), tape.saved, dhs, dh, dc, dcs)
