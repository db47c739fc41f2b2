"""Run the tools in the project's own environment, with whatever Python they are started."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def use_own_python() -> None:
    """Start the program again with .venv's Python, if there is one and another one runs it."""
    own = ROOT / ".venv"
    python = own / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != own:
        os.execv(python, [str(python), *sys.argv])
