"""A grading run: all that a process or a machine needs to grade, and how it is put together.

`plan_run` looks at the course, the data and this machine once, and gives a frozen record that can be pickled.
`open_pipeline` makes a pipeline of that record, in this process or in another.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from autograder.authoring.context import AssignmentContext, CheckContext, Reading
from autograder.authoring.kinds import CheckKind
from autograder.authoring.specs import CheckSpec
from autograder.course import Course, find_course, hash_files
from autograder.data import data_loader, find_data
from autograder.errors import GraderFault
from autograder.files import cache_dir, write_atomically
from autograder.grading.budget import TimeBudget
from autograder.grading.calibration import measure, slowness_of
from autograder.grading.preflight import require_sound
from autograder.grading.reading import SubmissionReader
from autograder.grading.setup import (
    assignment_context,
    describe_environment,
    describe_grader,
    given_notebook,
    kinds_of,
)
from autograder.grading.submission import OpenSession, Pipeline
from autograder.intake import Candidate
from autograder.model import Notebook, Struct, Submission
from autograder.report import ReportFacts
from autograder.sandbox import Policy, open_session, self_test

MOST_SEED = 2**32 - 1
UNSANDBOXED = "none (unsandboxed by request)"
ELSEWHERE = "none (graded on other machines)"


class RunOptions(Struct):
    """The choices of the person who starts the run.

    `training_images` is a smaller budget than the assignment's, for a quick look. `slowness` is the factor
    for limits of time; None measures it. `seed` None draws one, so that nobody knows the cases beforehand.
    `unsandboxed` is for an instructor's own files only.
    """

    root: Path
    assignment: str | None = None
    data: Path | None = None
    training: bool = True
    training_images: int | None = None
    seed: int | None = None
    slowness: float | None = None
    unsandboxed: bool = False


class GradingRun(Struct):
    """Everything that decides how submissions are graded; it can be pickled.

    options     the choices of the person who started it
    slowness    the factor by which limits of time are longer; see `autograder.grading.calibration`
    data        the data set's folder, None where the assignment has none
    seed        all random cases follow from it
    prepared    what kinds of checks have measured for the batch, by check id
    asked       a hash of what each check asks, by check id
    facts       what every report says of the grader and the sandbox
    key         equal for two runs only where they would give the same verdicts
    """

    options: RunOptions
    slowness: float
    data: Path | None
    seed: int
    prepared: dict[str, Any]
    asked: dict[str, str]
    facts: ReportFacts
    key: str

    def with_ids(self, ids: Mapping[str, tuple[str, ...]]) -> GradingRun:
        """Give the run with the texts by which platforms know learners; they decide no verdict."""
        return msgspec.structs.replace(self, facts=msgspec.structs.replace(self.facts, ids=ids))

    def course(self) -> Course:
        """Load the course, with limits of time as they hold here."""
        return find_course(self.options.root, self.options.assignment, self.slowness)


def plan_run(options: RunOptions) -> GradingRun:
    """Look at the course, the data and this machine.

    Raises `UsageError` if the course, its release or its data can't be used, and `SandboxError` if the
    sandbox does not hold.
    """
    slowness = options.slowness or slowness_of(measure())
    course = _sound_course(options, slowness)
    run = _planned(options, course, slowness, *_walls(course, options.unsandboxed))
    return msgspec.structs.replace(run, prepared=_prepared(run, course, given_notebook(course)))


def plan_for_others(options: RunOptions) -> GradingRun:
    """Plan a run whose submissions are graded on other machines: nothing is measured or tested here.

    Raises as `plan_run` does, but for the sandbox.
    """
    slowness = options.slowness or 1.0
    return _planned(options, _sound_course(options, slowness), slowness, ELSEWHERE)


def _sound_course(options: RunOptions, slowness: float) -> Course:
    course = find_course(options.root, options.assignment, slowness)
    require_sound(course, kinds_of(course))
    given_notebook(course)
    return course


def _planned(
    options: RunOptions, course: Course, slowness: float, kind: str, walls: tuple[str, ...] = ()
) -> GradingRun:
    seed = secrets.randbelow(MOST_SEED) if options.seed is None else options.seed
    data = find_data(options.data, course.assignment.data, course.work) if course.assignment.data else None
    run = GradingRun(
        options=msgspec.structs.replace(options, assignment=course.assignment.id),
        slowness=slowness,
        data=data,
        seed=seed,
        prepared={},
        asked=course.asked(),
        facts=ReportFacts(
            grader=describe_grader(course, seed),
            environment=describe_environment(course, kind, walls, slowness),
            run_id=secrets.token_hex(8),
        ),
        key="",
    )
    around = _surroundings(run)
    grader = msgspec.structs.replace(run.facts.grader, setup_sha256=_setup_sha256(course, around))
    return msgspec.structs.replace(
        run, key=_key(run, around), facts=msgspec.structs.replace(run.facts, grader=grader)
    )


def _key(run: GradingRun, around: Sequence[str]) -> str:
    """Hash everything that decides a verdict: engine, assignment, data and options. The seed comes last.

    A measured slowness is left out: it changes with the machine's load, so a resumed batch would start over.
    """
    grader = run.facts.grader
    options = str((run.options.training, run.options.slowness))
    facts = [grader.config_sha256, grader.cases_sha256, *around, options]
    return f"{_hashed(facts)}-{run.seed}"


def _setup_sha256(course: Course, around: Sequence[str]) -> str:
    """Hash what decides a finding beside the seed and what its check asks.

    A check that was switched off has no finding, and one that met a limit of time is asked again, so neither
    that switch nor the slowness is part of it.
    """
    return _hashed([course.setup_sha256(), *around])


def _surroundings(run: GradingRun) -> list[str]:
    """Give what decides findings and stands outside the assignment: the engine, the data and options."""
    options = run.options
    data = hash_files(run.data.rglob("*") if run.data else ())
    return [engine_sha256(), data, str((options.training_images, options.unsandboxed))]


def _hashed(facts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def seed_of(key: str) -> int | None:
    """Give the seed at the end of a run's key, or None."""
    seed = key.rpartition("-")[2]
    return int(seed) if seed != key and seed.isdecimal() else None


