"""A notebook printed to a PDF of text pages, as a browser's print command would give one."""

from __future__ import annotations

import io
import json
import textwrap
from pathlib import Path

from autograder.report.files import write_atomically

_LINES_A_PAGE, _COLUMNS = 62, 100


def print_to_pdf(notebook: Path, target: Path) -> None:
    """Write a PDF with the notebook's cells and text outputs; the text can be extracted from it."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    lines = list(_lines(json.loads(notebook.read_text(encoding="utf-8"))))
    buffer = io.BytesIO()
    # fonttype 42 embeds the font as it is, so that readers find the letters
    with rc_context({"pdf.fonttype": 42}), PdfPages(buffer, metadata={"CreationDate": None}) as pages:
        for start in range(0, len(lines), _LINES_A_PAGE):
            figure = Figure(figsize=(8.27, 11.69))
            text = "\n".join(lines[start : start + _LINES_A_PAGE]).replace("$", r"\$")
            figure.text(0.06, 0.96, text, family="monospace", size=7, va="top")
            pages.savefig(figure)
    write_atomically(target, buffer.getvalue())


def _lines(notebook: dict[str, list[dict[str, object]]]) -> list[str]:
    wrapped: list[str] = []
    for cell in notebook["cells"]:
        for text in (_joined(cell["source"]), *_outputs(cell)):
            for line in text.splitlines():
                wrapped += textwrap.wrap(line, _COLUMNS) or [""]
        wrapped.append("")
    return wrapped


def _outputs(cell: dict[str, object]) -> list[str]:
    outputs = cell.get("outputs", [])
    assert isinstance(outputs, list)
    return [_joined(o["text"]) for o in outputs if o.get("output_type") == "stream"]


def _joined(source: object) -> str:
    return source if isinstance(source, str) else "".join(source)  # type: ignore[arg-type]
