"""Closed forms of the LSTM, and the gates against the step that fuses them."""

import numpy as np

from lstmlib import LSTM, lstm


def test_open_forget_gate_preserves_the_cell():
    N, D, H, T = 3, 2, 4, 1000
    rng = np.random.default_rng(0)
    layer = LSTM(D, H, rng=rng)
    for name in ("W_x", "W_h"):
        layer.params[name][:, : 2 * H] = 0
    layer.params["b"][:H] = -1e4  # i = 0 exactly
    layer.params["b"][H : 2 * H] = 1e4  # f = 1 exactly
    h, c = rng.standard_normal((2, N, H))
    _, (_, c_final), tape = layer.forward(rng.standard_normal((T, N, D)), (h, c))
    np.testing.assert_array_equal(c_final, c)
    dc = rng.standard_normal((N, H))
    grads = layer.backward(tape, np.zeros((T, N, H)), (np.zeros((N, H)), dc))
    np.testing.assert_array_equal(grads.initial[1], dc)


def test_step_equals_its_gates_one_by_one():
    N, D, H = 3, 5, 4
    rng = np.random.default_rng(1)
    x, h_prev, c_prev = rng.standard_normal((N, D)), *rng.standard_normal((2, N, H))
    W_x, W_h, b = rng.standard_normal((D, 4 * H)), rng.standard_normal((H, 4 * H)), rng.standard_normal(4 * H)
    gates = [lstm.input_gate, lstm.forget_gate, lstm.candidate, lstm.output_gate]
    blocks = zip(np.split(W_x, 4, axis=1), np.split(W_h, 4, axis=1), np.split(b, 4), strict=True)
    i, f, g, o = (gate(x, h_prev, *block) for gate, block in zip(gates, blocks, strict=True))
    c = lstm.update_cell(f, i, g, c_prev)
    h, c_step, _ = lstm.step(x, h_prev, c_prev, W_x, W_h, b)
    np.testing.assert_allclose(c_step, c, rtol=1e-13)
    np.testing.assert_allclose(h, lstm.hidden_state(o, c), rtol=1e-13)


def test_new_layer_has_a_forget_bias_of_one_and_no_other():
    layer = LSTM(3, 4)
    np.testing.assert_array_equal(layer.params["b"], [0] * 4 + [1] * 4 + [0] * 8)


def test_coupled_gates_make_the_cell_a_blend_that_stays_in_bounds():
    """With a_i = -a_f the input gate is 1 - f: c is then a weighted mean of what was there and the candidate."""
    N, D, H, T = 4, 3, 5, 300
    rng = np.random.default_rng(0)
    layer = LSTM(D, H, rng=rng)
    for value in layer.params.values():
        value *= 4
        value[..., :H] = -value[..., H : 2 * H]
    xs, c = 3 * rng.standard_normal((T, N, D)), rng.uniform(-1, 1, (N, H))
    _, _, tape = layer.forward(xs, (np.zeros((N, H)), c))
    hs, cs = (np.swapaxes(states, 1, 2) for states in tape.states)
    for x, h_prev, c_prev, c in zip(xs, hs[:-1], cs[:-1], cs[1:], strict=True):
        _, _, gates = lstm.step(x, h_prev, c_prev, **layer.params)
        np.testing.assert_allclose(gates.i + gates.f, 1, rtol=1e-12)
        np.testing.assert_allclose(c, gates.f * c_prev + (1 - gates.f) * gates.g, rtol=1e-9, atol=1e-12)
    assert np.abs(cs).max() <= 1
