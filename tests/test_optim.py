"""Optimisers find the minimum, and follow their formulas step by step."""

import numpy as np
import pytest

from lstmlib.optim import SGD, Adam, clip_by_global_norm


@pytest.mark.parametrize(
    "make",
    [lambda p: SGD(p, 0.05), lambda p: SGD(p, 0.02, momentum=0.8), lambda p: Adam(p, 0.05)],
    ids=["sgd", "momentum", "adam"],
)
def test_a_quadratic_bowl_is_descended(make):
    params = {"p": np.array([3.0, -2.0])}
    optimiser = make(params)
    for _ in range(600):
        optimiser.step({"p": np.array([1.0, 10.0]) * params["p"]})
    assert np.abs(params["p"]).max() < 1e-3


def test_momentum_accumulates_by_its_formula():
    params = {"p": np.zeros(1)}
    optimiser = SGD(params, learning_rate=0.1, momentum=0.5)
    for expected in (-0.1, -0.25, -0.425):  # velocities 1, 1.5, 1.75
        optimiser.step({"p": np.ones(1)})
        assert params["p"][0] == pytest.approx(expected)


def test_first_steps_of_adam_have_the_size_of_the_learning_rate_whatever_the_gradient():
    for scale in (1e-3, 1.0, 1e3):
        params = {"p": np.zeros(2)}
        optimiser = Adam(params, learning_rate=0.01)
        optimiser.step({"p": scale * np.array([1.0, -1.0])})
        np.testing.assert_allclose(params["p"], [-0.01, 0.01], rtol=1e-4)


def test_clipping_keeps_the_direction_and_bounds_the_joint_norm():
    grads = {"a": np.array([3.0]), "b": np.array([[0.0, 4.0]])}
    assert clip_by_global_norm(grads, 1.0) == 5.0
    np.testing.assert_allclose(grads["a"], [0.6])
    np.testing.assert_allclose(grads["b"], [[0, 0.8]])
    assert clip_by_global_norm(grads, 1.5) == pytest.approx(1.0)
    np.testing.assert_allclose(grads["a"], [0.6])


def test_adam_is_its_algorithm_line_by_line():
    rng = np.random.default_rng(0)
    params = {"p": np.array([0.5, -1.0])}
    optimiser = Adam(params, learning_rate=0.1, betas=(0.8, 0.95), epsilon=1e-3)
    theta, m, v = params["p"].copy(), 0, 0
    for t in range(1, 8):
        g = rng.standard_normal(2)
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        theta = theta - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
        optimiser.step({"p": g})
        np.testing.assert_allclose(params["p"], theta, rtol=1e-12)


def test_huge_gradients_in_single_precision_are_clipped_and_not_lost():
    grads = {"a": np.full(4, 1e30, np.float32)}
    assert clip_by_global_norm(grads, 1.0) == pytest.approx(2e30)
    np.testing.assert_allclose(grads["a"], 0.5, rtol=1e-6)
