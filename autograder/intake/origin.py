"""Find a submission again at the origin that its report names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.assignment import Assignment
from autograder.errors import UsageError
from autograder.intake.candidates import Candidate
from autograder.intake.discovery import ListArchive, ReadRecord, archive_names, discover
from autograder.intake.gradescope import read_record


def finder(
    assignment: Assignment, list_archive: ListArchive = archive_names, read_record: ReadRecord = read_record
) -> Callable[[str], Iterator[Candidate]]:
    """Give a function from an origin to the candidates that have it now; none if it is gone.

    An origin is a notebook, a folder, a zip, or a place in a zip. A file may also be one of several in a flat
    folder, so that the folder is looked through, too.
    """

    @functools.cache
    def found(place: Path) -> tuple[Candidate, ...]:
        try:
            return discover([place], assignment, list_archive, read_record).candidates
        except UsageError:
            return ()

    def at(origin: str) -> Iterator[Candidate]:
        path = Path(origin)
        there = next(one for one in (path, *path.parents) if one.exists())
        if there != path and not there.is_file():
            return
        places = [there, there.parent] if there.is_file() else [there]
        for place in places:
            yield from (one for one in found(place) if one.origin == origin)

    return at
