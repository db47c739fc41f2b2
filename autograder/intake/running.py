"""Find the notebook from which the code that asks is being run, and what ran in it.

Jupyter and VS Code name its file to the kernel. Colab keeps it in the browser, and gives its content. IPython
keeps the source of every cell that ran; when one ran is known from the first look on.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from autograder.errors import UsageError
from autograder.model import Struct

# Seconds that Colab's page gets to answer.
PATIENCE = 10
# When a cell with this source began last; see `watch`. Versions of IPython count cells differently meanwhile.
_began: dict[str, float] = {}


class Ran(Struct):
    """A cell that ran: its source, its number in brackets, and when it began, if that is known."""

    source: str
    number: int
    began: float | None = None


class Kernel(Struct):
    """The cells that ran in this kernel, in order, and when the kernel started, if that is known.

    The last cell is the one that runs now.
    """

    cells: tuple[Ran, ...]
    started: float | None = None


def running_file() -> Path | None:
    """Give the running notebook's file, if the kernel knows it and it is there."""
    variables = getattr(_shell(), "user_ns", {})
    named = (variables.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))
    paths = (Path(name) for name in named if isinstance(name, str) and name.endswith(".ipynb"))
    return next((path.resolve() for path in paths if path.is_file()), None)


def _shell() -> Any:
    """Give IPython's shell; None where no IPython runs."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


# --- what ran -------------------------------------------------------------------------------------------


def kernel() -> Kernel | None:
    """Give what ran in this kernel; None where no IPython runs."""
    shell = _shell()
    history = getattr(shell, "history_manager", None)
    if history is None:
        return None
    sources = list(enumerate(history.input_hist_raw))[1:]
    began = {text: time.time() for _, text in sources[-1:]} | _began
    cells = tuple(Ran(source=text, number=n, began=began.get(text)) for n, text in sources)
    return Kernel(cells=cells, started=_started(history))


def _started(history: Any) -> float | None:
    """Give the time when the session of the history began; IPython can be told to keep none."""
    with contextlib.suppress(Exception):
        return float(history.get_session_info()[1].timestamp())
    return None


def watch() -> None:
    """Note from now on when each cell begins: IPython itself does not."""
    shell = _shell()
    if shell is not None and _note not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _note)


def _note(cell: Any) -> None:
    _began[cell.raw_cell] = time.time()


# --- Colab ----------------------------------------------------------------------------------------------


def running_in_colab() -> bytes | None:
    """Give the running notebook as it is in the browser: empty if Colab gives none, None elsewhere."""
    if "google.colab" not in sys.modules:
        return None
    try:
        page = importlib.import_module("google.colab._message")
        answer = page.blocking_request("get_ipynb", request="", timeout_sec=PATIENCE)
        return json.dumps(answer["ipynb"]).encode()
    except Exception:  # it promises nothing to us, and there is another way
        return b""


def chosen_in_colab() -> tuple[str, bytes]:
    """Ask for a notebook to upload; give its name and content.

    Raises `UsageError` if none was chosen.
    """
    print("Colab does not show this notebook to its code. Download it as .ipynb, then choose it here:")
    files = importlib.import_module("google.colab.files")
    uploaded: dict[str, bytes] = files.upload()
    notebooks = [name for name in uploaded if name.endswith(".ipynb")]
    if not notebooks:
        raise UsageError(
            "No notebook was chosen, so there is nothing to check",
            "Choose the .ipynb file that you downloaded, or name one: autograder.check('FILE.ipynb')",
        )
    return notebooks[0], uploaded[notebooks[0]]
