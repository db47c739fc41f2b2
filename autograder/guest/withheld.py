"""Functions that are there and can't be called: those that a student's own are compared with."""

from __future__ import annotations

import contextlib
import fnmatch
import importlib
import types
from collections.abc import Callable, Iterable
from typing import Any


class Withheld(Exception):
    """A function was called that is withheld; `name` is its own."""

    name: str = ""


def withhold(patterns: Iterable[str]) -> None:
    """Make functions raise `Withheld`, for whoever holds them under whatever name.

    Parameters
    ----------
    patterns : iterable of str
        A module and a pattern of names in it: ``"package.fast.solve_*"``. Modules that are not there
        are passed over.
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
        # other modules, and containers, have the function itself
        function.__code__, function.__kwdefaults__ = refusal.__code__, refusal.__kwdefaults__
    elif callable(function):
        setattr(module, name, refusal)


def _refusal(name: str) -> Callable[..., Any]:
    # all that it needs is in its defaults, since its code may come to stand in another module
    def refuse(*_: Any, called: str = name, error: type[Withheld] = Withheld, **__: Any) -> None:
        raised = error(called)
        raised.name = called
        raise raised

    return refuse
