"""Parameters and gradients as a network has them: a dict of arrays, made, and laid end to end to be compared."""

import numpy as np


def flat(arrays):
    """All arrays of a dict end to end."""
    return np.concatenate([np.ravel(value) for value in arrays.values()])


def draw_arrays(rng, scale=1.0):
    """Arrays named and shaped like those of a small layer."""
    shapes = {"W_x": (2, 3), "W_h": (3, 3), "b": (3,)}
    return {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}
