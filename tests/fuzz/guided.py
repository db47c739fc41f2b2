"""Fuzz one target until something breaks: ``python tests/fuzz/guided.py TARGET [libFuzzer's options]``.

Called by ``tools/fuzz``. With atheris the search follows the engine's coverage.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

with atheris.instrument_imports(include=["autograder"]):
    from targets import TARGETS


def main() -> None:
    """Hand the command line to libFuzzer."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
