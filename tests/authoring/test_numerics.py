"""Numerical gradients of functions that a student wrote: whatever these return."""

import numpy as np
import pytest

from autograder.authoring import directional_derivatives, numerical_gradient

X, UPSTREAM = np.array([1.0, 2.0]), np.array([3.0, 5.0])


def of(function):
    return lambda points: [function(point) for point in points]


def test_a_gradient_is_that_of_the_function():
    np.testing.assert_allclose(numerical_gradient(of(lambda x: x**2), X, UPSTREAM), [6, 20], rtol=1e-8)
    along = directional_derivatives(of(lambda x: x**2), X, UPSTREAM, np.array([[1.0, 0], [1, 1]]))
    np.testing.assert_allclose(along, [6, 26], rtol=1e-8)
    whole = numerical_gradient(of(lambda x: np.array([7, 7])), X, UPSTREAM)
    np.testing.assert_array_equal(whole, [0, 0])


@pytest.mark.parametrize(
    "output",
    [
        None,
        1.0,
        [1.0, 2.0],
        "text",
        np.ones(3),
        np.array([True, False]),
        np.array([1j, 2]),
        np.array(["a", "b"]),
    ],
    ids=repr,
)
def test_an_output_of_another_kind_has_no_gradient_and_raises_nothing(output):
    assert np.isnan(numerical_gradient(of(lambda _: output), X, UPSTREAM)).all()
    assert np.isnan(directional_derivatives(of(lambda _: output), X, UPSTREAM, np.ones((3, 2)))).all()
