"""One submission's way through: reading → sandbox → checks → scoring → report."""

from __future__ import annotations

import datetime
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.authoring.context import AssignmentContext, CheckContext, Reading
from autograder.authoring.kinds import CheckKind
from autograder.authoring.specs import CheckSpec
from autograder.authoring.student import Session, StudentFault
from autograder.errors import AutograderError, GraderFault
from autograder.grading.budget import TimeBudget
from autograder.grading.scoring import TimedFinding, score_item
from autograder.intake import Candidate
from autograder.model import Environment, Finding, Grader, ItemReport, Report, Status, Struct, Submission
from autograder.report import build_report

OpenSession = Callable[[], AbstractContextManager[Session]]
ReadCandidate = Callable[[Candidate], Reading]


class Graded(Struct):
    """A submission's report and the pictures that go beside it, by file name."""

    report: Report
    pictures: dict[str, bytes] = {}


class ReportFacts(Struct):
    """What every report of a batch says alike: who graded, and where the code ran."""

    grader: Grader
    environment: Environment


class Pipeline(Struct):
    """Grades the submissions of one assignment.

    shared          what their checks share
    kinds           the kinds of checks by name
    read            reads a candidate
    open_session    opens the place where students' code runs
    training        whether the checks that train are made; they are skipped otherwise
    """

    assignment: Assignment
    shared: AssignmentContext
    kinds: Mapping[str, CheckKind]
    read: ReadCandidate
    open_session: OpenSession
    facts: ReportFacts
    training: bool = True

    def grade(self, candidate: Candidate) -> Graded:
        """Read and grade one submission.

        Raises
        ------
        GraderFault
            The grader failed, not the submission. Nothing is tried again here; see `autograder.batch.run`.
        """
        return self.grade_reading(self.read(candidate))

    def grade_reading(self, reading: Reading) -> Graded:
        """Grade a submission that was read; raises as `grade` does."""
        if reading.submission.notebook is None or reading.submission.problem is not None:
            return Graded(report=report_on(self.assignment, reading.submission, self.facts))
        budget = TimeBudget(self.assignment.budget_seconds)
        with self.open_session() as session:
            context = CheckContext(self.shared, reading, session, budget)
            findings = dict(self._findings(context))
        return self._graded(reading, shown_once(findings), budget.exhausted)

    def _findings(self, context: CheckContext) -> Iterator[tuple[str, TimedFinding]]:
        for check in self.assignment.checks:
            start = time.perf_counter()
            finding = self._check(check, context)
            seconds = time.perf_counter() - start
            yield check.id, TimedFinding(finding=finding, seconds=seconds, pictures=_picture_names(finding))

    def _check(self, check: CheckSpec, context: CheckContext) -> Finding:
        if check.trains and not self.training:
            message = "Not judged: training was switched off."
            return Finding(check=check.id, status=Status.SKIPPED, fraction=0.0, message=message)
        try:
            return self.kinds[check.kind].run(check, context)
        except StudentFault as fault:  # while a child was being opened
            return Finding(check=check.id, status=Status.ERROR, fraction=0.0, message=fault.message)
        except AutograderError:
            raise
        except Exception as error:
            # A mistake of ours must cost nobody a point: it becomes a fault of the grader, with its place.
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise GraderFault(
                f"`{check.id}`: {type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
            ) from error

    def _graded(self, reading: Reading, findings: Mapping[str, TimedFinding], exhausted: str) -> Graded:
        data = next((one.finding.data for one in findings.values() if one.finding.data), "")
        report = report_on(
            self.assignment,
            reading.submission,
            replace(self.facts, environment=replace(self.facts.environment, data=data)),
            items=tuple(score_item(item, findings) for item in self.assignment.items),
            exhausted=exhausted,
        )
        pictures = {
            name: picture
            for one in findings.values()
            for name, picture in zip(one.pictures, one.finding.pictures, strict=True)
        }
        return Graded(
            report=replace(report, notices=(*report.notices, *reading.notices), integrity=reading.integrity),
            pictures=pictures,
        )


def report_on(
    assignment: Assignment,
    submission: Submission,
    facts: ReportFacts,
    *,
    items: Sequence[ItemReport] = (),
    exhausted: str = "",
    fault: str = "",
) -> Report:
    """Give the report on a submission, as of now; see `autograder.report.build_report`."""
    return build_report(
        assignment=assignment,
        submission=submission,
        items=items,
        grader=facts.grader,
        environment=facts.environment,
        generated_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        fault=fault,
        given_up=exhausted,
    )


def shown_once(findings: Mapping[str, TimedFinding]) -> dict[str, TimedFinding]:
    """Give the findings with each printed text and each smallest case shown only where it comes first.

    Checks that ask the same question share its answers, and so what was printed and the smallest case that
    fails: a reader needs them once.
    """
    seen: set[object] = set()
    shown = {}
    for name, one in findings.items():
        finding = one.finding
        if finding.output is not None and finding.output in seen:
            finding = replace(finding, output=None)
        if finding.smallest is not None and repr(finding.smallest) in seen:
            finding = replace(finding, smallest=None, pictures=())
        seen.update((finding.output, repr(finding.smallest)))
        shown[name] = replace(one, finding=finding, pictures=_picture_names(finding))
    return shown


def _picture_names(finding: Finding) -> tuple[str, ...]:
    return tuple(
        f"{finding.check}-{number}.{_suffix(picture)}" for number, picture in enumerate(finding.pictures, 1)
    )


def _suffix(picture: bytes) -> str:
    return "svg" if picture.startswith(b"<svg") else "png"
