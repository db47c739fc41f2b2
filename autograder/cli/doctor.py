"""``autograder doctor``: say what works on this machine, and how to fix the rest."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import course_option
from autograder.doctor import examine

_MARKS = {"ok": ("✓", "green"), "missing": ("✗", "red"), "note": ("–", "yellow")}


@click.command()
@course_option
def command(course: Path) -> None:
    """Say what works on this machine, and how to fix the rest.

    Exit status: 0, or 3 if there is no sandbox, so that grading would refuse.
    """
    table = Table(box=None, show_header=False, padding=(0, 1))
    symptoms = examine(course)
    for symptom in symptoms:
        mark, colour = _MARKS[symptom.state]
        says = symptom.finding + (f"\n→ {symptom.remedy}" if symptom.remedy else "")
        table.add_row(Text(mark, style=colour), Text(symptom.part), Text(says))
    Console().print(table)
    if any(s.part == "sandbox" and s.state == "missing" for s in symptoms):
        raise click.exceptions.Exit(ExitStatus.NO_SANDBOX)
