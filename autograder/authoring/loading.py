"""Load an assignment's own modules, with its questions and its kinds of checks."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec.structs import replace

from autograder.authoring.frozen import Freeze
from autograder.authoring.kinds import CheckKind
from autograder.authoring.unpack import kind_of
from autograder.errors import AssignmentError
from autograder.model import Struct


class Authored(Struct):
    """The tables that an assignment's modules define.

    questions   the questions by name
    visible     the names of those that go into the release
    kinds       the assignment's own kinds of checks by name
    frozen      functions that compute frozen outputs, by the file's name in ``reference/<id>/``
    """

    questions: dict[str, Struct] = {}
    visible: frozenset[str] = frozenset()
    kinds: dict[str, CheckKind] = {}
    frozen: dict[str, Freeze] = {}


def load_authored(visible: Path | None, hidden: Path | None = None) -> Authored:
    """Load the tables ``QUESTIONS``, ``KINDS`` and ``FROZEN`` of an assignment's modules.

    The hidden module may import the visible one (``from . import visible``) and the other modules of its own
    folder. Raises `AssignmentError` if a module can't be loaded or has no table, or if both define a name.
    """
    module = load_module(visible) if visible is not None else None
    found = _tables(visible, module) if visible is not None and module is not None else Authored()
    found = replace(found, visible=frozenset(found.questions))
    if hidden is None or not hidden.exists():
        return found
    siblings = {"visible": module} if module is not None else {}
    more = _tables(hidden, load_module(hidden, **siblings))
    for table, others in ((found.questions, more.questions), (found.kinds, more.kinds)):
        for name in sorted(table.keys() & others.keys()):
            raise AssignmentError(f"{hidden}: defines `{name}`, which {visible} defines already")
    questions, kinds = found.questions | more.questions, found.kinds | more.kinds
    return replace(found, questions=questions, kinds=kinds, frozen=more.frozen)


def _tables(path: Path, module: ModuleType) -> Authored:
    if getattr(module, "QUESTIONS", None) is None:
        raise AssignmentError(f"{path}: must define a table QUESTIONS")
    return Authored(
        questions=_table(path, module, "QUESTIONS", Struct, "a record of autograder.authoring"),
        kinds=_table(path, module, "KINDS", CheckKind, "a CheckKind"),
        frozen=_table(path, module, "FROZEN", Callable, "a function that gives arrays by name"),
    )


def _table(path: Path, module: ModuleType, name: str, kind: Any, expected: str) -> dict[str, Any]:
    """Give a table of a module, or an empty one if it has none. Its values must be of the kind."""
    table = getattr(module, name, None)
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise AssignmentError(f"{path}: {name} is {kind_of(table)}, expected a dict")
    for key, value in table.items():
        if not isinstance(value, kind):
            raise AssignmentError(f"{path}: {name}[{key!r}] is {kind_of(value)}, expected {expected}")
    return table


def load_module(path: Path, **siblings: ModuleType) -> ModuleType:
    """Load a module by its path. It can import the modules of its folder and the given siblings."""
    if not path.is_file():
        raise AssignmentError(f"{path}: no such file", "assignment.toml names it.")
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
    except (Exception, SystemExit) as error:  # an author's code may raise anything
        what = f"{type(error).__name__}: {error}".replace(package, path.parent.name)
        raise AssignmentError(f"{_place(path, error)}: can't be loaded: {what}") from error
    return module


def _place(path: Path, error: BaseException) -> str:
    """Give the file and line of an error in the module, or in another module of its folder."""
    if isinstance(error, SyntaxError) and error.lineno and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent == path.parent]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else f"{path}:1"
