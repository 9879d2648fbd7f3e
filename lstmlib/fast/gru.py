"""The GRU, forward and backward over a sequence.

Inside, z is always the share that is written: where z keeps, the signs of its weights are turned round.

G holds n, z, r and a_hn of each step. B holds what goes back to h_prev past all gates, the gradients of a_n, a_z and
a_r, and where r comes after the product, that of a_hn: each is dh times something known beforehand, so that one call
makes all five. Where r comes before, the last two blocks, a_r's and r, wait for the gradient of r ⊙ h_prev instead.
"""

import numpy as np

from lstmlib.fast.arrays import blocks, from_last, inputs, lean, left, one_half, rows_of, weights

_ORDER = [2, 1, 0]  # n, z, r out of r, z, n, and back


def gru_forward(params, xs, h, reset, update):
    """Return the hidden states, all in one array (T + 1, H, N), and what `gru_backward` needs besides."""
    (T, N, D), H = xs.shape, h.shape[1]
    add, multiply, subtract, tanh, half = np.add, np.multiply, np.subtract, np.tanh, one_half(xs.dtype)
    W, Z = weights(params, _ORDER, [1, -0.5 if update == "keep" else 0.5, 0.5]), inputs(xs, h)
    W_zr, W_hn = left(W[H:], N), left(np.column_stack([params["b_hn"], W[:H, D + 1 :]]), N)
    G = np.empty((T, 4 * H, N), xs.dtype)
    np.matmul(W[:H, : D + 1], Z[:-1, : D + 1], out=G[:, :H])
    hs = Z[:, D + 1 :]
    # What W_hn is multiplied with, the row of ones included.
    inner = Z[:-1, D:] if reset == "after" else np.ones((T, 1 + H, N), xs.dtype)
    part = np.empty_like(lean(hs)[0])
    Zs, hs_t, inner_t, Gs = lean(Z), lean(hs), lean(inner), lean(G)
    for x_1_h, h_prev, h_next, one_h, reset_h, n, shares, z, r, a_hn in zip(
        Zs[:-1], hs_t[:-1], hs_t[1:], inner_t, inner_t[:, 1:],
        Gs[:, :H], Gs[:, H : 3 * H], Gs[:, H : 2 * H], Gs[:, 2 * H : 3 * H], Gs[:, 3 * H :], strict=True,
    ):
        W_zr.dot(x_1_h, shares)
        tanh(shares, shares)
        multiply(shares, half, shares)
        add(shares, half, shares)
        if reset == "after":
            W_hn.dot(one_h, a_hn)
            multiply(r, a_hn, part)
            add(n, part, n)
        else:
            multiply(r, h_prev, reset_h)
            W_hn.dot(one_h, a_hn)
            add(n, a_hn, n)
        tanh(n, n)
        subtract(n, h_prev, part)
        multiply(part, z, part)
        add(h_prev, part, h_next)
    return (hs,), (Z, G, inner)


def _gru_slopes(G, hs, reset, update, B):
    """Fill B: shares of dh, or, where r comes before, of the gradient of r ⊙ h_prev in the last two blocks."""
    H = hs.shape[1]
    n, z, r, a_hn = (G[:, k * H : (k + 1) * H] for k in range(4))
    keep, d_n, d_z, d_r, last = (B[:, k * H : (k + 1) * H] for k in range(5))
    np.multiply(n, n, out=d_n)
    np.subtract(1, d_n, out=d_n)
    d_n *= z
    np.subtract(1, z, out=keep)
    if update == "keep":
        np.subtract(hs, n, out=d_z)
    else:
        np.subtract(n, hs, out=d_z)
    d_z *= z
    d_z *= keep
    np.subtract(1, r, out=d_r)
    d_r *= r
    if reset == "after":
        d_r *= a_hn
        d_r *= d_n
        np.multiply(d_n, r, out=last)
    else:
        d_r *= hs
        last[:] = r


def gru_backward(params, saved, reset, update, dhs, dh):
    """Return the gradients of parameters, inputs (T, N, D) and the initial state (H, N); `dhs` is (T, H, N)."""
    (Z, G, inner), (D, _), (T, H, N) = saved, params["W_x"].shape, dhs.shape
    add, multiply = np.add, np.multiply
    W_hr, W_hz, W_hn = (np.ascontiguousarray(block) for block in np.split(params["W_h"], 3, axis=1))
    W_hzr, W_hzrn = np.concatenate([W_hz, W_hr], axis=1), np.concatenate([W_hz, W_hr, W_hn], axis=1)
    rows = np.empty((T, N, 4 * H), dhs.dtype)
    dh, Gs, hs, dhs = lean(dh).copy(), lean(G), lean(Z)[:-1, D + 1 :], lean(dhs)
    d_reset, copies = np.empty_like(dh), np.empty((5, *dh.shape), dh.dtype)
    flat = copies.reshape(5 * H, *dh.shape[1:])
    two, three, flat_two, flat_three = copies[:2], copies[:3], flat[: 2 * H], flat[: 3 * H]
    for steps, B in from_last(T, 5, dh):
        _gru_slopes(Gs[steps], hs[steps], reset, update, B)
        back = B[::-1]
        for kept, da_n, da_zr, da_zrn, all_five, first, last_two, last, dh_loss in zip(
            back[:, :H], back[:, H : 2 * H], back[:, 2 * H : 4 * H], back[:, 2 * H :], back, back[:, : 3 * H],
            back[:, 3 * H :], back[:, 4 * H :], dhs[steps][::-1], strict=True,
        ):
            add(dh, dh_loss, dh)
            if reset == "after":
                copies[...] = dh
                multiply(all_five, flat, all_five)
                W_hzrn.dot(da_zrn, dh)
            else:
                three[...] = dh
                multiply(first, flat_three, first)
                W_hn.dot(da_n, d_reset)
                two[...] = d_reset
                multiply(last_two, flat_two, last_two)
                W_hzr.dot(da_zr, dh)
                add(dh, last, dh)
            add(dh, kept, dh)
        rows[steps] = np.swapaxes(B[:, H:].reshape(len(B), 4 * H, N), 1, 2)
    rows = rows.reshape(T * N, 4 * H)
    rows_Z = rows_of(Z[:-1])
    dW_x = blocks(rows_Z[:, : D + 1].T @ rows[:, : 3 * H], _ORDER)
    if reset == "after":
        dW_h = rows_Z[:, D:].T @ rows[:, H:]                                     # of b_hn and W_h, in the order z, r, n
        dW_hz, dW_hr, dW_hn = np.split(dW_h[1:], 3, axis=1)
        db_hn = dW_h[0, 2 * H :]
    else:
        dW_hz, dW_hr = np.split(rows_Z[:, D + 1 :].T @ rows[:, H : 3 * H], 2, axis=1)
        dW_n = rows_of(inner).T @ rows[:, :H]
        db_hn, dW_hn = dW_n[0], dW_n[1:]
    dxs = (rows[:, : 3 * H] @ blocks(params["W_x"], _ORDER).T).reshape(T, N, D)
    dW_h = np.concatenate([dW_hr, dW_hz, dW_hn], axis=1)
    return {"W_x": dW_x[:D], "W_h": dW_h, "b": dW_x[D], "b_hn": db_hn}, dxs, dh.reshape(H, N)
