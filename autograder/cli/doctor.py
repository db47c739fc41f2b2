"""``autograder doctor``: what works on this machine, and what to do about what does not."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import course_option
from autograder.cli.status import ExitStatus

_MARKS = {"ok": ("✓", "green"), "missing": ("✗", "red"), "note": ("–", "yellow")}


@click.command()
@course_option
def command(course: Path) -> None:
    """Say what works on this machine, and how to mend the rest.

    Exit status: 0 grading would work here, 3 it would not, for want of a sandbox.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from autograder.doctor import examine

    table = Table(box=None, show_header=False, padding=(0, 1))
    symptoms = examine(course)
    for symptom in symptoms:
        mark, colour = _MARKS[symptom.state]
        says = symptom.finding + (f"\n→ {symptom.remedy}" if symptom.remedy else "")
        table.add_row(Text(mark, style=colour), Text(symptom.part), Text(says))
    Console().print(table)
    if any(s.part == "sandbox" and s.state == "missing" for s in symptoms):
        raise click.exceptions.Exit(ExitStatus.NO_SANDBOX)
