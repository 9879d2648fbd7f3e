"""Output layer and losses: gradients against finite differences, values against SciPy and by hand."""

import numpy as np
import pytest
from scipy.special import log_softmax

from lstmlib.gradcheck import numerical_gradient, relative_error
from lstmlib.losses import Dense, cross_entropy, squared_error


@pytest.mark.parametrize("shape", [(5, 3, 4), (3, 4)])
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_those_of_finite_differences(shape, masked):
    rng = np.random.default_rng(0)
    outputs, targets, numbers = rng.normal(size=shape), rng.integers(0, 4, shape[:-1]), rng.normal(size=shape)
    mask = rng.integers(0, 2, shape[:-1]) if masked else None
    for loss, wanted in ((cross_entropy, targets), (squared_error, numbers)):
        _, gradient = loss(outputs, wanted, mask)
        expected = numerical_gradient(lambda loss=loss, wanted=wanted: loss(outputs, wanted, mask)[0], outputs)
        assert relative_error(gradient, expected) < 1e-7


def test_cross_entropy_sums_over_steps_and_averages_over_the_batch():
    rng = np.random.default_rng(1)
    logits, targets = 30 * rng.normal(size=(6, 2, 5)), rng.integers(0, 5, (6, 2))
    chosen = np.take_along_axis(log_softmax(logits, axis=-1), targets[..., None], axis=-1)
    assert cross_entropy(logits, targets)[0] == pytest.approx(-chosen.sum() / 2, rel=1e-12)
    halves = sum(cross_entropy(part, target)[0] for part, target in zip(logits, targets, strict=True))
    assert cross_entropy(logits, targets)[0] == pytest.approx(halves, rel=1e-12)


def test_extreme_logits_give_finite_losses():
    for logits in ([[1e4, -1e4]], [[-1e4, 1e4]]):
        loss, gradient = cross_entropy(np.array(logits), np.array([0]))
        assert np.isfinite(loss)
        assert np.isfinite(gradient).all()


def test_squared_error_by_hand():
    loss, gradient = squared_error(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 1.0]]))
    assert loss == (1 + 4 + 1) / 2
    np.testing.assert_array_equal(gradient, [[1, 2], [0, -1]])


def test_dense_backward_equals_finite_differences():
    rng = np.random.default_rng(2)
    layer, xs, dys = Dense(3, 2, rng), rng.normal(size=(4, 5, 3)), rng.normal(size=(4, 5, 2))
    layer.params["b"] += rng.normal(size=2)
    _, tape = layer.forward(xs)
    grads = layer.backward(tape, dys)
    for got, array in [(grads.params["W"], layer.params["W"]), (grads.params["b"], layer.params["b"]), (grads.xs, xs)]:
        expected = numerical_gradient(lambda: (dys * layer.forward(xs)[0]).sum(), array)
        assert relative_error(got, expected) < 1e-8


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.zeros((5, 2), int), "expected integers of shape"),
        (np.zeros((5, 3)), "got float64"),
        (np.full((5, 3), 4), "classes from 0 to 3, got 4 to 4"),
        (np.full((5, 3), -1), "got -1 to -1"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets, words):
    with pytest.raises(ValueError, match=words):
        cross_entropy(np.zeros((5, 3, 4)), targets)


def test_mask_and_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"mask: expected shape \(5, 3\)"):
        cross_entropy(np.zeros((5, 3, 4)), np.zeros((5, 3), int), np.ones(5))
    with pytest.raises(ValueError, match="targets: expected shape"):
        squared_error(np.zeros((5, 3, 4)), np.zeros((5, 3)))


def test_rows_far_apart_do_not_disturb_each_other():
    logits = np.array([[2000.0, 0.0], [0.0, -2000.0], [-1e4, -1e4]])
    loss, gradient = cross_entropy(logits, np.array([0, 0, 0]))
    assert loss == pytest.approx(np.log(2) / 3)
    np.testing.assert_allclose(gradient, [[0, 0], [0, 0], [-1 / 6, 1 / 6]], atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_have_the_dtype_of_the_outputs(dtype):
    outputs, mask = np.ones((4, 2, 3), dtype), np.ones((4, 2))
    assert cross_entropy(outputs, np.zeros((4, 2), int), mask)[1].dtype == dtype
    assert squared_error(outputs, np.zeros((4, 2, 3)).astype(dtype), mask)[1].dtype == dtype
