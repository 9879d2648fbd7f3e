"""The squashing functions of the three cells, and their slopes.

A slope is written as a function of the *output* of its activation, because that is what a backward pass
has at hand.
"""

import numpy as np


def sigmoid(a):
    """Logistic function, 1 / (1 + exp(-a)), equation sigmoid.

    The exponent is always negative, so nothing overflows, and both tails keep their relative precision.

    Parameters
    ----------
    a : array_like

    Returns
    -------
    ndarray
        The same shape, in the open interval (0, 1) as far as the floating point type can tell.
    """
    a = _floating(a)
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)         # sigmoid


def sigmoid_slope(s):
    """Derivative of the sigmoid where its output is `s`: s (1 - s), equation sigmoid-slope."""
    return s * (1 - s)                              # sigmoid-slope


def tanh_slope(t):
    """Derivative of tanh where its output is `t`: 1 - t², equation tanh-slope."""
    return 1 - t * t                                # tanh-slope


def relu(a):
    """Rectifier, max(a, 0)."""
    return np.maximum(a, 0)


def relu_slope(y):
    """Derivative of the rectifier where its output is `y`: 1 where y > 0, otherwise 0."""
    return (y > 0).astype(np.result_type(y))


def softmax(a, axis=-1):
    """exp(a) / Σ exp(a) along `axis`, shifted by the largest entry so that nothing overflows.

    Parameters
    ----------
    a : array_like
    axis : int

    Returns
    -------
    ndarray
        The same shape; non-negative, and summing to 1 along `axis`.
    """
    a = _floating(a)
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _floating(a):
    a = np.asarray(a)
    return a if a.dtype.kind == "f" else a.astype(float)
