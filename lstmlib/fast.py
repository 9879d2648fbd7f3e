"""The sequence passes of the three cells, arranged for speed.

The mathematics is that of the ``step`` and ``step_backward`` functions, which are the text to read; tests hold the
two equal. What is arranged differently here, and why:

- **Features first.** States are stored as (H, N), one column per example, so that each gate is a contiguous block of
  rows and one call serves the whole block. The interface stays (T, N, ·).
- **One product a step.** The hidden state, the input and a row of ones stand under each other in one array, and so do
  the weights and the bias: [W_h W_x b] times [h; x; 1] is the whole pre-activation. One product after the loop gives
  the gradients of all three.
- **One tanh for all layers of a cell.** σ(a) = (1 + tanh(a/2)) / 2, and the inner half is folded into the weights.
- **Slopes in bulk.** All that a backward pass can compute without the gradient is computed for all steps at once.
- **Buffers are allocated once**, and the loops write into them with ``out=``.

The letter Z stands for the array of [h; x; 1], shape (T + 1, H + D + 1, N): at t it holds what step t reads, so the
state that step t makes is written to t + 1. Every other array has T steps of some rows and N columns.
"""

import numpy as np


def features_first(array):
    """(…, N, K) to a contiguous (…, K, N), or back."""
    return np.ascontiguousarray(np.swapaxes(array, -1, -2))


def _inputs(xs, h):
    """Z with the initial state, all inputs and the ones in their places."""
    (T, N, D), H = xs.shape, h.shape[1]
    Z = np.empty((T + 1, H + D + 1, N), xs.dtype)
    Z[0, :H] = h.T
    Z[:T, H : H + D] = np.swapaxes(xs, 1, 2)
    Z[T, H : H + D] = 0
    Z[:, H + D] = 1
    return Z


def _weights(params, scales):
    """[W_h W_x b] as rows, each block of H rows multiplied with its scale."""
    W = np.concatenate([params["W_h"], params["W_x"], params["b"][None]])
    return np.ascontiguousarray((W * np.repeat(np.array(scales, W.dtype), len(params["W_h"]))).T)


def _rows(array):
    """(T, K, N) to (T N, K): one row per step and example."""
    return features_first(array).reshape(-1, array.shape[1])


def _gradients(params, xs, Z, das):
    """Gradients of parameters and inputs from those of the pre-activations, `das`; and `das` as rows."""
    (D, _), H = params["W_x"].shape, len(params["W_h"])
    rows = _rows(das)
    dW = _rows(Z[:-1]).T @ rows
    dxs = (rows @ params["W_x"].T).reshape(xs.shape)
    return {"W_x": dW[H : H + D], "W_h": dW[:H], "b": dW[H + D]}, dxs, rows


# RNN --------------------------------------------------------------------------------------------------------


def rnn_forward(params, xs, h, activation):
    """Return Z, with all hidden states in its first H rows."""
    H = h.shape[1]
    W, Z = _weights(params, [1]), _inputs(xs, h)
    for z, h_next in zip(Z[:-1], Z[1:, :H], strict=True):
        np.matmul(W, z, out=h_next)
        if activation == "tanh":
            np.tanh(h_next, out=h_next)
        else:
            np.maximum(h_next, 0, out=h_next)
    return Z


def rnn_backward(params, xs, Z, activation, dhs, dh):
    """Return the gradients of parameters, inputs and the initial state (H, N); `dhs` is (T, H, N)."""
    W_h = np.ascontiguousarray(params["W_h"])
    hs = Z[1:, : len(W_h)]
    das = 1 - hs * hs if activation == "tanh" else (hs > 0).astype(hs.dtype)
    dh = dh.copy()
    for da, dh_loss in zip(das[::-1], dhs[::-1], strict=True):
        np.add(dh, dh_loss, out=dh)
        np.multiply(da, dh, out=da)
        np.matmul(W_h, da, out=dh)
    grads, dxs, _ = _gradients(params, xs, Z, das)
    return grads, dxs, dh


# LSTM -------------------------------------------------------------------------------------------------------
# Inside, the blocks stand in the order i, f, o, g, so that the three sigmoids are one block.


def _exchange_last_two(array):
    """Columns i, f, g, o to i, f, o, g, or back."""
    H = array.shape[-1] // 4
    return np.concatenate([array[..., : 2 * H], array[..., 3 * H :], array[..., 2 * H : 3 * H]], axis=-1)


