"""The sources of an export's results, and the file that it writes."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from autograder.delivery import newest_attempts
from autograder.errors import UsageError
from autograder.files import PRIVATE, write_atomically
from autograder.model import Report
from autograder.report import read_report, report_files, whole
from autograder.text import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from autograder.grades.roster import Roster


class Origin(NamedTuple):
    """The source of results, reports or a gradebook, and the moment that decides what learners may see."""

    reports: tuple[Path, ...]
    db: str | None
    course: Path
    assignment: str | None
    roster: Path | None
    published: bool
    now: datetime.datetime

    def read(self, *, all_attempts: bool = False) -> list[Report]:
        """Read the reports; those of newest attempts alone, if not all are asked for.

        Raises `UsageError` if no report is named.
        """
        if not self.reports:
            raise UsageError("no reports", "Name the files, or the folder that a batch wrote.")
        read = [whole(read_report(path), str(path)) for path in report_files(self.reports)]
        return read if all_attempts else newest_attempts(read)

    def people(self) -> Roster | None:
        """Read the roster, if one is named."""
        from autograder.grades.roster import read_roster

        return read_roster(self.roster) if self.roster else None


def write(content: str | bytes, output: Path | None) -> None:
    """Write a file, or show it where none is named."""
    if output is not None:
        write_atomically(output, content, PRIVATE)
        click.echo(f"written: {output}")
    elif isinstance(content, bytes):
        sys.stdout.buffer.write(content)
    else:
        click.echo(content.removeprefix(BYTE_ORDER_MARK), nl=False)
