"""Old habits that are no mistakes: names that NumPy and Python have dropped since."""

from __future__ import annotations

import re

from autograder.assignment import LegacySpec
from autograder.model import Notice, Struct

_NUMPY = ("int", "float", "bool", "object", "complex", "str", "long", "unicode")
_PYTHON2 = ("xrange", "raw_input", "unicode", "long")


class Habits(Struct):
    """The habits that are emulated, by name, and what to say of them."""

    names: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def habits(source: str, legacy: LegacySpec) -> Habits:
    """Find the old habits in a source, as far as they are emulated."""
    found = []
    if legacy.numpy_aliases == "emulate":
        found += [f"np.{name}" for name in _NUMPY if re.search(rf"\b(?:np|numpy)\.{name}\b(?!_)", source)]
        found += ["np.lib.pad"] if re.search(r"\b(?:np|numpy)\.lib\.pad\b", source) else []
    if legacy.python2 == "emulate":
        found += [name for name in _PYTHON2 if re.search(rf"(?<![\w.]){name}\s*\(", source)]
    return Habits(names=tuple(found), notices=tuple(_notice(name) for name in found))


def _notice(name: str) -> Notice:
    home = "NumPy 1.24" if name.startswith("np.") else "Python 2"
    message = f"`{name}` is gone since {home}; it was put back for grading. Today's Python needs another."
    return Notice(code="old-habit", message=message)
