"""The witness is itself checked: against derivatives known in closed form."""

import numpy as np
import pytest

from lstmlib.gradcheck import numerical_gradient, relative_error


def test_numerical_gradient_of_a_cubic_is_that_of_the_textbook_and_leaves_the_array_alone():
    array = np.array([[0.3, -1.2], [2.0, 0.0]])
    before = array.copy()
    np.testing.assert_allclose(numerical_gradient(lambda: (array**3).sum(), array), 3 * array**2, atol=1e-9)
    np.testing.assert_array_equal(array, before)


def test_single_precision_is_refused():
    with pytest.raises(ValueError, match="expected dtype float64, got float32"):
        numerical_gradient(lambda: 0.0, np.zeros(2, np.float32))


def test_relative_error_is_a_share_of_the_larger_norm():
    assert relative_error(np.array([3.0, 4.0]), np.zeros(2)) == 1
    assert relative_error(np.zeros(2), np.array([3.0, 4.0])) == 1
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.array([1.0, 0.0]), np.array([2.0, 0.0])) == 0.5
