"""Reversed, bidirectional and stacked layers: finite differences, and PyTorch and ONNX Runtime as witnesses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlib import GRU, LSTM, RNN
from lstmlib.compose import Bidirectional, Reversed, Stacked
from lstmlib.gradcheck import numerical_gradient, relative_error

D, H = 2, 3


def build(kind, rng):
    layers = {
        "reversed": lambda: Reversed(GRU(D, H, rng)),
        "bidirectional": lambda: Bidirectional(LSTM(D, H, rng), LSTM(D, H + 1, rng)),
        "stacked": lambda: Stacked([RNN(D, H, rng), LSTM(H, 2, rng)]),
        "stacked bidirectional": lambda: Stacked(
            [Bidirectional(GRU(D, 2, rng), RNN(D, H, rng)), Bidirectional(LSTM(2 + H, 2, rng), LSTM(2 + H, 2, rng))]
        ),
    }
    layer = layers[kind]()
    for value in layer.params.values():
        value += 0.5 * rng.standard_normal(value.shape)
    return layer


def arrays(nested):
    """All arrays in a nest of states."""
    return [nested] if isinstance(nested, np.ndarray) else [array for part in nested for array in arrays(part)]


def shaped_like(nested, rng):
    if isinstance(nested, np.ndarray):
        return rng.standard_normal(nested.shape)
    return type(nested)(shaped_like(part, rng) for part in nested)


@pytest.mark.parametrize("kind", ["reversed", "bidirectional", "stacked", "stacked bidirectional"])
@given(T=st.integers(1, 4), N=st.integers(1, 3), seed=st.integers(0, 2**32 - 1), padded=st.booleans())
@settings(max_examples=25)
def test_backward_equals_finite_differences_of_forward(kind, T, N, seed, padded):
    rng = np.random.default_rng(seed)
    layer, xs = build(kind, rng), rng.standard_normal((T, N, D))
    lengths = rng.integers(1, T + 1, N) if padded else None
    initial = shaped_like(layer.forward(xs)[1], rng)
    hs, final, tape = layer.forward(xs, initial, lengths)
    dhs, dfinal = rng.standard_normal(hs.shape), shaped_like(final, rng)
    grads = layer.backward(tape, dhs, dfinal)

    def loss():
        hs, final, _ = layer.forward(xs, initial, lengths)
        return (dhs * hs).sum() + sum((d * s).sum() for d, s in zip(arrays(dfinal), arrays(final), strict=True))

    assert grads.params.keys() == layer.params.keys()
    pairs = [(grads.params[name], value) for name, value in layer.params.items()]
    pairs += [(grads.xs, xs), *zip(arrays(grads.initial), arrays(initial), strict=True)]
    for got, array in pairs:
        expected = numerical_gradient(loss, array)
        assert relative_error(got, expected) < 1e-6 or np.abs(got - expected).max() < 1e-8


def test_carrying_the_state_over_gives_the_same_as_one_long_sequence():
    rng = np.random.default_rng(0)
    for layer in (RNN(D, H, rng), LSTM(D, H, rng), GRU(D, H, rng), Stacked([LSTM(D, H, rng), GRU(H, 2, rng)])):
        xs = rng.standard_normal((12, 2, D))
        whole, final, _ = layer.forward(xs)
        state, parts = None, []
        for piece in np.split(xs, 3):
            hs, state, _ = layer.forward(piece, state)
            parts.append(hs)
        np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-12, atol=1e-14)
        for got, expected in zip(arrays(state), arrays(final), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


def test_padding_changes_nothing_of_what_counts():
    rng = np.random.default_rng(1)
    for layer in (LSTM(D, H, rng), Reversed(LSTM(D, H, rng)), Bidirectional(GRU(D, H, rng), GRU(D, H, rng))):
        xs, lengths = rng.standard_normal((6, 3, D)), np.array([6, 1, 4])
        hs, final, _ = layer.forward(xs, lengths=lengths)
        for n, length in enumerate(lengths):
            alone, last, _ = layer.forward(xs[:length, n : n + 1])
            np.testing.assert_allclose(hs[:length, n : n + 1], alone, rtol=1e-12)
            assert (hs[length:, n] == 0).all()
            for got, expected in zip(arrays(final), arrays(last), strict=True):
                np.testing.assert_allclose(got[n], expected[0], rtol=1e-12)


def test_states_that_do_not_fit_are_refused():
    xs = np.ones((2, 1, D))
    with pytest.raises(ValueError, match="initial: expected a list of 2 entries, one for each direction, got ndarray"):
        Bidirectional(RNN(D, H), RNN(D, H)).forward(xs, np.ones((1, H)))
    with pytest.raises(ValueError, match="initial: expected a list of 2 entries, one for each layer, got 1 entries"):
        Stacked([RNN(D, H), RNN(H, H)]).forward(xs, [np.ones((1, H))])
    with pytest.raises(ValueError, match="at least one layer"):
        Stacked([])
    for lengths in ([3], [0], [1.0], [1, 1], "a", [[1], [1, 2]], [None]):
        with pytest.raises(ValueError, match="lengths: expected 1 integers from 1 to 2"):
            RNN(D, H).forward(xs, lengths=lengths)


def test_lengths_that_do_not_fit_are_refused_before_anything_is_turned_round():
    xs = np.zeros((4, 3, D))
    for lengths in ([4, 3], [4, 3, 5], [0, 1, 2], [1.5, 2, 3], 2):
        with pytest.raises(ValueError, match="lengths: expected 3 integers from 1 to 4"):
            Reversed(GRU(D, H, 0)).forward(xs, lengths=lengths)
