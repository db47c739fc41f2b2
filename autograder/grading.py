"""From options to a pipeline: finds the course, the data and the sandbox, and puts them together.

What this builds in one process can be built again in a worker: everything here follows from
`Options` and the baselines, both of which can be pickled.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np

import autograder
from autograder.baseline import measure_baselines
from autograder.batch import Done
from autograder.batch.worker import save
from autograder.calibration import measure, scaled, slowness
from autograder.course import Course, find_course
from autograder.data import find_data, load_subset
from autograder.errors import UsageError
from autograder.intake import Candidate, read_notebook
from autograder.model import Notebook, Struct
from autograder.pipeline import Pipeline, Place, definitions_of
from autograder.questions import Images
from autograder.sandbox import Policy, open_session, self_test
from autograder.workbench import Materials

TEST_IMAGES = 2000


class Options(Struct):
    """What a batch was asked for.

    `training_images` is a smaller budget than the assignment's, for a quick look; `slowness` is the factor
    for limits of time, measured where it is None; `unsandboxed` is for an instructor's own files only.
    """

    root: Path
    assignment: str | None = None
    data: Path | None = None
    training: bool = True
    training_images: int | None = None
    seed: int = 0
    slowness: float | None = None
    unsandboxed: bool = False

    def course(self) -> Course:
        """The course that the options name."""
        return find_course(self.root, self.assignment)


def run_key(options: Options, course: Course) -> str:
    """What must be equal for an earlier report to stand: engine, configuration, cases and options."""
    facts = [
        autograder.__version__,
        course.config_sha256(),
        course.cases_sha256(),
        str(options.training),
        str(options.training_images),
        str(options.seed),
        str(options.slowness),
        str(options.data),
        str(options.unsandboxed),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def given_notebook(course: Course) -> Notebook:
    """The notebook as it was handed out.

    Raises
    ------
    UsageError
        There is no release yet.
    """
    if not course.given_notebook.exists():
        raise UsageError(
            f"{course.given_notebook}: the release is not built yet",
            f"autograder release {course.assignment.id}",
        )
    return read_notebook(course.given_notebook)


def image_loader(course: Course, options: Options) -> Callable[[int], Images]:
    """Gives training images with their own mean subtracted, and test images with the same mean."""

    @functools.cache
    def load(count: int) -> Images:
        if course.assignment.data is None:
            raise UsageError(f"{course.definition}: a check trains, but there is no [data]")
        folder = find_data(options.data, course.assignment.data, course.work)
        subset = load_subset(folder, min(count, options.training_images or count), TEST_IMAGES)
        x_train = subset.x_train.astype(np.float32)
        mean = x_train.mean(axis=0, dtype=np.float64).astype(np.float32)
        return Images(
            x_train=x_train - mean,
            y_train=subset.y_train,
            x_test=subset.x_test.astype(np.float32) - mean,
            y_test=subset.y_test,
            name=subset.name,
        )

    return load


def place_for(course: Course, options: Options) -> Place:
    """The sandbox, after it has shown that it holds, and how slow this machine is.

    Raises
    ------
    SandboxError
        It does not, and why.
    """
    if options.unsandboxed:
        from autograder.subprocess_student import open_session as open_plain

        return Place(
            open_session=functools.partial(open_plain, course.support, extra_modules(course)),
            kind="none (unsandboxed by request)",
            slowness=options.slowness or slowness(measure()),
        )
    policy = policy_for(course)
    test = self_test(policy)
    return Place(
        open_session=functools.partial(open_session, policy),
        kind=test.kind,
        walls=test.walls,
        slowness=options.slowness or slowness(measure()),
    )


def extra_modules(course: Course) -> tuple[Path, ...]:
    """The compiled fast layers, where there are any."""
    extension = course.extension()
    return (extension,) if extension else ()


def policy_for(course: Course) -> Policy:
    """What the sandbox mounts for this assignment, and imports before it forks."""
    wanted = course.assignment.sandbox
    modules = [line.split()[1] for line in wanted.preamble]
    optional = (name for name in wanted.if_installed if importlib.util.find_spec(name) is not None)
    return Policy(
        imports=(*wanted.imports, *optional),
        tools=wanted.tools,
        support=course.support,
        extra_modules=extra_modules(course),
        preload=tuple(dict.fromkeys(modules)),
    )


def build_pipeline(options: Options, place: Place | None, baselines: Mapping[str, float]) -> Pipeline:
    """The pipeline of one process; without a place it makes (and tests) its own."""
    course = options.course()
    place = place or place_for(course, options)
    return Pipeline(course, materials_for(course, options, baselines, place), place, options.training)


def materials_for(
    course: Course, options: Options, baselines: Mapping[str, float], place: Place
) -> Materials:
    """What all submissions share; limits of time are those that the place's machine needs."""
    given = given_notebook(course)
    limits = {name: scaled(each, place.slowness) for name, each in course.assignment.limits.items()}
    return Materials(
        assignment=msgspec.structs.replace(
            course.assignment, limits=limits, budget_seconds=course.assignment.budget_seconds * place.slowness
        ),
        questions=course.questions(),
        given=given,
        given_definitions=definitions_of(given, course.assignment),
        load_images=image_loader(course, options),
        baselines=baselines,
        salt=options.seed,
        suspects=course.suspects(),
        support=course.support_sources(),
    )


def prepare(options: Options) -> tuple[Place, dict[str, float]]:
    """What a batch needs before its workers start: a sandbox that holds, and the baselines."""
    course = options.course()
    place = place_for(course, options)
    if not options.training:
        return place, {}
    return place, measure_baselines(course, materials_for(course, options, {}, place), place)


def give_up(options: Options, place: Place, folder: Path, candidate: Candidate, reason: str) -> Done:
    """Write the report of a submission on which the grader's own process keeps dying.

    Its files are not read: that may be what the process dies of.
    """
    graded = build_pipeline(options, place, {}).give_up(candidate.unread(), reason)
    return Done(
        id=candidate.id,
        outcome=graded.report.outcome.value,
        message=graded.report.message,
        final=None,
        report_sha256=save(graded, folder),
        seconds=0.0,
    )
