"""Say what is being judged: in one line of a terminal that is written over, or in the cell's output."""

from __future__ import annotations

import contextlib
import html
import importlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from autograder.selfcheck.checking import Progress
from autograder.selfcheck.showing import SelfCheck


def line(title: str, number: int, count: int) -> str:
    """Put into words which part is being judged.

    >>> line("Convolution", 2, 10)
    'checking 2 of 10: Convolution'
    """
    return f"checking {number} of {count}: {title}"


@contextlib.contextmanager
def in_terminal(console: Console) -> Iterator[Progress]:
    """Keep a line up to date while something is judged; in a pipe or a file there is none."""
    if not console.is_terminal:
        yield lambda *_: None
        return
    with console.status("reading the notebook", spinner="line") as status:
        yield lambda title, number, count: status.update(_escaped(line(title, number, count)))


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


class InNotebook:
    """A place in a cell's output that shows the progress, and then the result instead."""

    def __init__(self) -> None:
        display: Any = importlib.import_module("IPython.display")
        self._as_html = display.HTML
        self._place = display.display(self._soft("reading the notebook"), display_id=True)

    def _soft(self, text: str) -> Any:
        return self._as_html(f"<p><em>{html.escape(text)} …</em></p>")

    def __call__(self, title: str, number: int, count: int) -> None:
        """Show which item is judged."""
        self._place.update(self._soft(line(title, number, count)))

    def finish(self, found: SelfCheck | str) -> None:
        """Show the result, or the sentence in its place, instead of the progress."""
        is_found = isinstance(found, SelfCheck)
        self._place.update(found if is_found else self._as_html(f"<p>{_lines(str(found))}</p>"))


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
