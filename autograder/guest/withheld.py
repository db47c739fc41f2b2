"""Keep a student's code from calling functions that would compute its answers."""

from __future__ import annotations

import contextlib
import fnmatch
import importlib
import types
from collections.abc import Callable, Iterable
from typing import Any


class Withheld(Exception):
    """A withheld function was called; `name` is the function's."""

    name: str = ""


def withhold(patterns: Iterable[str]) -> None:
    """Make functions raise `Withheld`, under every name and in every module that has them.

    A pattern is a module and a pattern of names in it: ``"package.fast.solve_*"``. A missing module is
    skipped.
    """
    for pattern in patterns:
        module_name, _, names = pattern.rpartition(".")
        with contextlib.suppress(ImportError):
            module = importlib.import_module(module_name)
            for name in fnmatch.filter(vars(module), names):
                _withhold(module, name)


def _withhold(module: types.ModuleType, name: str) -> None:
    function, refusal = getattr(module, name), _refusal(name)
    if isinstance(function, types.FunctionType) and not function.__code__.co_freevars:
        # other modules and containers may hold the function itself
        function.__code__, function.__kwdefaults__ = refusal.__code__, refusal.__kwdefaults__
    elif callable(function):
        setattr(module, name, refusal)


def _refusal(name: str) -> Callable[..., Any]:
    # the defaults hold everything that it needs, since its code may be put into another module's function
    def refuse(*_: Any, called: str = name, error: type[Withheld] = Withheld, **__: Any) -> None:
        raised = error(called)
        raised.name = called
        raise raised

    return refuse
