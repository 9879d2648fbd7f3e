"""Starting values are what their names say."""

import numpy as np
import pytest

from lstmlib import GRU, LSTM, RNN
from lstmlib.init import chrono_, forget_bias_, glorot_uniform, identity_, orthogonal, update_bias_


def test_orthogonal_has_singular_values_of_one():
    singular = np.linalg.svd(orthogonal(np.random.default_rng(0), 20), compute_uv=False)
    np.testing.assert_allclose(singular, 1, rtol=1e-12)


def test_glorot_has_the_variance_of_its_formula():
    W = glorot_uniform(np.random.default_rng(0), 300, 500)
    assert W.var() == pytest.approx(2 / 800, rel=0.02)


@pytest.mark.parametrize("Layer", [RNN, LSTM, GRU])
def test_identity_fills_every_block(Layer):
    layer = Layer(2, 3)
    identity_(layer, 0.5)
    for block in np.split(layer.params["W_h"], layer.blocks, axis=1):
        np.testing.assert_array_equal(block, 0.5 * np.eye(3))


def test_forget_bias_reaches_the_forget_gate_alone():
    layer = LSTM(2, 3)
    forget_bias_(layer, 4)
    np.testing.assert_array_equal(layer.params["b"], [0] * 3 + [4] * 3 + [0] * 6)


@pytest.mark.parametrize("update", ["keep", "write"])
def test_a_large_update_bias_keeps_the_state_in_both_conventions(update):
    layer = GRU(2, 3, rng=0, update=update)
    update_bias_(layer, 50)
    h = np.random.default_rng(1).normal(size=(1, 3))
    np.testing.assert_allclose(layer.forward(np.ones((20, 1, 2)), h)[1], h, rtol=1e-12)


@pytest.mark.parametrize("Layer", [LSTM, GRU])
def test_chrono_spreads_memories_up_to_the_longest(Layer):
    layer = Layer(1, 2000)
    chrono_(layer, 100, rng=0)
    keep = layer.params["b"][2000:4000]
    spans = 1 + np.exp(keep)  # a gate at σ(b) forgets over 1 + exp(b) steps
    assert spans.min() >= 2
    assert 95 < spans.max() <= 100
    assert np.median(spans) == pytest.approx(51, rel=0.1)
