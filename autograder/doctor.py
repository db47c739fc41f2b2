"""Examine this machine part by part, and give a finding and a remedy for each.

`autograder.batch.machine` examines the parts that only grading needs; a student's install lacks that module.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.course import Course, find_course, find_release
from autograder.errors import AssignmentError, UsageError
from autograder.model import Symptom

WHOLE, STUDENTS = "numerical-autograder", "numerical-autograder-check"
# PyPI has a distribution of this name, which is somebody else's
FOREIGN = "autograder"
_REINSTALL = {
    WHOLE: "pip install -e '.[instructor]' in the course's folder",
    STUDENTS: "pip install --force-reinstall --no-deps numerical_autograder_check-*.whl in its folder",
}


def examine(folder: Path) -> list[Symptom]:
    """Examine the machine, and the course or release in the folder."""
    grading = _grading()
    symptoms = [
        _python(),
        judge_install(_installed()),
        *(grading.examine_tools() if grading else ()),
        _compiler(),
    ]
    try:
        course = _course(folder)
    except AssignmentError as error:
        broken = Symptom(part="assignment", state="missing", finding=error.message, remedy=error.hint)
        return [*symptoms, broken]
    if course is None:
        return [*symptoms, _nothing_here(folder)]
    symptoms += [_assignment(course), _fast_layers(course)]
    if course.reference is None:
        symptoms += _data(course)
    elif grading is not None:
        symptoms += grading.examine_course(course)
    return symptoms


def _data(course: Course) -> Iterator[Symptom]:
    """Say whether the data set is where a release's notebook looks for it."""
    spec = course.assignment.data
    if spec is None:
        return
    named = os.environ.get(spec.variable) if spec.variable else None
    places = [Path(named), Path(named) / spec.folder] if named else [course.work / spec.folder]
    found = next((place for place in places if (place / spec.marker).exists()), None)
    if found is not None:
        yield _ok("data", str(found))
    elif named:
        yield _note("data", f"{named}: {spec.variable} names it, and it has no {spec.marker}", "Correct it.")
    else:
        finding = f"{places[0]} is not here: a generated stand-in is used"
        yield _note("data", finding, "autograder data fetch")


def _ok(part: str, finding: str) -> Symptom:
    return Symptom(part=part, state="ok", finding=finding)


def _note(part: str, finding: str, remedy: str) -> Symptom:
    return Symptom(part=part, state="note", finding=finding, remedy=remedy)


def _grading() -> Any:
    """Give the module that examines the parts that grading needs; None in a student's install."""
    if importlib.util.find_spec("autograder.batch") is None:
        return None
    return importlib.import_module("autograder.batch.machine")


def _course(folder: Path) -> Course | None:
    for find in (find_course, find_release):
        try:
            return find(folder.resolve())
        except AssignmentError:
            raise
        except UsageError:
            continue
    return None


def _nothing_here(folder: Path) -> Symptom:
    return _note(
        "assignment",
        f"{folder}: neither a course folder nor an unpacked homework",
        "Name the course's root with --course, or run this in the homework's folder.",
    )


def _python() -> Symptom:
    numpy = importlib.metadata.version("numpy")
    return _ok("python", f"Python {platform.python_version()}, NumPy {numpy}")


def _installed() -> dict[str, str]:
    """Give the versions of the installed distributions that have the command `autograder`, by name."""
    versions = {}
    for name in (WHOLE, STUDENTS, FOREIGN):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def judge_install(versions: Mapping[str, str]) -> Symptom:
    """Say which distribution the command `autograder` is from, and if another one is in its way."""
    again = _REINSTALL[STUDENTS if STUDENTS in versions and WHOLE not in versions else WHOLE]
    finding = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    if FOREIGN in versions:
        return Symptom(
            part="install",
            state="missing",
            finding=f"{finding}: `{FOREIGN}` is another project with the same module and command",
            remedy=f"pip uninstall {FOREIGN}; then {again}",
        )
    if len(versions) > 1:
        shared = f"{finding}: they share their files, so removing one breaks the other"
        return _note("install", shared, f"pip uninstall {STUDENTS}; then {again}")
    return _ok("install", finding or "not installed: run from its sources")


def _compiler() -> Symptom:
    found = next((name for name in ("cc", "gcc", "clang", "cl") if shutil.which(name)), None)
    if found:
        return _ok("compiler", found)
    return _note(
        "compiler",
        "none: the fast layers run on NumPy alone, more slowly",
        "apt-get install build-essential python3-dev (Debian, Ubuntu), xcode-select --install (macOS)",
    )


def _assignment(course: Course) -> Symptom:
    spec, questions = course.assignment, course.authored.questions
    finding = f"{spec.id}: {len(spec.items)} items, {spec.max_score:g} points, {len(questions)} questions"
    return _ok("assignment", finding)


def _fast_layers(course: Course) -> Symptom:
    name = course.assignment.sandbox.extension
    path = course.extension()
    if not name or path is not None:
        return _ok("fast layers", f"compiled ({path.name})" if path else "not used here")
    where = course.support[0].name if course.support else "."
    return _note(
        "fast layers",
        f"`{name}` is not compiled: NumPy alone is used",
        f"cd {where} && python setup.py build_ext --inplace",
    )