def lstm_forward(params, xs, h, c):
    """Return Z, all cell states (T + 1, H, N), and the gates i, f, o, g (T, 4H, N)."""
    T, H = len(xs), h.shape[1]
    params = {name: _exchange_last_two(value) for name, value in params.items()}
    W, Z = _weights(params, [0.5, 0.5, 0.5, 1]), _inputs(xs, h)
    cs = np.empty((T + 1, *h.T.shape), h.dtype)
    cs[0] = c.T
    gates = np.empty((T, 4 * H, len(h)), h.dtype)
    shares, i, f, o, g = gates[:, : 3 * H], *np.split(gates, 4, axis=1)
    written = np.empty_like(cs[0])
    half = h.dtype.type(0.5)
    for z, h_next, c_prev, c_next, gate, share, i_t, f_t, o_t, g_t in zip(
        Z[:-1], Z[1:, :H], cs[:-1], cs[1:], gates, shares, i, f, o, g, strict=True
    ):
        np.matmul(W, z, out=gate)
        np.tanh(gate, out=gate)
        np.multiply(share, half, out=share)
        np.add(share, half, out=share)
        np.multiply(f_t, c_prev, out=c_next)
        np.multiply(i_t, g_t, out=written)
        np.add(c_next, written, out=c_next)
        np.tanh(c_next, out=h_next)
        np.multiply(h_next, o_t, out=h_next)
    return Z, cs, gates


def lstm_backward(params, xs, Z, cs, gates, dhs, dh, dc, dcs=None):
    """Return the gradients of parameters, inputs, and the initial states h and c (H, N).

    `dhs` (T, H, N) is what the loss sends to the hidden states directly; `dcs`, if given, to the cell states.
    """
    H = len(params["W_h"])
    params = {name: _exchange_last_two(value) for name, value in params.items()}
    W_h = params["W_h"]
    i, f, o, g = np.split(gates, 4, axis=1)
    das = np.empty_like(gates)                        # ∂c/∂a_i, ∂c/∂a_f, ∂h/∂a_o, ∂c/∂a_g; then times dc or dh
    np.subtract(1, gates[:, : 3 * H], out=das[:, : 3 * H])
    das[:, : 3 * H] *= gates[:, : 3 * H]
    das[:, :H] *= g
    das[:, H : 2 * H] *= cs[:-1]
    through_h = np.tanh(cs[1:])
    das[:, 2 * H : 3 * H] *= through_h
    np.multiply(through_h, through_h, out=through_h)
    np.subtract(1, through_h, out=through_h)
    through_h *= o                                    # ∂h/∂c
    np.multiply(g, g, out=das[:, 3 * H :])
    np.subtract(1, das[:, 3 * H :], out=das[:, 3 * H :])
    das[:, 3 * H :] *= i
    dh, dc, part = dh.copy(), dc.copy(), np.empty_like(dh)
    if dcs is None:
        dcs = [None] * len(xs)
    for da, dh_loss, dc_loss, slope, f_t in zip(das[::-1], dhs[::-1], dcs[::-1], through_h[::-1], f[::-1], strict=True):
        np.add(dh, dh_loss, out=dh)
        np.multiply(dh, slope, out=part)
        np.add(dc, part, out=dc)
        if dc_loss is not None:
            np.add(dc, dc_loss, out=dc)
        by_gate = da.reshape(4, H, -1)
        np.multiply(by_gate[:2], dc, out=by_gate[:2])
        np.multiply(by_gate[2], dh, out=by_gate[2])
        np.multiply(by_gate[3], dc, out=by_gate[3])
        np.matmul(W_h, da, out=dh)
        np.multiply(dc, f_t, out=dc)
    grads, dxs, _ = _gradients(params, xs, Z, das)
    return {name: _exchange_last_two(value) for name, value in grads.items()}, dxs, dh, dc


# GRU --------------------------------------------------------------------------------------------------------
# Inside, z is always the share that is written: where z keeps, the signs of its weights are turned round.


