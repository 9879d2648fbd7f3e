"""How the cells lay out their arrays."""

import numpy as np

CACHED = 2**19  # bytes of slopes that are computed at once


def features_first(array):
    """(…, N, K) to a contiguous (…, K, N), or back."""
    return np.ascontiguousarray(np.swapaxes(array, -1, -2))


def inputs(xs, h):
    """Z with all inputs, the ones and the initial state in their places."""
    (T, N, D), H = xs.shape, h.shape[1]
    Z = np.empty((T + 1, D + 1 + H, N), xs.dtype)
    Z[:T, :D] = np.swapaxes(xs, 1, 2)
    Z[T, :D] = 0
    Z[:, D] = 1
    Z[0, D + 1 :] = h.T
    return Z


def blocks(array, order):
    """The blocks of columns of some weights, shape (rows, columns), in the order given."""
    return array.reshape(len(array), len(order), -1)[:, order].reshape(array.shape)


def weights(params, order, scales):
    """[W_x b W_h] as rows, in blocks of H rows in the order given, each multiplied with its scale."""
    rows = np.concatenate([params["W_x"], params["b"][None], params["W_h"]])
    W = rows.reshape(len(rows), len(order), -1)[:, order] * np.array(scales, rows.dtype)[:, None]
    return W.reshape(rows.shape).T


def left(W, N):
    """A left factor in the order of memory in which a product with N columns is quicker."""
    return np.asarray(W, order="F" if N == 1 else "C")


def rows_of(array):
    """(T, K, N) to (T N, K): one row per step and example."""
    return features_first(array).reshape(-1, array.shape[1])


def from_last(T, rows, like):
    """Pairs of a slice of the T steps and a buffer for it, the last steps first, as many at once as the cache holds.

    The buffer has `rows` times the rows of `like` for each step. It is the same one each time.
    """
    size = min(T, max(1, CACHED // (rows * like.nbytes)))
    buffer = np.empty((size, rows * len(like), *like.shape[1:]), like.dtype)
    for stop in range(T, 0, -size):
        steps = slice(max(0, stop - size), stop)
        yield steps, buffer[: steps.stop - steps.start]


def one_half(dtype):
    """½ as an array without axes."""
    return np.full((), 0.5, dtype)


def lean(array):
    """Without the axis of the examples where there is but one, because a product with a vector is cheaper."""
    return array[..., 0] if array.shape[-1] == 1 else array
