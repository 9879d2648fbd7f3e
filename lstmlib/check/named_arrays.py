"""Parameters and gradients as a network has them: a dict of arrays, made, and laid end to end to be compared."""

import numpy as np


def flat(arrays):
    """All arrays of a dict end to end."""
    return np.concatenate([np.ravel(value) for value in arrays.values()])


# Two networks, as who writes the names of one into a function has none for the other.
LAYER = {"W_x": (2, 3), "W_h": (3, 3), "b": (3,)}
MODEL = {"layer.W_x": (1, 6), "layer.W_h": (2, 6), "layer.b": (6,), "layer.b_hn": (2,), "output.W": (2, 1)}


def draw_arrays(rng, scale=1.0, shapes=LAYER):
    """Arrays with the names and shapes of a network."""
    return {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}
