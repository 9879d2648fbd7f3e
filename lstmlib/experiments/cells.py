"""The starting points that the experiments compare. Each is ``make(D, H, rng)`` and returns a float32 layer."""

import numpy as np

from lstmlib.gru import GRU
from lstmlib.init import chrono_, forget_bias_, glorot_uniform, identity_, update_bias_
from lstmlib.lstm import LSTM
from lstmlib.rnn import RNN


def plain_rnn(D, H, rng, dtype=np.float32):
    """A tanh RNN, all weights after Glorot and Bengio (2010)."""
    layer = RNN(D, H, rng, dtype)
    layer.params["W_h"][:] = glorot_uniform(rng, H, H)
    return layer


def orthogonal_rnn(scale=1.0):
    """A tanh RNN whose recurrent weights are a rotation or reflection times `scale`."""

    def make(D, H, rng, dtype=np.float32):
        layer = RNN(D, H, rng, dtype)
        layer.params["W_h"] *= layer.dtype.type(scale)
        return layer

    return make


def irnn(D, H, rng, dtype=np.float32):
    """A ReLU RNN whose recurrent weights are the identity (Le et al., 2015)."""
    layer = RNN(D, H, rng, dtype, activation="relu")
    identity_(layer)
    return layer


def lstm(forget_bias):
    """An LSTM whose forget gate starts with this bias."""

    def make(D, H, rng, dtype=np.float32):
        layer = LSTM(D, H, rng, dtype)
        forget_bias_(layer, forget_bias)
        return layer

    return make


def glorot_lstm(forget_bias):
    """An LSTM as many libraries start it: all weights after Glorot and Bengio (2010), the four gates as one matrix."""

    def make(D, H, rng, dtype=np.float32):
        layer = lstm(forget_bias)(D, H, rng, dtype)
        layer.params["W_x"][:] = glorot_uniform(rng, D, 4 * H)
        layer.params["W_h"][:] = glorot_uniform(rng, H, 4 * H)
        return layer

    return make


def gru(update_bias):
    """A GRU whose update gate starts with this bias; a larger one keeps more."""

    def make(D, H, rng, dtype=np.float32):
        layer = GRU(D, H, rng, dtype)
        update_bias_(layer, update_bias)
        return layer

    return make


def chrono_lstm(longest):
    """An LSTM with chrono initialisation for lags up to `longest` (Tallec and Ollivier, 2018)."""

    def make(D, H, rng, dtype=np.float32):
        layer = LSTM(D, H, rng, dtype)
        chrono_(layer, longest, rng)
        return layer

    return make
