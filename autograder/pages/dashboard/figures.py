"""The statistics of a class: pure functions of numbers.

Quantiles are linear between the values beside them (type 7 of Hyndman and Fan, Sample Quantiles in
Statistical Packages, The American Statistician 1996). The discrimination of an item is the correlation of its
points with the rest: the share that the same student earned of all other items.
"""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Mapping, Sequence

from autograder.model import Struct

# A correlation of fewer students says nothing: two points always lie on a line.
LEAST = 3
# Widths of a histogram's bars are one of these, times a power of ten.
_STEPS = (1, 2, 5, 10)


class Summary(Struct):
    """Numbers in short. `lower` and `upper` are the quartiles; `deviation` is that of the population."""

    count: int
    mean: float
    deviation: float
    least: float
    lower: float
    median: float
    upper: float
    greatest: float


def summary(values: Sequence[float]) -> Summary | None:
    """Sum numbers up; None if there are none."""
    if not values:
        return None
    ordered = sorted(values)
    lower, median, upper = (
        statistics.quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else ordered * 3
    )
    mean = statistics.fmean(ordered)
    return Summary(
        count=len(ordered),
        mean=mean,
        deviation=math.sqrt(statistics.fmean((value - mean) ** 2 for value in ordered)),
        least=ordered[0],
        lower=lower,
        median=median,
        upper=upper,
        greatest=ordered[-1],
    )


def edges(least: float, greatest: float, most: int = 20) -> list[float]:
    """Give round edges of at most `most` bars of one width, from `least` or below to `greatest` or above.

    >>> edges(0, 100, 10)
    [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0]
    >>> edges(-3, 6.5, 8)
    [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0]
    """
    # rounding outwards may add a bar at either end
    step = _width((greatest - least) / most) if greatest > least else 1.0
    while math.ceil(greatest / step) - math.floor(least / step) > most:
        step = _width(step * 1.001)
    first, last = math.floor(least / step), math.ceil(greatest / step)
    # a width below 1 has no exact sum: each edge is rounded by itself
    return [round(place * step, 10) for place in range(first, max(last, first + 1) + 1)]


def _width(least: float) -> float:
    """Give the smallest round width that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-12))


def histogram(values: Sequence[float], bounds: Sequence[float]) -> list[int]:
    """Count the values in each bar: from its left edge to below its right one; the last bar has both.

    >>> histogram([0, 5, 10, 20], [0, 10, 20])
    [2, 2]
    """
    counts = [0] * (len(bounds) - 1)
    for value in values:
        if bounds[0] <= value <= bounds[-1]:
            counts[min(bisect.bisect_right(bounds, value) - 1, len(counts) - 1)] += 1
    return counts


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Give Pearson's correlation; None for fewer than `LEAST` pairs, or if one side never changes."""
    if len(xs) < LEAST or _is_constant(xs) or _is_constant(ys):
        return None
    return max(-1.0, min(1.0, statistics.correlation(xs, ys)))


def _is_constant(values: Sequence[float]) -> bool:
    """Say whether values differ by no more than their own rounding."""
    least, greatest = min(values), max(values)
    return greatest - least <= 1e-9 * max(abs(least), abs(greatest))


def item_rest(item: str, points: Sequence[Mapping[str, float]], maxima: Mapping[str, float]) -> float | None:
    """Correlate the points for an item with the share earned of the others.

    Parameters
    ----------
    item : str
        The item's id.
    points : sequence of mapping
        For each student the points by item; an item that is not judged yet is left out.
    maxima : mapping
        The most points of each item that belongs to the rest. Extra credit does not.
    """
    pairs = []
    for one in points:
        others = [name for name in maxima if name != item and name in one]
        whole = math.fsum(maxima[name] for name in others)
        if item in one and whole > 0:
            pairs.append((one[item], math.fsum(one[name] for name in others) / whole))
    return correlation([x for x, _ in pairs], [y for _, y in pairs])


class ItemFigures(Struct):
    """An item in figures: how many were judged, their mean, the parts in [0, 1] with all and no points."""

    judged: int
    mean: float | None = None
    full: float | None = None
    zero: float | None = None
    discrimination: float | None = None


def item_figures(
    item: str, maximum: float, points: Sequence[Mapping[str, float]], maxima: Mapping[str, float]
) -> ItemFigures:
    """Give an item's figures; `points` and `maxima` are as in `item_rest`."""
    own = [one[item] for one in points if item in one]
    if not own:
        return ItemFigures(judged=0)
    return ItemFigures(
        judged=len(own),
        mean=statistics.fmean(own),
        full=sum(value >= maximum for value in own) / len(own),
        zero=sum(value <= 0 for value in own) / len(own),
        discrimination=item_rest(item, points, maxima),
    )
