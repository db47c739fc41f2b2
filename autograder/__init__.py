"""Hand out, check and grade a programming homework on convolutional networks."""

from __future__ import annotations

from autograder.version import __version__

__all__ = ["__version__", "check"]


def check(notebook: str | None = None) -> None:
    """Run the visible checks on a notebook, by default the homework's, and print the results.

    Call this in a cell. Save the notebook first: the checks read the file.
    """
    from pathlib import Path

    from rich.console import Console

    from autograder.errors import AutograderError
    from autograder.report.terminal import render
    from autograder.selfcheck import check as run
    from autograder.selfcheck import closing_line

    console = Console()
    try:
        report = run(Path(notebook) if notebook else None)
    except AutograderError as error:
        console.print(str(error), style="red", markup=False)
        return
    console.print(render(report, points=False))
    console.print(closing_line(report), style="bold", markup=False)
