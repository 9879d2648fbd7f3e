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


def identity_(layer, scale=1.0):
    """Set every recurrent block of a layer to `scale` times the identity, in place (Le et al., 2015).

    With a ReLU layer and scale 1 this is their IRNN.
    """
    H = layer.hidden_size
    layer.params["W_h"][:] = np.tile(scale * np.eye(H), layer.blocks)


def forget_bias_(lstm, bias):
    """Set the bias of an LSTM's forget gate, in place; a number, or one for each unit."""
    H = lstm.hidden_size
    lstm.params["b"][H : 2 * H] = bias


def update_bias_(gru, bias):
    """Set the bias of a GRU's update gate so that a larger one keeps more, in place, whatever its convention."""
    H = gru.hidden_size
    gru.params["b"][H : 2 * H] = bias if gru.update == "keep" else -np.asarray(bias)


def chrono_(layer, longest, rng=None):
    """Chrono initialisation of an LSTM or GRU for lags up to `longest` steps, in place (Tallec and Ollivier, 2018).

    The bias of what keeps is drawn as log u with u uniform on (1, longest - 1), so that the memories of the units
    last from one step to `longest`; an LSTM's input gate gets the opposite.
    """
    bias = np.log(np.random.default_rng(rng).uniform(1, longest - 1, layer.hidden_size))
    if layer.blocks == 3:
        update_bias_(layer, bias)
    else:
        forget_bias_(layer, bias)
        layer.params["b"][: layer.hidden_size] = -bias
