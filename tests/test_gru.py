"""Closed forms of the GRU, and the gates against the step that fuses them."""

import numpy as np
import pytest

from lstmlib import GRU, gru


@pytest.mark.parametrize(("update", "bias"), [("keep", 1e4), ("write", -1e4)])
def test_update_gate_that_keeps_copies_the_state_exactly(update, bias):
    N, D, H, T = 3, 2, 4, 1000
    rng = np.random.default_rng(0)
    layer = GRU(D, H, rng=rng, update=update)
    for name in ("W_x", "W_h"):
        layer.params[name][:, H : 2 * H] = 0
    layer.params["b"][H : 2 * H] = bias
    h = rng.standard_normal((N, H))
    _, final, _ = layer.forward(rng.standard_normal((T, N, D)), h)
    np.testing.assert_array_equal(final, h)


@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("update", ["keep", "write"])
def test_step_equals_its_gates_one_by_one(reset, update):
    N, D, H = 3, 5, 4
    rng = np.random.default_rng(1)
    x, h_prev = rng.standard_normal((N, D)), rng.standard_normal((N, H))
    W_x, W_h, b = rng.standard_normal((D, 3 * H)), rng.standard_normal((H, 3 * H)), rng.standard_normal(3 * H)
    b_hn = rng.standard_normal(H)
    r_block, z_block, n_block = zip(np.split(W_x, 3, axis=1), np.split(W_h, 3, axis=1), np.split(b, 3), strict=True)
    r, z = gru.reset_gate(x, h_prev, *r_block), gru.update_gate(x, h_prev, *z_block)
    n = gru.candidate(x, h_prev, r, *n_block, b_hn, reset=reset)
    h, _ = gru.step(x, h_prev, W_x, W_h, b, b_hn, reset, update)
    np.testing.assert_allclose(h, gru.hidden_state(z, n, h_prev, update=update), rtol=1e-13)
