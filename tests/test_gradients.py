"""Jacobians against finite differences and closed forms, gradient norms against backpropagation."""

import numpy as np
import pytest

from lstmlib import GRU, LSTM, RNN, lstm
from lstmlib.gradcheck import relative_error
from lstmlib.gradients import (
    cell_jacobian_split,
    gate_half_lives,
    gradient_norms,
    half_life,
    jacobian,
    largest_singular_value,
    spectral_radius,
)
from lstmlib.init import forget_bias_, identity_, update_bias_

D, H, T = 2, 3, 6
LAYERS = {
    "rnn": lambda rng: RNN(D, H, rng),
    "lstm": lambda rng: LSTM(D, H, rng),
    "gru": lambda rng: GRU(D, H, rng),
    "gru-before-write": lambda rng: GRU(D, H, rng, reset="before", update="write"),
}
each = pytest.mark.parametrize("kind", LAYERS)


def make(kind, seed=0):
    rng = np.random.default_rng(seed)
    layer = LAYERS[kind](rng)
    for value in layer.params.values():
        value += 0.5 * rng.standard_normal(value.shape)
    return layer, rng.standard_normal((T, D)), rng.standard_normal(2 * H if kind == "lstm" else H)


def last_state(layer, xs, state):
    initial = tuple(np.split(state[None], 2, axis=1)) if isinstance(layer, LSTM) else state[None]
    final = layer.forward(xs[:, None], initial)[1]
    return np.concatenate(final if isinstance(final, tuple) else [final], axis=1)[0]


@each
def test_jacobian_equals_finite_differences(kind):
    layer, xs, state = make(kind)
    initial = tuple(np.split(state, 2)) if kind == "lstm" else state
    exact = jacobian(layer, xs, initial)
    columns = []
    for k in range(len(state)):
        shift = 1e-5 * np.eye(len(state))[k]
        columns.append((last_state(layer, xs, state + shift) - last_state(layer, xs, state - shift)) / 2e-5)
    assert relative_error(exact[0], np.array(columns).T) < 1e-7
    np.testing.assert_array_equal(exact[-1], np.eye(len(state)))


@each
def test_jacobian_of_a_sequence_is_the_product_of_its_parts(kind):
    layer, xs, state = make(kind)
    initial = tuple(np.split(state, 2)) if kind == "lstm" else state
    whole = jacobian(layer, xs, initial)
    middle = last_state(layer, xs[:2], state)
    rest = jacobian(layer, xs[2:], tuple(np.split(middle, 2)) if kind == "lstm" else middle)
    np.testing.assert_allclose(whole[2], rest[0], rtol=1e-10)


@each
def test_gradient_norm_at_the_start_is_that_of_backpropagation(kind):
    layer, _, _ = make(kind)
    rng = np.random.default_rng(1)
    xs, dfinal = rng.standard_normal((T, 4, D)), rng.standard_normal((4, H))
    hs, _, tape = layer.forward(xs)
    states = (dfinal, np.zeros_like(dfinal)) if kind == "lstm" else dfinal
    initial = layer.backward(tape, np.zeros_like(hs), states).initial
    norms = gradient_norms(layer, xs, dfinal)
    assert norms.shape == (T + 1,)
    assert norms[0] == pytest.approx(np.linalg.norm(initial[0] if kind == "lstm" else initial))
    assert norms[-1] == pytest.approx(np.linalg.norm(dfinal))


def test_linear_recurrence_shrinks_and_grows_by_the_scale_of_an_orthogonal_matrix():
    """Around zero, tanh is the identity, so that ρ times an orthogonal matrix scales each step by exactly ρ."""
    for rho in (0.9, 1.0, 1.1):
        layer = RNN(D, H, rng=0)
        layer.params["W_h"] *= rho
        norms = gradient_norms(layer, np.zeros((50, 1, D)), np.ones((1, H)))
        np.testing.assert_allclose(norms[0] / norms[-1], rho**50, rtol=1e-10)


def test_direct_part_is_the_product_of_forget_gates_and_both_parts_make_the_whole():
    layer, xs, state = make("lstm")
    initial = tuple(np.split(state, 2))
    direct, indirect = cell_jacobian_split(layer, xs, initial)
    whole = jacobian(layer, xs, initial)[:, H:, H:]
    np.testing.assert_allclose(indirect + np.array([np.diag(row) for row in direct]), whole, rtol=1e-12, atol=1e-15)
    hs, _ = layer.forward(xs[:, None], tuple(s[None] for s in initial))[2].states
    p = layer.params
    gates = [
        lstm.forget_gate(x[None], h.T, *(p[name][..., H : 2 * H] for name in ("W_x", "W_h", "b")))
        for x, h in zip(xs, hs[:-1], strict=True)
    ]
    np.testing.assert_allclose(direct[0], np.prod(gates, axis=0)[0], rtol=1e-12)
    assert np.abs(indirect[0]).max() > 0.01  # ∂c_t/∂c_{t-1} = f_t is not the whole


def test_without_recurrent_weights_only_the_direct_part_is_left():
    layer, xs, _ = make("lstm")
    layer.params["W_h"][:] = 0
    _, indirect = cell_jacobian_split(layer, xs)
    np.testing.assert_allclose(indirect, 0, atol=1e-15)


def test_eigenvalues_and_singular_values_differ_for_a_matrix_that_is_not_normal():
    shear = np.array([[0.5, 10.0], [0.0, 0.5]])
    assert spectral_radius(shear) == pytest.approx(0.5)
    assert largest_singular_value(shear) > 10
    assert np.linalg.norm(np.linalg.matrix_power(shear, 3)) > np.linalg.norm(np.eye(2))  # grows before it shrinks


def test_half_life_is_what_it_says():
    for bias in (-2.0, 0.0, 3.0, 10.0):
        f = 1 / (1 + np.exp(-bias))
        assert f ** half_life(bias) == pytest.approx(0.5)
    assert half_life(0.0) == pytest.approx(1)
    assert half_life(50.0) == pytest.approx(np.log(2) * np.exp(50.0))


def test_half_lives_are_read_off_the_gate_that_keeps():
    memory = LSTM(D, H)
    forget_bias_(memory, 3)
    np.testing.assert_allclose(gate_half_lives(memory), half_life(3))
    for update in ("keep", "write"):
        unit = GRU(D, H, update=update)
        update_bias_(unit, 2)
        np.testing.assert_allclose(gate_half_lives(unit), half_life(2))
    with pytest.raises(ValueError, match="expected an LSTM or a GRU"):
        gate_half_lives(RNN(D, H))
    with pytest.raises(ValueError, match="expected an LSTM, got GRU"):
        cell_jacobian_split(GRU(D, H), np.ones((2, D)))


def test_identity_relu_network_passes_gradients_on_unchanged():
    layer = RNN(D, H, activation="relu")
    identity_(layer)
    norms = gradient_norms(layer, np.zeros((100, 1, D)), np.ones((1, H)), np.ones((1, H)))
    np.testing.assert_array_equal(norms, norms[-1])


def test_spectral_radius_is_the_size_of_an_eigenvalue_wherever_it_points():
    assert spectral_radius(0.9 * np.array([[0.0, -1.0], [1.0, 0.0]])) == pytest.approx(0.9)  # ±0.9i
    assert spectral_radius(np.diag([-0.8, 0.1])) == pytest.approx(0.8)
