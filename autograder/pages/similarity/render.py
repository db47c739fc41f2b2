"""Render the page of passages in common: its groups, and for each one the code side by side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.model import Struct
from autograder.pages.showing import MOST_LINES
from autograder.pages.similarity.lines import Block, blocks_of
from autograder.pages.single import SinglePage
from autograder.similarity import AlikeGroup, AlikeMember, Compared, Pair
from autograder.similarity.compare import CLASS, MOST, WINDOW
from autograder.similarity.works import RUN

PAGE = SinglePage(Path(__file__).parent, style="similarity.css")
# Submissions of a group whose code is shown: nobody compares more at once.
MOST_SHOWN = 6


class Side(Struct):
    """A submission of a group: its figures, and the cells with a passage in blocks of lines.

    `shorter` says that lines were left out.
    """

    id: str
    share: float
    tokens: int
    passages: int
    cells: tuple[tuple[str, tuple[Block, ...]], ...]
    shorter: bool


class Section(Struct):
    """A group as it is shown.

    `passages` has those who have each passage, by its number; of two they are known. `hidden` are those whose
    code is not shown. `elsewhere` has the other groups that somebody of it is in, by name.
    """

    number: int
    names: tuple[str, ...]
    pairs: tuple[Pair, ...]
    passages: tuple[tuple[int, tuple[str, ...]], ...]
    sides: tuple[Side, ...]
    hidden: tuple[str, ...]
    elsewhere: tuple[tuple[str, tuple[int, ...]], ...]


def render_page(found: Compared, count: int, title: str, least: tuple[float, int]) -> str:
    """Render the page as HTML; the same comparison gives the same bytes.

    `count` submissions were compared, `title` is the assignment's, and `least` has the thresholds that pairs
    met: the shared part in [0, 1], and tokens.
    """
    return PAGE.render(
        "similarity.html",
        title=title,
        count=count,
        sections=list(_sections(found.groups)),
        pairs=found.pairs,
        least_share=least[0],
        least_tokens=least[1],
        run=RUN,
        sure=RUN + WINDOW - 1,
        most=MOST,
        class_size=CLASS,
    )


def _sections(groups: Sequence[AlikeGroup]) -> Iterator[Section]:
    places: dict[str, list[int]] = {}
    for number, group in enumerate(groups, 1):
        for one in group.members:
            places.setdefault(one.work.id, []).append(number)
    for number, group in enumerate(groups, 1):
        names = tuple(one.work.id for one in group.members)
        shown = _shown(group)
        elsewhere = ((name, tuple(n for n in places[name] if n != number)) for name in names)
        yield Section(
            number=number,
            names=names,
            pairs=group.pairs,
            passages=tuple(_passages(group)) if len(names) > 2 else (),
            sides=tuple(_side(one) for one in group.members if one.work.id in shown),
            hidden=tuple(name for name in names if name not in shown),
            elsewhere=tuple(pair for pair in elsewhere if pair[1]),
        )


def _passages(group: AlikeGroup) -> Iterator[tuple[int, tuple[str, ...]]]:
    found = {
        span.number: tuple(sorted([one.work.id, *span.others])) for one in group.members for span in one.spans
    }
    yield from sorted(found.items())


def _shown(group: AlikeGroup) -> frozenset[str]:
    """Choose whose code is shown: the most alike first."""
    names = dict.fromkeys(name for pair in group.pairs for name in (pair.first, pair.second))
    return frozenset(list(names)[:MOST_SHOWN])


def _side(member: AlikeMember) -> Side:
    """Cut the cells with a passage into lines, up to a number of lines in all."""
    left, cells, shorter = MOST_LINES, [], False
    for index, spans in itertools.groupby(member.spans, key=lambda span: span.cell):
        if left <= 0:
            shorter = True
            break
        cell = member.work.cells[index]
        blocks = blocks_of(cell, member.own[index], list(spans), left)
        shown = sum(len(block.lines) for block in blocks)
        shorter = shorter or shown < cell.source.count("\n") + 1
        left -= shown
        cells.append((cell.label, tuple(blocks)))
    return Side(
        id=member.work.id,
        share=member.share,
        tokens=member.tokens,
        passages=len({span.number for span in member.spans}),
        cells=tuple(cells),
        shorter=shorter,
    )
