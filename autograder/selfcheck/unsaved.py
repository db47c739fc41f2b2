"""Say whether the notebook's file is older than the work in it, as far as that can be known.

The kernel keeps the source of each cell that ran. If the cell that defined a function last is not in the
file, it was changed and ran without being saved, or it was changed and saved since it ran. The times tell
which: when the file was saved, when the cell began if somebody watched, or when the kernel started. Without
them, both are said.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from autograder.errors import IntakeError
from autograder.intake import read_notebook
from autograder.intake.running import Kernel, Ran, kernel, watch
from autograder.selfcheck.choosing import Chosen, defining


def warning_for(chosen: Chosen, names: tuple[str, ...]) -> str:
    """Warn if the chosen notebook runs this code and its file is older than its work; else an empty text."""
    now = kernel()
    if now is None:
        return ""
    watch()
    if not chosen.is_running:
        return ""
    try:
        saved = [cell.source for cell in read_notebook(chosen.path).code_cells]
    except IntakeError:
        return ""
    return unsaved(chosen.path.name, saved, chosen.path.stat().st_mtime, now, defining(names))


def unsaved(name: str, saved: Sequence[str], saved_at: float, ran: Kernel, asked: re.Pattern[str]) -> str:
    """Compare the cells that ran with the saved ones; give a sentence, or an empty text.

    Parameters
    ----------
    name : str
        The notebook's file name.
    saved : sequence of str
        The sources of its code cells in the file.
    saved_at : float
        When the file was saved.
    ran : Kernel
        The cells that ran.
    asked : pattern
        Finds the names that are asked for, where they are defined.
    """
    in_file = {_plain(source) for source in saved}
    last = {found: cell for cell in ran.cells for found in asked.findall(cell.source)}
    missing = [(cell.number, found) for found, cell in last.items() if _plain(cell.source) not in in_file]
    if missing:
        number = max(missing)[0]
        names = ", ".join(f"`{found}`" for n, found in missing if n == number)
        return _of_work(name, names, next(c for c in ran.cells if c.number == number), saved_at, ran.started)
    this = ran.cells[-1] if ran.cells else None
    if this is None or this.began is None or this.began <= saved_at or _plain(this.source) in in_file:
        return ""
    return f"Save first: {name} is {span(this.began - saved_at)} older than this cell, and does not have it."


def _of_work(name: str, names: str, cell: Ran, saved_at: float, started: float | None) -> str:
    """Put the code that ran and is not in the file into a sentence."""
    what = f"the cell that ran as [{cell.number}] ({names})"
    if cell.began is not None and cell.began > saved_at:
        older = span(cell.began - saved_at)
        return f"Save first: {name} is {older} older than {what}. The older code was judged."
    if cell.began is not None:
        return f"{name} was saved after {what}, and has other code. That was judged; run its cell again."
    if started is not None and started > saved_at:
        return f"Save first: {name} was saved before this kernel started, so it lacks {what}."
    return (
        f"{name} has other code than {what}. The file's code was judged, as it was saved {_ago(saved_at)}: "
        "if you changed it since, save first."
    )


def _ago(moment: float) -> str:
    return f"{span(time.time() - moment)} ago"


def _plain(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def span(seconds: float) -> str:
    """Put a length of time into words, in its largest whole unit.

    >>> span(59), span(60), span(720), span(3 * 86_400 + 5)
    ('59 seconds', '1 minute', '12 minutes', '3 days')
    """
    units = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
    unit = next((name for name, length in units.items() if seconds >= length), "second")
    count = max(1, int(seconds // units[unit]))
    return f"{count} {unit}{'' if count == 1 else 's'}"