def gru_forward(params, xs, h, reset, update):
    """Return Z, the gates r, z, n (T, 3H, N), and a_hn of `gru.Tape` (T, H, N)."""
    T, H = len(xs), h.shape[1]
    W, Z = _weights(params, [0.5, -0.5 if update == "keep" else 0.5, 1]), _inputs(xs, h)
    W_n, b_hn = W[2 * H :, :H].copy(), params["b_hn"][:, None]
    if reset == "after":  # the candidate's own inputs stay out of the product that r will scale
        W[2 * H :, H:] = 0
        W[2 * H :, -1] = params["b_hn"]
    gates = np.empty((T, 3 * H, len(h)), h.dtype)
    np.matmul(params["W_x"][:, 2 * H :].T, np.swapaxes(xs, 1, 2), out=gates[:, 2 * H :])
    gates[:, 2 * H :] += params["b"][2 * H :, None]
    a_hns = np.empty((T, H, len(h)), h.dtype)
    product, part = np.empty_like(gates[0]), np.empty_like(a_hns[0])
    product_rz, product_n, W_rz = product[: 2 * H], product[2 * H :], W[: 2 * H]
    shares, r, z, n = gates[:, : 2 * H], *np.split(gates, 3, axis=1)
    half = h.dtype.type(0.5)
    for inputs, h_prev, h_next, share, r_t, z_t, n_t, a_hn in zip(
        Z[:-1], Z[:-1, :H], Z[1:, :H], shares, r, z, n, a_hns, strict=True
    ):
        if reset == "after":
            np.matmul(W, inputs, out=product)
        else:
            np.matmul(W_rz, inputs, out=product_rz)
        np.tanh(product_rz, out=share)
        np.multiply(share, half, out=share)
        np.add(share, half, out=share)
        if reset == "after":
            a_hn[:] = product_n
            np.multiply(r_t, a_hn, out=part)
            np.add(n_t, part, out=n_t)
        else:
            np.multiply(r_t, h_prev, out=part)
            np.matmul(W_n, part, out=a_hn)
            np.add(a_hn, b_hn, out=a_hn)
            np.add(n_t, a_hn, out=n_t)
        np.tanh(n_t, out=n_t)
        np.subtract(n_t, h_prev, out=part)
        np.multiply(part, z_t, out=part)
        np.add(h_prev, part, out=h_next)
    return Z, gates, a_hns


def gru_backward(params, xs, Z, gates, a_hns, reset, update, dhs, dh):
    """Return the gradients of parameters, inputs and the initial state (H, N); `dhs` is (T, H, N)."""
    H = len(params["W_h"])
    hs, W_h = Z[:-1, :H], np.ascontiguousarray(params["W_h"])
    W_hrz, W_hn = np.ascontiguousarray(W_h[:, : 2 * H]), np.ascontiguousarray(W_h[:, 2 * H :])
    r, z, n = np.split(gates, 3, axis=1)
    das = np.empty_like(gates)                        # ∂n/∂a_r without r's own way to n, ∂h/∂a_z, ∂h/∂a_n
    np.subtract(1, gates[:, : 2 * H], out=das[:, : 2 * H])
    kept = das[:, H : 2 * H].copy()
    das[:, : 2 * H] *= gates[:, : 2 * H]
    das[:, :H] *= a_hns if reset == "after" else hs
    das[:, H : 2 * H] *= hs - n if update == "keep" else n - hs
    np.multiply(n, n, out=das[:, 2 * H :])
    np.subtract(1, das[:, 2 * H :], out=das[:, 2 * H :])
    das[:, 2 * H :] *= z
    das_h = np.empty_like(das) if reset == "after" else das   # on the recurrent side, r scales the block n
    dh, part = dh.copy(), np.empty_like(dh)
    for da, da_h, dh_loss, r_t, kept_t in zip(das[::-1], das_h[::-1], dhs[::-1], r[::-1], kept[::-1], strict=True):
        da_r, da_n = da[:H], da[2 * H :]
        np.add(dh, dh_loss, out=dh)
        by_gate = da.reshape(3, H, -1)
        np.multiply(by_gate[1:], dh, out=by_gate[1:])
        np.multiply(dh, kept_t, out=part)
        if reset == "after":
            np.multiply(da_r, da_n, out=da_r)
            da_h[: 2 * H] = da[: 2 * H]
            np.multiply(da_n, r_t, out=da_h[2 * H :])
            np.matmul(W_h, da_h, out=dh)
        else:
            d_reset = W_hn @ da_n                     # with respect to r ⊙ h_prev
            np.multiply(da_r, d_reset, out=da_r)
            np.matmul(W_hrz, da[: 2 * H], out=dh)
            np.multiply(d_reset, r_t, out=d_reset)
            np.add(dh, d_reset, out=dh)
        np.add(dh, part, out=dh)
    grads, dxs, rows = _gradients(params, xs, Z, das)
    if reset == "after":
        rows_n = _rows(das_h[:, 2 * H :])
        grads["W_h"][:, 2 * H :] = _rows(hs).T @ rows_n
        grads["b_hn"] = rows_n.sum(axis=0)
    else:
        grads["W_h"][:, 2 * H :] = _rows(r * hs).T @ rows[:, 2 * H :]
        grads["b_hn"] = rows[:, 2 * H :].sum(axis=0)
    return grads, dxs, dh
