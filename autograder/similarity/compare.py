"""Find passages that two submissions share by winnowing fingerprints of runs of tokens.

Every run of `RUN` tokens has a hash. Of each `WINDOW` runs in a row, the one with the least hash is a
fingerprint (Schleimer, Wilkerson and Aiken, Winnowing, SIGMOD 2003). So a shared passage of
``RUN + WINDOW - 1`` tokens or more is always found, and one below `RUN` never. Fingerprints choose the pairs;
all runs then mark the passages. Passages of the release, or of most of a class, are nobody's own and are left
out first.
"""

from __future__ import annotations

import itertools
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from autograder.assignment import Assignment
from autograder.intake import Candidate, read
from autograder.model import Notebook, Struct
from autograder.similarity.tokens import tokens_of

# About three lines of code: shorter runs are the homework's own words ("for i in range(H_out)").
RUN = 30
# A shared passage of RUN + WINDOW - 1 tokens or more is never missed.
WINDOW = 12
# In a class of ten or more, a passage that more than half have was given to them, for example in a lecture.
CLASS, MOST = 10, 0.5
# The characters of one submission's code that are compared: far above any homework.
MOST_CHARACTERS = 500_000


class TokenizedCell(Struct):
    """A cell's source, the start and end of each token, and the hash of the run that starts at each."""

    label: str
    source: str
    spans: tuple[tuple[int, int], ...]
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
    """A shared passage in one submission, in characters of a cell; equal numbers are the same passage."""

    cell: int
    start: int
    end: int
    number: int


class Pair(Struct):
    """Two submissions with passages in common.

    `tokens` counts the first submission's own tokens that are shared. `share_first` and `share_second` are
    the shared parts, in [0, 1], of the own work of each.
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
        """Give the larger of the two parts, so that a short work inside a long one is found."""
        return max(self.share_first, self.share_second)


class Own(Struct):
    """A submission's own work: the runs that nobody gave it, and for each cell the tokens in no other run."""

    work: Work
    runs: frozenset[int]
    own: tuple[frozenset[int], ...]

    @property
    def tokens(self) -> int:
        """Count its own tokens."""
        return sum(map(len, self.own))

    def covered(self, runs: Set[int]) -> int:
        """Count its own tokens inside one of the runs."""
        pairs = zip(self.work.cells, self.own, strict=True)
        return sum(len(_places(cell, runs) & own) for cell, own in pairs)


def read_work(candidate: Candidate, assignment: Assignment) -> Work | None:
    """Read a candidate; None if it has no notebook that can be read."""
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
    tokens = list(tokens_of(source))
    texts = [text for text, _, _ in tokens]
    runs = (zlib.crc32("\0".join(texts[i : i + RUN]).encode()) for i in range(len(texts) - RUN + 1))
    spans = tuple((start, end) for _, start, end in tokens)
    return TokenizedCell(label=label, source=source, spans=spans, runs=tuple(runs))


def compare_all(works: Sequence[Work], given: Work, least_share: float, least_tokens: int) -> list[Pair]:
    """Give all pairs that share enough, the most alike first; `given` is the release.

    A pair shares at least `least_share`, in [0, 1], of the own work of either, and at least `least_tokens`.
    """
    common = given.runs | _most(works)
    owns = {work.id: _own(work, common) for work in works}
    pairs = (_pair(owns[a], owns[b], least_share, least_tokens) for a, b in _candidates(owns.values()))
    return sorted(filter(None, pairs), key=lambda p: (-p.share, -p.tokens, p.first, p.second))


def _own(work: Work, common: Set[int]) -> Own:
    own = (frozenset(range(len(cell.spans))) - _places(cell, common) for cell in work.cells)
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
    numbers: dict[int, int] = {}  # the second submission's passages get the first one's numbers
    return Pair(
        first=first.work.id,
        second=second.work.id,
        tokens=tokens,
        share_first=shares[0],
        share_second=shares[1],
        spans_first=_spans(first.work, shared, numbers),
        spans_second=_spans(second.work, shared, numbers),
    )


def _places(cell: TokenizedCell, runs: Set[int]) -> set[int]:
    """Give the places of the tokens inside one of the runs."""
    return {place + k for place, run in enumerate(cell.runs) if run in runs for k in range(RUN)}


def _spans(work: Work, shared: Set[int], found: dict[int, int]) -> tuple[Span, ...]:
    """Give the shared passages; `found` maps runs to the numbers of passages, and gets the new ones."""
    spans = []
    highest = max(found.values(), default=0)
    for index, cell in enumerate(work.cells):
        for places in _stretches(sorted(_places(cell, shared))):
            runs = [cell.runs[p] for p in places if p < len(cell.runs) and cell.runs[p] in shared]
            number = next((found[run] for run in runs if run in found), highest + 1)
            highest = max(highest, number)
            found.update({run: number for run in runs if run not in found})
            start, end = cell.spans[places[0]][0], cell.spans[places[-1]][1]
            spans.append(Span(cell=index, start=start, end=end, number=number))
    return tuple(spans)


def _stretches(places: Iterable[int]) -> Iterator[list[int]]:
    """Cut sorted places into stretches without gaps."""
    for _, stretch in itertools.groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
        yield [place for _, place in stretch]
