"""Print a notebook to a PDF of text pages, from which programs can read the text."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.errors import ReleaseError
from autograder.files import read_text, write_atomically

_LINES_A_PAGE, _COLUMNS = 62, 100
_A4 = (8.27, 11.69)


def print_to_pdf(notebook: Path, target: Path) -> None:
    """Write a PDF with the notebook's cells and their printed output.

    Raises
    ------
    ReleaseError
        matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_pdf import PdfPages
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ReleaseError(
            f"a PDF needs {error.name}, which is not installed",
            "pip install -e '.[instructor]' in the course's folder",
        ) from error
    buffer = io.BytesIO()
    # Font type 42 embeds the font as it is, so that programs can read the letters.
    with rc_context({"pdf.fonttype": 42}), PdfPages(buffer, metadata={"CreationDate": None}) as document:
        for page in _pages(json.loads(read_text(notebook))):
            figure = Figure(figsize=_A4)
            figure.text(0.06, 0.96, page, family="monospace", size=7, va="top", parse_math=False)
            document.savefig(figure)
    write_atomically(target, buffer.getvalue())


def _pages(notebook: dict[str, Any]) -> Iterator[str]:
    """Cut the text into pages; there is at least one."""
    lines = [line for cell in notebook["cells"] for line in [*_wrapped(cell), ""]] or [""]
    for start in range(0, len(lines), _LINES_A_PAGE):
        yield "\n".join(lines[start : start + _LINES_A_PAGE])


def _wrapped(cell: dict[str, Any]) -> Iterator[str]:
    printed = [o["text"] for o in cell.get("outputs", []) if o["output_type"] == "stream"]
    for text in (cell["source"], *printed):
        for line in "".join(text).splitlines():
            yield from textwrap.wrap(line, _COLUMNS, drop_whitespace=False) or [""]
