"""A class's statistics are those of NumPy and SciPy."""

import doctest
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from autograder.pages.dashboard import figures
from autograder.pages.dashboard.figures import correlation, edges, histogram, item_figures, item_rest, summary

POINTS = st.integers(0, 400).map(lambda n: n / 4)
NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_a_summary_is_numpys(values):
    found = summary(values)
    expected = np.percentile(values, [0, 25, 50, 75, 100])
    assert found.count == len(values)
    np.testing.assert_allclose(
        [found.least, found.lower, found.median, found.upper, found.greatest], expected, atol=1e-6
    )
    np.testing.assert_allclose([found.mean, found.deviation], [np.mean(values), np.std(values)], atol=1e-6)


def test_nothing_has_no_summary():
    assert summary([]) is None


@given(st.lists(POINTS, max_size=60), st.lists(NUMBERS, min_size=2, max_size=12, unique=True).map(sorted))
def test_a_histogram_is_numpys(values, bounds):
    assert histogram(values, bounds) == list(np.histogram(values, bounds)[0])


@given(NUMBERS, NUMBERS, st.integers(2, 40))
def test_edges_are_round_few_and_hold_all(one, other, most):
    least, greatest = sorted((one, other))
    bounds = edges(least, greatest, most)
    assert bounds[0] <= least
    assert greatest <= bounds[-1]
    assert 2 <= len(bounds) <= most + 1
    width = bounds[1] - bounds[0]
    np.testing.assert_allclose(np.diff(bounds), width, rtol=1e-6, atol=1e-9)
    assert f"{width:.1e}"[:3] in ("1.0", "2.0", "5.0")
    assert sum(histogram([least, greatest], bounds)) == 2


@given(st.lists(st.tuples(POINTS, POINTS), max_size=40))
def test_a_correlation_is_scipys(pairs):
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    found = correlation(xs, ys)
    if len(pairs) < 3 or len(set(xs)) == 1 or len(set(ys)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.pearsonr(xs, ys).statistic, abs=1e-9)


@given(st.lists(POINTS, min_size=3, max_size=30, unique=True), st.floats(0.1, 50), st.floats(-50, 50))
def test_a_correlation_knows_no_scale_and_stays_within_one(xs, factor, shift):
    ys = [factor * x + shift for x in xs]
    assert correlation(xs, ys) == pytest.approx(1)
    assert correlation(xs, [-y for y in ys]) == pytest.approx(-1)
    assert -1 <= correlation(xs, ys) <= 1
    assert correlation(xs, [0.1 + 0.2 * 0 for _ in xs]) is None


def test_values_that_differ_by_rounding_alone_are_constant():
    assert correlation([1, 2, 3], [0.3, 0.1 + 0.2, 0.3]) is None


def table(rng, students=25, items=5, missing=0.0):
    """Points of a class that is good or bad at all items, as an array with NaN where nothing is judged."""
    able = rng.normal(size=(students, 1))
    raw = np.clip(np.round(5 + 2 * able + rng.normal(size=(students, items)) * 2), 0, 10)
    raw[rng.random(raw.shape) < missing] = np.nan
    return raw


def records(raw):
    names = "abcdefgh"[: raw.shape[1]]
    rows = [{n: float(v) for n, v in zip(names, row, strict=True) if not math.isnan(v)} for row in raw]
    return names, rows


@pytest.mark.parametrize("seed", range(5))
def test_discrimination_is_the_correlation_with_the_sum_of_the_rest(seed):
    raw = table(np.random.default_rng(seed))
    names, rows = records(raw)
    maxima = dict.fromkeys(names, 10.0)
    for place, name in enumerate(names):
        rest = np.delete(raw, place, axis=1).sum(axis=1)
        expected = stats.pearsonr(raw[:, place], rest).statistic
        assert item_rest(name, rows, maxima) == pytest.approx(expected)


def test_what_is_not_judged_is_left_out_of_both_sides():
    raw = table(np.random.default_rng(9), students=60, missing=0.3)
    names, rows = records(raw)
    maxima = {name: 10.0 for name in names if name != "e"}  # e is extra credit
    for place, name in enumerate(names):
        others = np.delete(raw[:, :4], place, axis=1) if name != "e" else raw[:, :4]
        counts = (~np.isnan(others)).sum(axis=1)
        rest = np.nansum(others, axis=1) / np.maximum(1, counts)
        both = ~np.isnan(raw[:, place]) & (counts > 0)
        expected = np.corrcoef(raw[both, place], rest[both])[0, 1]
        assert item_rest(name, rows, maxima) == pytest.approx(expected)


@given(st.lists(st.fixed_dictionaries({}, optional={"a": POINTS, "b": POINTS}), max_size=30))
def test_an_items_figures_are_those_of_the_judged(rows):
    found = item_figures("a", 100, rows, {"a": 100, "b": 100})
    own = np.array([one["a"] for one in rows if "a" in one])
    assert found.judged == len(own)
    if len(own):
        assert found.mean == pytest.approx(own.mean())
        assert found.full == pytest.approx((own == 100).mean())
        assert found.zero == pytest.approx((own == 0).mean())
    else:
        assert found.mean is found.full is found.zero is found.discrimination is None


def test_the_order_of_the_students_changes_nothing():
    names, rows = records(table(np.random.default_rng(2)))
    maxima = dict.fromkeys(names, 10.0)
    shuffled = random.Random(1).sample(rows, len(rows))
    one, other = (item_figures("a", 10, some, maxima) for some in (rows, shuffled))
    assert one.discrimination == pytest.approx(other.discrimination)
    assert one.mean == pytest.approx(other.mean)


def test_the_examples_hold():
    assert doctest.testmod(figures).failed == 0
