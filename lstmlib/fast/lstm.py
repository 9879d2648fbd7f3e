"""The LSTM, forward and backward over a sequence.

G holds o, i, f, g and c_prev of each step: the sigmoids are one block, and one call multiplies [i; f] with [g; c_prev].
B holds what dh is multiplied with, ∂h/∂c and ∂h/∂a_o, and what dc is: ∂c/∂a_i, ∂c/∂a_f, ∂c/∂a_g and ∂c/∂c_prev.
"""

import numpy as np

from lstmlib.fast.arrays import blocks, from_last, inputs, lean, left, one_half, rows_of, weights

_ORDER = [3, 0, 1, 2]  # o, i, f, g out of i, f, g, o
_BACK = [1, 2, 3, 0]


def lstm_forward(params, xs, h, c):
    """Return the hidden and the cell states, each (T + 1, H, N), and what `lstm_backward` needs besides."""
    (T, N, D), H = xs.shape, h.shape[1]
    add, multiply, tanh, half = np.add, np.multiply, np.tanh, one_half(xs.dtype)
    W, Z = left(weights(params, _ORDER, [0.5, 0.5, 0.5, 1]), N), inputs(xs, h)
    G = np.empty((T + 1, 5 * H, N), xs.dtype)
    hs, cs = Z[:, D + 1 :], G[:, 4 * H :]
    cs[0] = c.T
    steps = lean(G)[:-1]
    both = np.empty_like(steps[0, : 2 * H])
    written, kept = both[:H], both[H:]
    for z, a, shares, o, i_f, g_c, c_next, h_next in zip(
        lean(Z)[:-1], steps[:, : 4 * H], steps[:, : 3 * H], steps[:, :H], steps[:, H : 3 * H], steps[:, 3 * H :],
        lean(cs)[1:], lean(hs)[1:], strict=True,
    ):
        W.dot(z, a)
        tanh(a, a)
        multiply(shares, half, shares)
        add(shares, half, shares)
        multiply(i_f, g_c, both)
        add(kept, written, c_next)
        tanh(c_next, h_next)
        multiply(h_next, o, h_next)
    return (hs, cs), (Z, G)


def _lstm_slopes(G, cs, B):
    """Fill B, rows ∂h/∂c, ∂h/∂a_o, ∂c/∂a_i, ∂c/∂a_f, ∂c/∂a_g, ∂c/∂c_prev; `cs` are the states after the steps of G."""
    H = cs.shape[1]
    o, i, f, g = G[:, :H], G[:, H : 2 * H], G[:, 2 * H : 3 * H], G[:, 3 * H : 4 * H]
    through, d_o, d_g, keep = B[:, :H], B[:, H : 2 * H], B[:, 4 * H : 5 * H], B[:, 5 * H :]
    np.subtract(1, G[:, : 3 * H], out=B[:, H : 4 * H])
    B[:, H : 4 * H] *= G[:, : 3 * H]
    B[:, 2 * H : 4 * H] *= G[:, 3 * H :]
    np.tanh(cs, out=through)
    d_o *= through
    np.multiply(through, through, out=through)
    np.subtract(1, through, out=through)
    through *= o
    np.multiply(g, g, out=d_g)
    np.subtract(1, d_g, out=d_g)
    d_g *= i
    keep[:] = f


def lstm_backward(params, saved, dhs, dh, dc, dcs=None):
    """Return the gradients of parameters, inputs (T, N, D), and the initial states h and c (H, N).

    `dhs` (T, H, N) is what the loss sends to the hidden states directly; `dcs`, if given, to the cell states.
    """
    (Z, G), (D, _), (T, H, N) = saved, params["W_x"].shape, dhs.shape
    add, multiply = np.add, np.multiply
    W_h = blocks(params["W_h"], _ORDER)
    rows = np.empty((T, N, 4 * H), dhs.dtype)
    dh, carried, Gs, dhs = lean(dh).copy(), lean(dc), lean(G), lean(dhs)
    dc, four_dcs = np.empty_like(dh), np.empty((4, *dh.shape), dh.dtype)
    four_flat = four_dcs.reshape(4 * H, *dh.shape[1:])
    for steps, B in from_last(T, 6, dh):
        _lstm_slopes(Gs[steps], Gs[steps.start + 1 : steps.stop + 1, 4 * H :], B)
        back = B[::-1]
        for through, da_o, with_dc, da, kept, dh_loss, dc_loss in zip(
            back[:, :H], back[:, H : 2 * H], back[:, 2 * H :], back[:, H : 5 * H], back[:, 5 * H :],
            dhs[steps][::-1], [None] * len(B) if dcs is None else lean(dcs)[steps][::-1], strict=True,
        ):
            add(dh, dh_loss, dh)
            multiply(da_o, dh, da_o)
            multiply(through, dh, through)
            add(carried, through, dc)
            if dc_loss is not None:
                add(dc, dc_loss, dc)
            four_dcs[...] = dc
            multiply(with_dc, four_flat, with_dc)
            W_h.dot(da, dh)
            carried = kept
        carried = carried.copy()  # B is filled anew
        rows[steps] = np.swapaxes(B[:, H : 5 * H].reshape(len(B), 4 * H, N), 1, 2)
    rows = rows.reshape(T * N, 4 * H)
    dW = blocks(rows_of(Z[:-1]).T @ rows, _BACK)
    dxs = (rows @ blocks(params["W_x"], _ORDER).T).reshape(T, N, D)
    return {"W_x": dW[:D], "W_h": dW[D + 1 :], "b": dW[D]}, dxs, dh.reshape(H, N), carried.reshape(H, N)
