import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.authoring.numerics import directional_derivatives, numerical_gradient, rounding_bound
from autograder.authoring.questions import Expected
from autograder.authoring.student import Handle
from autograder.grading.compare import compare, told_apart

RIGHT = np.arange(12.0).reshape(3, 4)


def expected(value=RIGHT, allowed=1e-9):
    return Expected(value=value, allowed=allowed)


def test_equal_arrays_match():
    assert compare("out", RIGHT.copy(), expected()) is None


@pytest.mark.parametrize(
    ("actual", "says"),
    [
        (None, "`out` is None, expected an array of shape (3, 4)"),
        ("text", "`out` is a str"),
        (True, "`out` is a bool"),
        (Handle(id=1, kind="Tensor"), "`out` is an object of type Tensor"),
        (RIGHT.T, "`out` has shape (4, 3), expected (3, 4)"),
        (RIGHT[:1], "`out` has shape (1, 4), expected (3, 4)"),
        (RIGHT.astype(complex), "`out` has dtype complex128"),
        (RIGHT > 3, "`out` has dtype bool"),
        (3.0, "`out` has shape (), expected (3, 4)"),
    ],
)
def test_what_is_no_such_array_is_named(actual, says):
    mismatch = compare("out", actual, expected())
    assert mismatch is not None
    assert says in mismatch.message


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, 5.1])
def test_one_wrong_element_is_found_and_placed(bad):
    actual = RIGHT.copy()
    actual[1, 2] = bad
    mismatch = compare("dx", actual, expected())
    assert mismatch is not None
    assert mismatch.message.startswith("1 of 12 elements of `dx` is wrong, the first at dx[1, 2]")
    assert mismatch.cause.at == "dx[1, 2]"
    assert "6." in mismatch.cause.expected


# Below the largest float64: with fewer digits, it is rounded to a text that reads as inf.
FINITE = st.floats(-1e308, 1e308)


@given(FINITE, st.one_of(FINITE, st.integers(-3, 3)))
def test_numbers_that_differ_are_written_apart(wanted, other):
    given = float(np.nextafter(wanted, np.inf * other)) if isinstance(other, int) and other else float(other)
    texts = told_apart(given, wanted)
    assert (texts[0] == texts[1]) is (str(given) == str(wanted))
    assert [float(text) for text in texts] == pytest.approx([given, wanted], rel=1e-5)
    mismatch = compare("out", np.array([[0.0, given]]), expected(np.array([[0.0, wanted]]), allowed=0.0))
    assert (mismatch is None) is (given == wanted)
    assert mismatch is None or mismatch.cause.expected != mismatch.cause.actual


def test_as_few_digits_are_shown_as_tell_apart():
    actual = RIGHT + 2.5
    actual[0] = RIGHT[0]
    assert "the first at x[1, 0]: 6.5 instead of 4" in compare("x", actual, expected()).message
    actual = np.where(RIGHT == 9, 9.0000001, RIGHT)
    assert "9.0000001 instead of 9" in compare("x", actual, expected()).message
    assert "9.0000001 " in compare("x", actual, expected()).cause.actual


def test_a_nan_that_is_expected_to_be_a_number_is_wrong_whatever_is_allowed():
    assert compare("out", np.array([np.nan]), expected(np.array([1.0]), allowed=1e9)) is not None


@pytest.mark.parametrize("allowed", [np.inf, np.nan, np.array([np.inf, 1e-9])])
@pytest.mark.parametrize("value", [1.0, np.inf])
def test_an_error_without_a_bound_allows_nothing(allowed, value):
    """A gradient of the student's own function may be infinite, and what it allows with it."""
    assert compare("dx", np.array([1.0, 1.0]), expected(np.full(2, value), allowed=allowed)) is not None


def test_zero_dimensions_and_empty_arrays():
    assert compare("loss", 2.0, expected(np.array(2.0))) is None
    assert compare("loss", 2.5, expected(np.array(2.0))) is not None
    assert compare("out", np.empty((0, 3)), expected(np.empty((0, 3)))) is None


@given(st.integers(1, 400), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]))
def test_a_sum_in_another_order_is_within_the_rounding_bound(length, seed, dtype):
    rng = np.random.default_rng(seed)
    a = (rng.standard_normal(length) * 10.0 ** rng.integers(-6, 6, length)).astype(dtype)
    b = rng.standard_normal(length).astype(dtype)
    exact = float(np.dot(a.astype(np.longdouble), b.astype(np.longdouble)))
    bound = rounding_bound(length, np.abs(a.astype(float)) @ np.abs(b.astype(float)), dtype)
    backwards = dtype(0)
    for x, y in zip(a[::-1], b[::-1], strict=True):
        backwards = dtype(backwards + x * y)
    assert abs(float(backwards) - exact) <= bound


def test_directional_derivatives_are_inner_products_with_the_numerical_gradient():
    rng = np.random.default_rng(0)
    x, matrix, upstream = (
        rng.standard_normal((3, 4)),
        rng.standard_normal((4, 5)),
        rng.standard_normal((3, 5)),
    )
    directions = rng.standard_normal((2, 3, 4))

    def layer(points):
        return [point @ matrix for point in points]

    slopes = directional_derivatives(layer, x, upstream, directions)
    gradient = numerical_gradient(layer, x, upstream)
    np.testing.assert_allclose(slopes, directions.reshape(2, -1) @ gradient.reshape(-1), rtol=1e-8)
    np.testing.assert_allclose(gradient, upstream @ matrix.T, rtol=1e-8)


def test_one_wrong_element_shows_along_every_random_direction():
    rng = np.random.default_rng(1)
    gradient, directions = rng.standard_normal((2, 3, 4, 4)), rng.standard_normal((3, 2, 3, 4, 4))
    for index in np.ndindex(gradient.shape):
        wrong = gradient.copy()
        wrong[index] += 0.01
        off = directions.reshape(3, -1) @ (wrong - gradient).reshape(-1)
        assert np.max(np.abs(off)) > 1e-4


def test_numerical_gradient_of_a_known_function():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    upstream = np.array([[1.0, 2.0], [3.0, 4.0]])
    gradient = numerical_gradient(lambda points: [p**2 for p in points], x, upstream)
    np.testing.assert_allclose(gradient, 2 * x * upstream, rtol=1e-8)
