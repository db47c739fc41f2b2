"""Notice code that runs on one machine and not on another: its packages, and its syntax."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterable, Iterator

from autograder.extract.code import parse, shown
from autograder.extract.notices import imported
from autograder.model import Chunk, Notice

MISSING = "not-when-graded"


def not_there(chunks: Iterable[Chunk], there: Collection[str], offered: Iterable[str]) -> Iterator[Notice]:
    """Notice each import of a package that is not `there`; `offered` are the packages to name instead.

    What is imported within `try` may be missing.
    """
    instead = f"the standard library, {', '.join(offered)}"
    for chunk in chunks:
        for name in sorted(imported(chunk.source, tried=False) - frozenset(there)):
            message = f"`{shown(name, 60)}` is not there when this is graded, only {instead}. Do without it."
            yield Notice(code=MISSING, message=message, where=_place(chunk))


def too_new(chunks: Iterable[Chunk], oldest: tuple[int, int]) -> Iterator[Notice]:
    """Notice each statement that an older Python would not understand, as far as the running one can tell."""
    for chunk in (chunk for chunk in chunks if isinstance(parse(chunk.source), ast.Module)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(chunk.source, feature_version=oldest)
        except SyntaxError as error:
            version = "Python {}.{}".format(*oldest)
            message = f"{error.msg}. This may be graded by {version}: write it in an older way."
            yield Notice(code="too-new", message=message, where=_place(chunk))


def _place(chunk: Chunk) -> str:
    return f"cell {chunk.cell}, line {chunk.line}"
