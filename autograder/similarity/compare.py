"""Passages that two submissions share, found by winnowing fingerprints of runs of tokens.

Every run of `RUN` tokens has a hash. Of each `WINDOW` runs in a row the one with the least hash is a
fingerprint (Schleimer, Wilkerson and Aiken, Winnowing, SIGMOD 2003), so a shared passage of
``RUN + WINDOW - 1`` tokens or more is always found, and one below `RUN` never. Fingerprints choose the pairs;
the passages themselves are then marked by all their runs. Passages of the release, and
those of most of a class, are nobody's own and are left out first.
"""

from __future__ import annotations

import itertools
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from autograder.assignment import Assignment
from autograder.intake import Candidate, read
from autograder.model import Notebook, Struct
from autograder.similarity.tokens import Token, tokens_of

# About three lines of code: shorter runs are the homework's own words ("for i in range(H_out)").
RUN = 30
# A shared passage of 41 tokens or more is never missed.
WINDOW = 12
# In a class of ten or more, a passage that more than half have was given to them, in a lecture for example.
CLASS, MOST = 10, 0.5
# Characters of one submission's code that are compared: far above any homework.
MOST_CHARACTERS = 500_000


class TokenizedCell(Struct):
    """A cell's source, its tokens, and the hash of the run that starts at each token."""

    label: str
    source: str
    tokens: tuple[Token, ...]
    runs: tuple[int, ...]


class Work(Struct):
    """The code cells of one submission."""

    id: str
    cells: tuple[TokenizedCell, ...]

    @property
    def runs(self) -> frozenset[int]:
        """Give the hashes of all its runs."""
        return frozenset(run for cell in self.cells for run in cell.runs)


class Span(Struct):
    """A shared passage in one submission: characters of a cell; equal numbers are the same passage."""

    cell: int
    start: int
    end: int
    number: int


class Pair(Struct):
    """Two submissions with passages in common.

    `tokens` counts the first one's own tokens that are shared; `share_first` and `share_second` are the
    shared parts, in [0, 1], of each one's own work.
    """

    first: str
    second: str
    tokens: int
    share_first: float
    share_second: float
    spans_first: tuple[Span, ...]
    spans_second: tuple[Span, ...]

    @property
    def share(self) -> float:
        """Give the larger of the two parts, so that a short work copied into a long one is found."""
        return max(self.share_first, self.share_second)


class Own(Struct):
    """A submission's own work: the runs that nobody gave it, and by cell the tokens in no other run."""

    work: Work
    runs: frozenset[int]
    own: tuple[frozenset[int], ...]

    @property
    def tokens(self) -> int:
        """Count the tokens that are its own."""
        return sum(map(len, self.own))

    def covered(self, runs: Set[int]) -> int:
        """Count its own tokens inside one of the runs."""
        pairs = zip(self.work.cells, self.own, strict=True)
        return sum(len(_places(cell, runs) & own) for cell, own in pairs)


def read_work(candidate: Candidate, assignment: Assignment) -> Work | None:
    """Read a candidate; None where it has no notebook that can be read."""
    notebook = read(candidate, assignment).notebook
    return None if notebook is None else work_of(candidate.id, notebook)


def work_of(identity: str, notebook: Notebook) -> Work:
    """Read a notebook's code cells up to `MOST_CHARACTERS`; nothing is run."""
    left, cells = MOST_CHARACTERS, []
    for cell in notebook.code_cells:
        cells.append(_cell(cell.label, cell.source[:left]))
        left -= len(cells[-1].source)
    return Work(id=identity, cells=tuple(cells))


def _cell(label: str, source: str) -> TokenizedCell:
    tokens = tuple(tokens_of(source))
    texts = [token.text for token in tokens]
    runs = (zlib.crc32("\0".join(texts[i : i + RUN]).encode()) for i in range(len(texts) - RUN + 1))
    return TokenizedCell(label=label, source=source, tokens=tokens, runs=tuple(runs))


