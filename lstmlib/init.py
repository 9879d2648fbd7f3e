"""Starting values of weights."""

import numpy as np


def glorot_uniform(rng, rows, columns):
    """Uniform on ±√(6 / (rows + columns)), Glorot and Bengio (2010), equation 16.

    Returns
    -------
    ndarray, shape (rows, columns)
    """
    limit = np.sqrt(6 / (rows + columns))
    return rng.uniform(-limit, limit, (rows, columns))


def orthogonal(rng, size):
    """A random rotation or reflection, uniformly distributed (Saxe et al., 2014).

    Returns
    -------
    ndarray, shape (size, size)
        With orthonormal rows and columns: every singular value is 1.
    """
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return q * np.sign(np.diag(r))
