"""Check from a cell or a script, and show the result where the code runs."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from autograder.errors import AutograderError
from autograder.selfcheck.checking import check
from autograder.selfcheck.progress import InNotebook, in_terminal
from autograder.selfcheck.showing import page
from autograder.text import plain_signs


def show(what: str | Path | None, item: str) -> None:
    """Check, and show the result or the error: as HTML in a notebook, as text elsewhere."""
    console = Console()
    if console.is_jupyter:
        _in_notebook(what, item)
        return
    plain_signs()
    try:
        with in_terminal(console) as progress:
            found = check(what, item, progress)
    except AutograderError as error:
        console.print(str(error), style="red", markup=False)
        return
    console.print(page(found))


def _in_notebook(what: str | Path | None, item: str) -> None:
    place = InNotebook()
    try:
        place.finish(check(what, item, place))
    except AutograderError as error:
        place.finish(str(error))