def compare_all(works: Sequence[Work], given: Work, least_share: float, least_tokens: int) -> list[Pair]:
    """Give all pairs that share enough, the most alike first.

    Parameters
    ----------
    works : sequence of Work
        The submissions.
    given : Work
        The release.
    least_share : float
        The least shared part, in [0, 1], of the own work of at least one of the two.
    least_tokens : int
        The fewest shared tokens.
    """
    common = given.runs | _most(works)
    owns = {work.id: _own(work, common) for work in works}
    pairs = (_pair(owns[a], owns[b], least_share, least_tokens) for a, b in _candidates(owns.values()))
    return sorted(filter(None, pairs), key=lambda p: (-p.share, -p.tokens, p.first, p.second))


def _own(work: Work, common: Set[int]) -> Own:
    own = (frozenset(range(len(cell.tokens))) - _places(cell, common) for cell in work.cells)
    return Own(work=work, runs=work.runs - common, own=tuple(own))


def _most(works: Sequence[Work]) -> frozenset[int]:
    if len(works) < CLASS:
        return frozenset()
    counts = Counter(run for work in works for run in work.runs)
    return frozenset(run for run, count in counts.items() if count > MOST * len(works))


def _candidates(owns: Iterable[Own]) -> list[tuple[str, str]]:
    """Give the pairs with a fingerprint in common."""
    holders: Mapping[int, list[str]] = defaultdict(list)
    for own in owns:
        for mark in _fingerprints(own):
            holders[mark].append(own.work.id)
    return sorted({pair for ids in holders.values() for pair in itertools.combinations(sorted(ids), 2)})


def _fingerprints(own: Own) -> frozenset[int]:
    windows = (
        [run for run in cell.runs[i : i + WINDOW] if run in own.runs]
        for cell in own.work.cells
        for i in range(max(1, len(cell.runs) - WINDOW + 1))
    )
    return frozenset(min(window) for window in windows if window)


def _pair(first: Own, second: Own, least_share: float, least_tokens: int) -> Pair | None:
    shared = first.runs & second.runs
    tokens, others = first.covered(shared), second.covered(shared)
    shares = tokens / max(1, first.tokens), others / max(1, second.tokens)
    if max(shares) < least_share or tokens < least_tokens:
        return None
    spans_first, numbers = _spans(first.work, shared, {})
    spans_second, _ = _spans(second.work, shared, numbers)
    return Pair(
        first=first.work.id,
        second=second.work.id,
        tokens=tokens,
        share_first=shares[0],
        share_second=shares[1],
        spans_first=spans_first,
        spans_second=spans_second,
    )


def _places(cell: TokenizedCell, runs: Set[int]) -> set[int]:
    """Give the places of the tokens inside one of the runs."""
    return {place + k for place, run in enumerate(cell.runs) if run in runs for k in range(RUN)}


def _spans(
    work: Work, shared: Set[int], numbers: Mapping[int, int]
) -> tuple[tuple[Span, ...], dict[int, int]]:
    """Give the shared passages, with the other submission's numbers where it has them."""
    spans, found = [], dict(numbers)
    highest = max(found.values(), default=0)
    for index, cell in enumerate(work.cells):
        for places in _stretches(sorted(_places(cell, shared))):
            runs = [cell.runs[p] for p in places if p < len(cell.runs) and cell.runs[p] in shared]
            number = next((found[run] for run in runs if run in found), highest + 1)
            highest = max(highest, number)
            found.update({run: number for run in runs if run not in found})
            start, end = cell.tokens[places[0]].start, cell.tokens[places[-1]].end
            spans.append(Span(cell=index, start=start, end=end, number=number))
    return tuple(spans), found


def _stretches(places: Iterable[int]) -> Iterator[list[int]]:
    """Cut sorted places where one is missing."""
    for _, stretch in itertools.groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
        yield [place for _, place in stretch]
