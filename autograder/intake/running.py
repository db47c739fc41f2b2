"""Find the notebook from which the code that asks is being run.

Jupyter and VS Code name its file to the kernel. Colab keeps it in the browser, and gives its content.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

# Seconds that Colab's page gets to answer.
PATIENCE = 10


def running_file() -> Path | None:
    """Give the running notebook's file, if the kernel knows it and it is there."""
    named = (_variables().get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))
    paths = (Path(name) for name in named if isinstance(name, str) and name.endswith(".ipynb"))
    return next((path.resolve() for path in paths if path.is_file()), None)


def _variables() -> dict[str, Any]:
    """Give the notebook's own variables; none where no notebook runs."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "user_ns", {})


def running_in_colab() -> str:
    """Give the running notebook as JSON, as it is in the browser; an empty text where Colab gives none."""
    if "google.colab" not in sys.modules:
        return ""
    try:
        page = importlib.import_module("google.colab._message")
        answer = page.blocking_request("get_ipynb", request="", timeout_sec=PATIENCE)
        return json.dumps(answer["ipynb"])
    except Exception:  # it promises nothing to us, and there is another way
        return ""
