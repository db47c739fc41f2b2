"""Stand for packages with which notebooks show progress and pictures, where these are not installed.

Functions that are judged may use them in good faith. What they would show is seen by nobody.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import Any

from .definitions import Stub, show_nothing


class Progress:
    """Stands for ``tqdm``: gives the items of an iterable, and shows nothing."""

    def __init__(self, iterable: Iterable[Any] = (), *_: Any, total: int = 0, **__: Any) -> None:
        self.iterable = iterable
        self.total = len(iterable) if isinstance(iterable, Sized) and not total else total
        self.n = 0

    def __iter__(self) -> Iterator[Any]:
        yield from self.iterable

    def __len__(self) -> int:
        return self.total

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: int = 1) -> None:
        """Count."""
        self.n += n

    @staticmethod
    def write(text: str, *_: Any, **__: Any) -> None:
        """Print a line, as ``tqdm.write`` does beside its bar."""
        print(text)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return show_nothing


def _trange(*args: int, **_: Any) -> Progress:
    return Progress(range(*args))


def _any_name(name: str) -> Stub:
    if name.startswith("__"):
        raise AttributeError(name)
    return Stub()


_TQDM = {"tqdm": Progress, "trange": _trange, "tqdm_notebook": Progress, "tnrange": _trange}
_DISPLAY = {"display": show_nothing, "clear_output": show_nothing, "__getattr__": _any_name}
_MODULES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("tqdm", "tqdm.auto", "tqdm.autonotebook", "tqdm.notebook", "tqdm.std"), _TQDM),
    "IPython": {"get_ipython": Stub()},
    "IPython.core": {},
    **dict.fromkeys(("IPython.display", "IPython.core.display"), _DISPLAY),
}
PACKAGES = frozenset(name for name in _MODULES if "." not in name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the stand-ins."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        known = fullname in _MODULES
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if known else None

    def exec_module(self, module: types.ModuleType) -> None:
        vars(module).update(_MODULES[module.__name__])


def offer() -> None:
    """Let imports find the stand-ins, after everything that is installed."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