@functools.cache
def engine_sha256() -> str:
    """Hash the engine's own code."""
    return hash_files(Path(__file__).parents[1].rglob("*.py"))


def _walls(course: Course, unsandboxed: bool) -> tuple[str, tuple[str, ...]]:
    """Test the sandbox, and give its name and its walls."""
    if unsandboxed:
        return UNSANDBOXED, ()
    test = self_test(policy_for(course))
    return test.kind, test.walls


def policy_for(course: Course) -> Policy:
    """Make the policy of the assignment's sandbox: the files to mount, and the modules to import early."""
    wanted = course.assignment.sandbox
    imports = (re.match(r"(?:import|from)\s+([^\W\d][\w.]*)", line) for line in wanted.preamble)
    optional = (name for name in wanted.if_installed if importlib.util.find_spec(name) is not None)
    extension = course.extension()
    return Policy(
        imports=(*wanted.imports, *optional),
        tools=wanted.tools,
        support=course.support,
        extra_modules=(extension,) if extension else (),
        preload=tuple(dict.fromkeys(found[1] for found in imports if found)),
    )


def session_opener(course: Course, unsandboxed: bool) -> OpenSession:
    """Give the function that opens a place for students' code."""
    policy = policy_for(course)
    if unsandboxed:
        from autograder.execution.plain import open_session as open_plain

        return functools.partial(open_plain, policy.support, policy.extra_modules)
    return functools.partial(open_session, policy, course.assignment.sandbox.withheld)


def open_pipeline(run: GradingRun) -> Pipeline:
    """Make the pipeline of one process.

    Call it before the process starts threads: the reader's process is forked here.
    """
    return _pipeline(run, open_reader(run).read)


def open_pipeline_without_reader(run: GradingRun) -> Pipeline:
    """Make a pipeline that grades what was read elsewhere; it forks nothing and may be made at any time."""

    def read(candidate: Candidate) -> Reading:
        raise GraderFault(f"{candidate.id}: is read where the batch runs, not here")

    return _pipeline(run, read)


def open_reader(run: GradingRun) -> SubmissionReader:
    """Open a process that reads submissions within limits. Call it before this process starts threads."""
    course = run.course()
    return SubmissionReader(course, given_notebook(course), kinds_of(course))


def _pipeline(run: GradingRun, read: Callable[[Candidate], Reading]) -> Pipeline:
    course = run.course()
    kinds = kinds_of(course)
    return Pipeline(
        assignment=course.assignment,
        shared=_shared(run, course, given_notebook(course), run.seed),
        kinds=kinds,
        read=read,
        open_session=session_opener(course, run.options.unsandboxed),
        facts=run.facts,
        training=run.options.training,
        asked=run.asked,
    )


def _shared(run: GradingRun, course: Course, given: Notebook, seed: int) -> AssignmentContext:
    load = data_loader(course, run.data, run.options.training_images)
    return assignment_context(course, given, load, run.prepared, seed)


# --- what kinds measure once for a batch -------------------------------------------------------------


def _prepared(run: GradingRun, course: Course, given: Notebook) -> dict[str, Any]:
    """Have the kinds of checks measure what they need, or take it from the user's cache."""
    kinds = kinds_of(course)
    return {
        check.id: _prepared_for(check, kinds[check.kind], run, course, given)
        for check in course.assignment.checks
        if kinds[check.kind].prepare is not None and (run.options.training or not check.trains)
    }


def _prepared_for(check: CheckSpec, kind: CheckKind, run: GradingRun, course: Course, given: Notebook) -> Any:
    assert kind.prepare is not None
    # the path has no seed in it, so that batches with other seeds find the file
    path = cache_dir() / "prepared" / f"{run.key[:32]}-{check.id}.json"
    try:
        return json.loads(path.read_text(encoding="ascii"))["value"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not measured yet, or not by us: measure
    shared = _shared(run, course, given, seed=0)
    submission = Submission(id="given", learner="given", origin=str(course.given_notebook), notebook=given)
    reading = Reading(submission=submission, definitions=shared.given_definitions, untouched=True)
    with session_opener(course, run.options.unsandboxed)() as session:
        budget = TimeBudget(course.assignment.budget_seconds)
        value = kind.prepare(check, CheckContext(shared, reading, session, budget))
    write_atomically(path, json.dumps({"value": value}) + "\n")
    return value
