"""Put together the parts of a course that a batch or a self-check needs."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from autograder.authoring.context import AssignmentContext
from autograder.authoring.kinds import CheckKind
from autograder.authoring.questions import DataSet
from autograder.course import Course
from autograder.errors import UsageError
from autograder.grading.checks import KINDS
from autograder.grading.diagnosis import diagnoser, known_mistakes_of, regimes_of
from autograder.grading.reading import definitions_of
from autograder.intake import read_notebook
from autograder.model import Environment, Grader, Notebook
from autograder.version import __version__


def kinds_of(course: Course) -> Mapping[str, CheckKind]:
    """Give the kinds of checks by name: the engine's own, and the assignment's."""
    return {**KINDS, **course.authored.kinds}


def given_notebook(course: Course) -> Notebook:
    """Read the notebook as it was handed out. Raises `UsageError` if the release is not built yet."""
    if not course.given_notebook.exists():
        raise UsageError(
            f"{course.given_notebook}: the release is not built yet",
            f"Build it: autograder release {course.assignment.id}",
        )
    return read_notebook(course.given_notebook)


def assignment_context(
    course: Course,
    given: Notebook,
    load_data: Callable[[int], DataSet],
    prepared: Mapping[str, Any],
    seed: int,
) -> AssignmentContext:
    """Make the part of a check's context that all submissions share."""
    assignment = course.assignment
    code = definitions_of(given, assignment)
    return AssignmentContext(
        given=given,
        given_definitions=code,
        file_rules=assignment.files.rules,
        questions=course.authored.questions,
        limits=assignment.limits,
        withheld=assignment.sandbox.withheld,
        load_data=load_data,
        prepared=prepared,
        diagnose=diagnoser(known_mistakes_of(course), regimes_of(course), assignment.hint_level, code),
        seed=seed,
    )


def describe_grader(course: Course, seed: int) -> Grader:
    """Describe the engine, its configuration, cases and seed for a report."""
    return Grader(
        name="autograder",
        version=__version__,
        config_sha256=course.config_sha256(),
        cases_sha256=course.cases_sha256(),
        seed=seed,
    )


def describe_environment(
    course: Course, sandbox: str, walls: tuple[str, ...] = (), slowness: float = 1.0
) -> Environment:
    """Describe the machine, the sandbox and the limits for a report."""
    return Environment(
        os=platform.platform(terse=True),
        arch=platform.machine(),
        python=platform.python_version(),
        numpy=np.__version__,
        sandbox=sandbox,
        walls=walls,
        limits=msgspec.to_builtins(course.assignment.limits["default"]) | {"slowness": slowness},
    )
