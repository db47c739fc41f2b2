"""Show a self-check: as text in a terminal, as HTML in a notebook."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from autograder.extract import MISSING
from autograder.model import Report, Struct
from autograder.report.html import report_html
from autograder.report.terminal import render

REMAINING = "visible checks passed; hidden ones remain"
# Columns of a notebook's text, for front ends that show no HTML.
_COLUMNS = 80


class SelfCheck(Struct):
    """The report of a self-check, and its notebook with the time when it was saved, for a person.

    `warning` says that the notebook's file is older than its work. `only` is the id of the item that was
    judged, if it was one alone. `pictures` are those that the report names. A notebook shows it as HTML, all
    else as text.
    """

    report: Report
    notebook: str
    warning: str = ""
    only: str = ""
    pictures: dict[str, bytes] = {}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Give the forms from which a notebook's front end chooses."""
        html = report_html(
            self.report,
            self.pictures,
            heading=f"{self.notebook}\n{judged_line(self)}",
            warning=self.warning,
            closing=closing_line(self.report),
            points=False,
        )
        return {"text/html": html, "text/plain": as_text(page(self))}


def as_text(shown: RenderableType) -> str:
    """Render as plain text, as for a terminal of 80 columns without colours."""
    text = io.StringIO()
    Console(file=text, width=_COLUMNS, force_jupyter=False, color_system=None).print(shown)
    return text.getvalue()


def judged_line(found: SelfCheck) -> str:
    """Say which part of the notebook was judged, and by which checks."""
    if found.report.score is None:
        return "nothing was judged"
    if found.only:
        return f"judged: {found.only} alone, by its visible checks"
    return f"judged: {len(found.report.items)} parts, by their visible checks"


def closing_line(report: Report) -> str:
    """Give the last line of a self-check: never "all passed" while hidden checks remain."""
    bad = [item for item in report.items if item.status.value in ("failed", "error", "timeout")]
    if report.score is None:
        return report.message
    if bad and len(report.items) == 1:
        return f"{bad[0].id} needs work"
    if bad:
        return f"{len(bad)} of {len(report.items)} parts need work: {', '.join(item.id for item in bad)}"
    if any(notice.code == MISSING for notice in report.notices):
        return "visible checks passed here; when graded they would miss a package: see the notes"
    return REMAINING


def page(found: SelfCheck) -> RenderableType:
    """Render a self-check for a terminal or a notebook: its notebook, the report, and the last line."""
    closing = closing_line(found.report)
    style = "bold green" if closing == REMAINING else "bold"
    return Group(
        Text(found.notebook),
        Text(judged_line(found), style="dim"),
        *([Text(found.warning, style="bold yellow")] if found.warning else []),
        render(found.report, points=False),
        Text(closing, style=style),
    )
