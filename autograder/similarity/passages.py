"""Mark the passages that a group of submissions shares, under numbers that all of them have in common."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograder.model import Struct
from autograder.similarity.works import RUN, Own, TokenizedCell, Work

Holders = Mapping[int, frozenset[str]]


class Span(Struct):
    """A passage in one submission, in characters of a cell; equal numbers are the same passage.

    `others` are the ids of those in the group that have all of it, too.
    """

    cell: int
    start: int
    end: int
    number: int
    others: tuple[str, ...]


class AlikeMember(Struct):
    """A submission in a group.

    `tokens` counts its own tokens that another one of the group has, too; `share` is their part, in [0, 1],
    of its own work. `spans` are the shared passages. `own` has the places of its own tokens for each cell:
    all others were given to it.
    """

    work: Work
    tokens: int
    share: float
    spans: tuple[Span, ...]
    own: tuple[frozenset[int], ...]


def members_of(owns: Sequence[Own]) -> tuple[AlikeMember, ...]:
    """Give the submissions of a group with the passages that each shares with another one of it."""
    holders = _holders(owns)
    numbers: dict[int, int] = {}  # a passage keeps the number that the first submission gave it
    members = []
    for one in owns:
        tokens = one.covered(holders.keys() & one.runs)
        members.append(
            AlikeMember(
                work=one.work,
                tokens=tokens,
                share=tokens / max(1, one.tokens),
                spans=_spans(one, holders, numbers),
                own=one.own,
            )
        )
    return tuple(members)


def _holders(owns: Sequence[Own]) -> Holders:
    """Give those who have a run, for each run that two or more have."""
    found: dict[int, list[str]] = defaultdict(list)
    for one in owns:
        for run in one.runs:
            found[run].append(one.work.id)
    sets: dict[tuple[str, ...], frozenset[str]] = {}
    return {
        run: sets.setdefault(tuple(names), frozenset(names)) for run, names in found.items() if len(names) > 1
    }


def _spans(one: Own, holders: Holders, found: dict[int, int]) -> tuple[Span, ...]:
    """Give the shared passages; `found` maps runs to the numbers of passages, and gets the new ones."""
    spans = []
    highest = max(found.values(), default=0)
    for index, (cell, own) in enumerate(zip(one.work.cells, one.own, strict=True)):
        for stretch in _stretches(_best_runs(cell, holders), cell, holders):
            places = [place for place, _ in stretch if place in own]
            if not places:
                continue
            runs = dict.fromkeys(cell.runs[start] for _, start in stretch)
            number = next((found[run] for run in runs if run in found), highest + 1)
            highest = max(highest, number)
            found.update({run: number for run in runs if run not in found})
            spans.append(
                Span(
                    cell=index,
                    start=cell.spans[places[0]][0],
                    end=cell.spans[places[-1]][1],
                    number=number,
                    others=tuple(sorted(holders[next(iter(runs))] - {one.work.id})),
                )
            )
    return tuple(spans)


def _best_runs(cell: TokenizedCell, holders: Holders) -> list[tuple[int, int]]:
    """Give each shared token's place with the start of the run around it that most submissions have."""
    best: dict[int, int] = {}
    for start, run in enumerate(cell.runs):
        if run in holders:
            count = len(holders[run])
            for place in range(start, start + RUN):
                if place not in best or count > len(holders[cell.runs[best[place]]]):
                    best[place] = start
    return sorted(best.items())


def _stretches(
    best: Iterable[tuple[int, int]], cell: TokenizedCell, holders: Holders
) -> Iterator[list[tuple[int, int]]]:
    """Cut tokens into stretches without gaps that the same submissions have: each one is a passage.

    Without the second condition, what one submission shares with two strangers would have one number in all
    three.
    """

    def passage(item: tuple[int, tuple[int, int]]) -> tuple[int, frozenset[str]]:
        count, (place, start) = item
        return place - count, holders[cell.runs[start]]

    for _, stretch in itertools.groupby(enumerate(best), key=passage):
        yield [pair for _, pair in stretch]
