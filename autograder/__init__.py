"""Hand out, check and grade a programming homework on convolutional networks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from autograder.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["__version__", "check", "load_ipython_extension"]

_NO_PROCESSES = (
    "The self-check starts Python processes of its own, and Python in a browser (JupyterLite) can't.\n"
    "Download the notebook, and check it on your computer or in Colab."
)


def check(what: str | Path | None = None, *, item: str = "") -> None:
    """Run the visible checks on a notebook and show the results: for use in a cell.

    By default that is the notebook in which this runs, if that is known, or else the homework that was saved
    last. Save it first: the checks read the file.

    Parameters
    ----------
    what : str or Path, optional
        Another notebook or a folder: a `Path`, or a text that ends in ``.ipynb`` or has a slash. Any other
        text is the id of the only item to judge, such as ``"pdf"``.
    item : str, optional
        The id of the only item to judge, beside a notebook.
    """
    if sys.platform == "emscripten":  # some of what is imported below is not there either
        print(_NO_PROCESSES)
        return
    from autograder.selfcheck.here import show

    show(what, item)


def load_ipython_extension(shell: Any) -> None:
    """Add the magic ``%check [WHAT]`` to a notebook, for ``%load_ext autograder``."""
    shell.register_magic_function(lambda line: check(line.strip() or None), "line", "check")
