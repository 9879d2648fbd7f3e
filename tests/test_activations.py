"""The activations are stable, and their slopes are the derivatives."""

import warnings

import numpy as np
import pytest
import scipy.special

from lstmlib.activations import relu, relu_slope, sigmoid, sigmoid_slope, softmax, tanh_slope
from lstmlib.gradcheck import numerical_gradient, relative_error

EXTREMES = [-1e4, -700.0, -40.0, -1.0, 0.0, 1.0, 40.0, 700.0, 1e4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [sigmoid, softmax])
def test_extreme_numbers_give_finite_results_without_a_warning(function, dtype):
    a = np.array(EXTREMES, dtype)
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        y = function(a)
    assert y.dtype == dtype
    assert np.isfinite(y).all() and (y >= 0).all() and (y <= 1).all()


def test_sigmoid_equals_an_independent_one_to_the_last_bits_in_both_tails():
    a = np.linspace(-700, 700, 2001)
    np.testing.assert_allclose(sigmoid(a), scipy.special.expit(a), rtol=4e-16)


def test_softmax_equals_an_independent_one():
    a = np.random.default_rng(0).normal(size=(5, 7)) * 50
    np.testing.assert_allclose(softmax(a), scipy.special.softmax(a, axis=-1), rtol=1e-13)
    np.testing.assert_allclose(softmax(a, axis=0).sum(axis=0), 1)


@pytest.mark.parametrize(
    ("activation", "slope"), [(sigmoid, sigmoid_slope), (np.tanh, tanh_slope), (relu, relu_slope)]
)
def test_slope_is_the_derivative_in_terms_of_the_output(activation, slope):
    a = np.random.default_rng(1).normal(size=20) * 2
    derivative = numerical_gradient(lambda: activation(a).sum(), a)
    assert relative_error(slope(activation(a)), derivative) < 1e-8
