"""The plain cell, forward and backward over a sequence."""

import numpy as np

from lstmlib.fast.arrays import inputs, lean, left, rows_of, weights


def rnn_forward(params, xs, h, activation):
    """Return the hidden states, all in one array (T + 1, H, N), and what `rnn_backward` needs besides."""
    D, tanh, maximum = xs.shape[2], np.tanh, np.maximum
    W, Z, zero = left(weights(params, [0], [1]), len(h)), inputs(xs, h), np.zeros((), xs.dtype)
    hs = Z[:, D + 1 :]
    for z, h_next in zip(lean(Z)[:-1], lean(hs)[1:], strict=True):
        W.dot(z, h_next)
        if activation == "tanh":
            tanh(h_next, h_next)
        else:
            maximum(h_next, zero, out=h_next)
    return (hs,), (Z,)


def rnn_backward(params, saved, activation, dhs, dh):
    """Return the gradients of parameters, inputs (T, N, D) and the initial state (H, N); `dhs` is (T, H, N)."""
    (Z,), (D, _), (T, _, N) = saved, params["W_x"].shape, dhs.shape
    add, multiply = np.add, np.multiply
    W_h = np.ascontiguousarray(params["W_h"])
    hs = Z[1:, D + 1 :]
    das = 1 - hs * hs if activation == "tanh" else (hs > 0).astype(hs.dtype)
    dh_t = lean(dh).copy()
    for da, dh_loss in zip(lean(das)[::-1], lean(dhs)[::-1], strict=True):
        add(dh_t, dh_loss, dh_t)
        multiply(da, dh_t, da)
        W_h.dot(da, dh_t)
    rows = rows_of(das)
    dW = rows_of(Z[:-1]).T @ rows
    dxs = (rows @ params["W_x"].T).reshape(T, N, D)
    return {"W_x": dW[:D], "W_h": dW[D + 1 :], "b": dW[D]}, dxs, dh_t.reshape(dh.shape)
