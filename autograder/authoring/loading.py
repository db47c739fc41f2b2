"""Loading an assignment's own modules: its questions and its kinds of checks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.authoring.kinds import CheckKind
from autograder.errors import AssignmentError
from autograder.model import Struct


class Authored(Struct):
    """What an assignment's modules define: questions and kinds of checks by name."""

    questions: dict[str, Struct] = {}
    kinds: dict[str, CheckKind] = {}


def load_authored(visible: Path | None, hidden: Path | None = None) -> Authored:
    """Load the tables ``QUESTIONS`` and ``KINDS`` of an assignment's modules.

    The hidden module finds the visible one as ``from . import visible``, and the other modules of
    its own folder likewise.

    Raises
    ------
    AssignmentError
        A module can't be loaded, has no table, or two define the same name.
    """
    module = load_module(visible) if visible is not None else None
    found = _tables(visible, module) if visible is not None and module is not None else Authored()
    if hidden is None or not hidden.exists():
        return found
    siblings = {"visible": module} if module is not None else {}
    more = _tables(hidden, load_module(hidden, **siblings))
    for table, others in ((found.questions, more.questions), (found.kinds, more.kinds)):
        for name in sorted(table.keys() & others.keys()):
            raise AssignmentError(f"{hidden}: defines `{name}`, which {visible} defines already")
    return Authored(questions=found.questions | more.questions, kinds=found.kinds | more.kinds)


def _tables(path: Path, module: ModuleType) -> Authored:
    questions = _table(path, module, "QUESTIONS", Struct)
    if questions is None:
        raise AssignmentError(f"{path}: must define a table QUESTIONS")
    return Authored(questions=questions, kinds=_table(path, module, "KINDS", CheckKind) or {})


def _table(path: Path, module: ModuleType, name: str, kind: type[Any]) -> dict[str, Any] | None:
    table = getattr(module, name, None)
    if table is None:
        return None
    if not isinstance(table, dict):
        raise AssignmentError(f"{path}: {name} is a {type(table).__name__}, expected a dict")
    for key, value in table.items():
        if not isinstance(value, kind):
            expected = "a record of autograder.authoring" if kind is Struct else f"a {kind.__name__}"
            raise AssignmentError(f"{path}: {name}[{key!r}] is a {type(value).__name__}, expected {expected}")
    return table


def load_module(path: Path, **siblings: ModuleType) -> ModuleType:
    """Load a module by its path, its folder's modules and the given siblings beside it."""
    package = "autograder_questions_" + "".join(c if c.isalnum() else "_" for c in str(path.parent.resolve()))
    if package not in sys.modules:
        holder = ModuleType(package)
        holder.__path__ = [str(path.parent)]
        sys.modules[package] = holder
    for name, sibling in siblings.items():
        sys.modules[f"{package}.{name}"] = sibling
        setattr(sys.modules[package], name, sibling)
    spec = importlib.util.spec_from_file_location(f"{package}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise AssignmentError(f"{path}: is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise AssignmentError(f"{path}: can't be loaded: {type(error).__name__}: {error}") from error
    return module
