"""The plain recurrent network (Elman, 1990): one step, forward and backward, then a layer over a sequence."""

from typing import NamedTuple

import numpy as np

from lstmlib.activations import tanh_slope
from lstmlib.layer import Gradients, Layer, flat
from lstmlib.shapes import shapes


class Tape(NamedTuple):
    """What `step_backward` needs, in the order in which `step` made it."""

    x: np.ndarray
    h_prev: np.ndarray
    h: np.ndarray


@shapes(x="N D", h_prev="N H", W_x="D H", W_h="H H", b="H")
def step(x, h_prev, W_x, W_h, b):
    """One RNN step, equation rnn-step.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    h_prev : ndarray, shape (N, H)
    W_x : ndarray, shape (D, H)
    W_h : ndarray, shape (H, H)
    b : ndarray, shape (H,)

    Returns
    -------
    h : ndarray, shape (N, H)
    tape : Tape

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    h = np.tanh(x @ W_x + h_prev @ W_h + b)         # (N, H)  rnn-step
    return h, Tape(x, h_prev, h)


def step_backward(dh, tape, W_x, W_h):
    """Gradients of one RNN step, from the gradient `dh` (N, H) of all that comes after it.

    Returns
    -------
    dx, dh_prev, dW_x, dW_h, db : ndarray
        Each in the shape of what it is the gradient of.
    """
    x, h_prev, h = tape
    da = dh * tanh_slope(h)                         # (N, H)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


class SequenceTape(NamedTuple):
    """What `RNN.backward` needs."""

    xs: np.ndarray  # (T, N, D)
    hs: np.ndarray  # (T + 1, N, H), the initial state first


class RNN(Layer):
    """A layer of tanh units: ``params`` are W_x (D, H), W_h (H, H) and b (H,)."""

    def forward(self, xs, initial=None):
        """Run over a sequence.

        Parameters
        ----------
        xs : ndarray, shape (T, N, D)
        initial : ndarray, shape (N, H), optional
            The hidden state before the first step; zeros if left out.

        Returns
        -------
        hs : ndarray, shape (T, N, H)
        final : ndarray, shape (N, H)
            The last hidden state.
        tape : SequenceTape

        Raises
        ------
        ValueError
            If the shapes do not fit each other or the layer.
        """
        xs, h = self._fit_input(xs, {"initial": initial})
        W_x, W_h, b = self.params["W_x"], self.params["W_h"], self.params["b"]
        a_x = xs @ W_x + b                          # (T, N, H), one product for all steps
        hs = np.empty((len(xs) + 1, *h.shape), self.dtype)
        hs[0] = h
        for t in range(len(xs)):
            hs[t + 1] = np.tanh(a_x[t] + hs[t] @ W_h)
        return hs[1:], hs[-1], SequenceTape(xs, hs)

    def backward(self, tape, dhs, dfinal=None):
        """Backpropagate through time.

        Parameters
        ----------
        tape : SequenceTape
            From `forward`.
        dhs : ndarray, shape (T, N, H)
            Gradient of the loss with respect to each hidden state, as far as it acts on the loss directly.
        dfinal : ndarray, shape (N, H), optional
            Gradient with respect to the final state, on top of ``dhs[-1]``.

        Returns
        -------
        Gradients
        """
        xs, hs = tape
        dhs, dh_next = self._fit_output(hs[1:], dhs, {"dfinal": dfinal})
        W_x, W_h = self.params["W_x"], self.params["W_h"]
        das = np.empty_like(hs[1:])
        for t in reversed(range(len(xs))):
            das[t] = (dhs[t] + dh_next) * tanh_slope(hs[t + 1])
            dh_next = das[t] @ W_h.T
        params = {"W_x": flat(xs).T @ flat(das), "W_h": flat(hs[:-1]).T @ flat(das), "b": flat(das).sum(axis=0)}
        return Gradients(params, das @ W_x.T, dh_next)
