"""Hand out, check and grade a programming homework on convolutional networks."""

from __future__ import annotations

from autograder.version import __version__

__all__ = ["__version__", "check"]


def check(notebook: str | None = None) -> None:
    """Run the visible checks on a notebook and show the results: for use in a cell.

    By default that is the notebook in which this runs, if that is known, or else the homework that was saved
    last; `notebook` names another one, or its folder. Save it first: the checks read the file.
    """
    import importlib
    from pathlib import Path

    from rich.console import Console

    from autograder.errors import AutograderError
    from autograder.selfcheck import check as run
    from autograder.selfcheck import page

    console = Console()
    try:
        found = run(Path(notebook) if notebook else None)
    except AutograderError as error:
        console.print(str(error), style="red", markup=False)
        return
    if console.is_jupyter:
        # a notebook has IPython, and nothing else needs it
        importlib.import_module("IPython.display").display(found)
    else:
        console.print(page(found))
