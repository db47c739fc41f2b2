"""Group submissions so that each two of a group share enough, and no pair is lost.

Connected components would chain strangers together: of three in a row, the first and the last may share
nothing. So a group is complete: all of its pairs meet the thresholds by themselves. Somebody who shares with
two groups stands in both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set


def complete_groups(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Give groups of names such that each two of a group are a pair, and each pair is in a group.

    A group begins with the first pair that is in none yet, and takes in whoever pairs with all of it, in the
    order of the pairs: give the most alike first. No group is a part of another one.

    >>> complete_groups([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")])
    [('a', 'b', 'c'), ('c', 'd')]
    """
    ordered = list(pairs)
    near: dict[str, dict[str, None]] = defaultdict(dict)
    for first, second in ordered:
        near[first].setdefault(second)
        near[second].setdefault(first)
    groups: list[tuple[str, ...]] = []
    covered: set[frozenset[str]] = set()
    for first, second in ordered:
        if frozenset((first, second)) not in covered:
            group = _grown(first, second, near)
            covered.update(frozenset((one, other)) for one in group for other in group if one != other)
            groups.append(group)
    return groups


def _grown(first: str, second: str, near: Mapping[str, Mapping[str, None]]) -> tuple[str, ...]:
    """Take in whoever pairs with all, the nearest to the first one before others."""
    group = [first, second]
    common: Set[str] = near[first].keys() & near[second].keys()
    for one in near[first]:
        if one in common:
            group.append(one)
            common &= near[one].keys()
    return tuple(sorted(group))
