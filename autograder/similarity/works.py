"""Submissions as runs of tokens: what is in them, and what of it is their own."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence, Set

from autograder.assignment import Assignment
from autograder.intake import Candidate, read
from autograder.model import Notebook, Struct
from autograder.similarity.tokens import tokens_of

# About three lines of code: shorter runs are the homework's own words ("for i in range(H_out)").
RUN = 30
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


class Own(Struct):
    """A submission's own work.

    `starts` has the runs that nobody gave it, each with the cells and places where it starts. `own` has for
    each cell the places of the tokens that are in no given run, and `tokens` is their number.
    """

    work: Work
    starts: Mapping[int, Sequence[tuple[int, int]]]
    own: tuple[frozenset[int], ...]
    tokens: int

    @property
    def runs(self) -> Set[int]:
        """The runs that nobody gave it."""
        return self.starts.keys()

    def covered(self, runs: Iterable[int]) -> int:
        """Count its own tokens inside one of its own `runs`; the time grows with these alone."""
        inside = {(cell, place + k) for run in runs for cell, place in self.starts[run] for k in range(RUN)}
        return sum(place in self.own[cell] for cell, place in inside)


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


def own_of(work: Work, common: Set[int]) -> Own:
    """Take the runs in `common`, which everybody was given, out of a submission's own work."""
    own = tuple(frozenset(range(len(cell.spans))) - _places(cell, common) for cell in work.cells)
    starts: dict[int, list[tuple[int, int]]] = {}
    for index, cell in enumerate(work.cells):
        for place, run in enumerate(cell.runs):
            if run not in common:
                starts.setdefault(run, []).append((index, place))
    return Own(work=work, starts=starts, own=own, tokens=sum(map(len, own)))


def _places(cell: TokenizedCell, runs: Set[int]) -> set[int]:
    """Give the places of the tokens inside one of the runs."""
    return {place + k for place, run in enumerate(cell.runs) if run in runs for k in range(RUN)}
