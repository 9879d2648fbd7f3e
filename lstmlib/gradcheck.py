"""Central differences: the independent witness for every backward pass."""

import numpy as np


def numerical_gradient(loss, array, step=1e-5):
    """Gradient of a scalar function by central differences.

    Parameters
    ----------
    loss : callable
        Takes no argument, reads `array`, returns a number.
    array : ndarray of float64, any shape
        Changed entry by entry while the loss is evaluated, and restored.
    step : float
        Half the distance between the two evaluations. Truncation grows with step², rounding with 1/step;
        in float64 they balance near 1e-5.

    Returns
    -------
    ndarray
        The shape of `array`.

    Raises
    ------
    ValueError
        If `array` is not float64: in float32 the difference drowns in rounding.
    """
    if array.dtype != np.float64:
        raise ValueError(f"array: expected dtype float64, got {array.dtype}.")
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + step
        above = loss()
        array[index] = value - step
        below = loss()
        array[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(got, expected):
    """‖got - expected‖ / max(‖got‖, ‖expected‖), or 0 where both are zero; a single number."""
    scale = max(np.linalg.norm(got), np.linalg.norm(expected))
    return float(np.linalg.norm(got - expected) / scale) if scale else 0.0
