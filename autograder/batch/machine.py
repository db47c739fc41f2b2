"""Check that a machine can grade and build releases: `autograder doctor` for instructors."""

from __future__ import annotations

import importlib.util

from autograder.course import Course
from autograder.errors import SandboxError
from autograder.model import Symptom


def examine_tools() -> list[Symptom]:
    """Examine the tools that an instructor needs."""
    wanted = ("nbgrader", "nbconvert", "matplotlib")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if not missing:
        return [Symptom(part="instructor's tools", state="ok", finding=", ".join(wanted))]
    finding = f"not installed: {', '.join(missing)} (needed to build a release only)"
    remedy = "pip install -e '.[instructor]' in the course's folder"
    return [Symptom(part="instructor's tools", state="note", finding=finding, remedy=remedy)]


def examine_course(course: Course) -> list[Symptom]:
    """Examine the release, the sandbox and the data set of a course."""
    return [_release(course), _sandbox(course), _data(course)]


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
        return Symptom(part="data", state="ok", finding="none needed")
    kind, where = describe_data(spec)
    if kind == "real":
        return Symptom(part="data", state="ok", finding=str(where))
    return Symptom(
        part="data",
        state="note",
        finding=f"{spec.folder} is not here: a generated stand-in is used ({where})",
        remedy="autograder data fetch, or --data DIR" + (f", or {spec.variable}" if spec.variable else ""),
    )
