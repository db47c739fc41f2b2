"""Describe a homework's own measurements of speed: works, and contenders that do them.

A homework's reference folder may hold ``benchmarks.py`` with a table ``SUITES`` of `Suite`. Every contender
runs in a process of its own, in turns. The homework defines the works.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from autograder.authoring.loading import load_module
from autograder.course import Course
from autograder.errors import UsageError
from autograder.model import Struct

Prepare = Callable[[Path], Mapping[str, Callable[[], object]]]


class UnavailableError(Exception):
    """A contender can't run on this machine; the text says why."""


class Work(Struct):
    """Something to do again and again.

    Parameters
    ----------
    name, about : str
        A short name, and the sizes.
    operations : float
        The least number of floating-point operations.
    moved : float
        The least number of bytes that are read and written.
    dtype : str
        'float32' or 'float64'.
    """

    name: str
    about: str
    operations: float
    moved: float
    dtype: str


class Contender(Struct):
    """A program or library that does works.

    Parameters
    ----------
    prepare : callable
        Gets the course's root folder; gives a function for each work that it can do. Raises
        `UnavailableError` if it can do none.
    environment : mapping
        Variables of its process's environment.
    same_as : str, optional
        The contender in the suite's file whose works this one does, in another environment.
    """

    prepare: Prepare
    environment: Mapping[str, str] = {}
    same_as: str | None = None


class Suite(Struct):
    """Works and the contenders that do them. The others are compared with `ours`."""

    works: tuple[Work, ...]
    contenders: Mapping[str, Contender]
    ours: str

    def only(self, names: Sequence[str]) -> Suite:
        """Give the suite with these contenders and ours; with all if none is named.

        Raises
        ------
        UsageError
            There is no contender of that name.
        """
        unknown = [name for name in names if name not in self.contenders]
        if unknown:
            raise UsageError(
                f"there is no contender {unknown[0]!r}", f"There are: {', '.join(self.contenders)}."
            )
        chosen = {
            name: contender
            for name, contender in self.contenders.items()
            if not names or name in names or name == self.ours
        }
        return replace(self, contenders=chosen)

    def beside(self, name: str, folder: Path) -> Suite:
        """Give the suite with our contender once more, which imports modules of a folder first."""
        ours = self.contenders[self.ours]
        again = replace(ours, environment={**ours.environment, "PYTHONPATH": str(folder)}, same_as=self.ours)
        return replace(self, contenders={**self.contenders, name: again})


def load_suite(course: Course, name: str) -> Suite:
    """Load one suite of a course.

    Raises
    ------
    UsageError
        The course has no such suite.
    """
    path = course.reference / "benchmarks.py" if course.reference else None
    if path is None or not path.exists():
        raise UsageError(
            f"{course.definition}: this course has no benchmarks of its own",
            "They belong in benchmarks.py in the reference folder.",
        )
    suites = getattr(load_module(path), "SUITES", {})
    if name not in suites:
        raise UsageError(f"{path}: has no suite {name!r}", f"It has: {', '.join(suites) or 'none'}.")
    suite: Suite = suites[name]
    return suite


def environment(**more: str) -> dict[str, str]:
    """Give the environment of a process that imports this package."""
    folders = [str(Path(__file__).parents[1]), more.get("PYTHONPATH", ""), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **more, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
