"""What works on this machine: one examination a part, each with a finding and a remedy."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from autograder.course import Course, find_course, find_release
from autograder.errors import AssignmentError, SandboxError, UsageError
from autograder.model import Struct


class Symptom(Struct):
    """One part's state: ``missing`` stops something, ``note`` is good to know."""

    part: str
    state: Literal["ok", "missing", "note"]
    finding: str
    remedy: str = ""


def examine(folder: Path) -> list[Symptom]:
    """Examine the machine, and the course or release in the folder."""
    symptoms = [_python(), _notebook_tools(), _compiler()]
    try:
        course = _course(folder)
    except AssignmentError as error:
        broken = Symptom(part="assignment", state="missing", finding=error.message, remedy=error.hint)
        return [*symptoms, broken]
    if course is None:
        return [*symptoms, _nothing_here(folder)]
    parts: list[Callable[[Course], Symptom]] = [_assignment, _fast_layers]
    if course.reference is not None:
        parts += [_release, _sandbox, _data]
    return symptoms + [part(course) for part in parts]


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
    return Symptom(
        part="assignment",
        state="note",
        finding=f"{folder}: neither a course folder nor an unpacked homework",
        remedy="Name the course's root with --course, or run this in the homework's folder.",
    )


def _python() -> Symptom:
    numpy = importlib.metadata.version("numpy")
    return Symptom(part="python", state="ok", finding=f"Python {platform.python_version()}, NumPy {numpy}")


def _notebook_tools() -> Symptom:
    wanted = ("nbgrader", "nbconvert", "matplotlib")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if not missing:
        return Symptom(part="instructor's tools", state="ok", finding=", ".join(wanted))
    return Symptom(
        part="instructor's tools",
        state="note",
        finding=f"not installed: {', '.join(missing)} (needed to build a release only)",
        remedy="pip install 'autograder[instructor]'",
    )


def _compiler() -> Symptom:
    found = next((name for name in ("cc", "gcc", "clang", "cl") if shutil.which(name)), None)
    if found:
        return Symptom(part="compiler", state="ok", finding=found)
    return Symptom(
        part="compiler",
        state="note",
        finding="none: the fast layers run on NumPy alone, more slowly",
        remedy="apt-get install build-essential python3-dev (Debian, Ubuntu), xcode-select --install (macOS)",
    )


def _assignment(course: Course) -> Symptom:
    spec, questions = course.assignment, course.authored.questions
    finding = f"{spec.id}: {len(spec.items)} items, {spec.max_score:g} points, {len(questions)} questions"
    return Symptom(part="assignment", state="ok", finding=finding)


def _fast_layers(course: Course) -> Symptom:
    name = course.assignment.sandbox.extension
    path = course.extension()
    if not name or path is not None:
        return Symptom(
            part="fast layers", state="ok", finding=f"compiled ({path.name})" if path else "none asked"
        )
    where = course.support[0].name if course.support else "."
    return Symptom(
        part="fast layers",
        state="note",
        finding=f"`{name}` is not compiled: NumPy alone is used",
        remedy=f"cd {where} && python setup.py build_ext --inplace",
    )


def _release(course: Course) -> Symptom:
    if course.given_notebook.exists():
        return Symptom(part="release", state="ok", finding=str(course.given_notebook.parent))
    return Symptom(
        part="release",
        state="missing",
        finding="not built yet: nothing can be graded",
        remedy=f"autograder release {course.assignment.id}",
    )


def _sandbox(course: Course) -> Symptom:
    from autograder.batch.grading_run import policy_for
    from autograder.sandbox import self_test

    try:
        test = self_test(policy_for(course))
    except SandboxError as error:
        return Symptom(part="sandbox", state="missing", finding=error.message, remedy=error.hint)
    return Symptom(part="sandbox", state="ok", finding=f"{test.kind}: {', '.join(test.walls)}")


def _data(course: Course) -> Symptom:
    from autograder.data import describe_data

    spec = course.assignment.data
    if spec is None:
        return Symptom(part="data", state="ok", finding="none asked")
    kind, where = describe_data(spec)
    if kind == "real":
        return Symptom(part="data", state="ok", finding=str(where))
    return Symptom(
        part="data",
        state="note",
        finding=f"{spec.folder} is not here: a generated stand-in is used ({where})",
        remedy="autograder data fetch, or --data DIR" + (f", or {spec.variable}" if spec.variable else ""),
    )
