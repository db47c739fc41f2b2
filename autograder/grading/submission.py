"""Grade one submission: reading → sandbox → checks → scoring → report."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec.structs import replace

from autograder.assignment import Assignment, ItemSpec
from autograder.authoring.context import AssignmentContext, CheckContext, Reading
from autograder.authoring.findings import found
from autograder.authoring.kinds import CheckKind
from autograder.authoring.specs import CheckSpec
from autograder.authoring.student import Session, StudentFault
from autograder.errors import AutograderError, GraderFault
from autograder.grading.budget import TimeBudget
from autograder.intake import Candidate
from autograder.model import Finding, Report, Status, Struct
from autograder.report import ReportFacts, build_report
from autograder.report.scoring import picture_names, score_item
from autograder.report.totals import reason_elsewhere, same_reason

_NOTHING: Mapping[str, Finding] = {}
OpenSession = Callable[[], AbstractContextManager[Session]]


class Graded(Struct):
    """A submission's report and the pictures that go beside it, by file name."""

    report: Report
    pictures: dict[str, bytes] = {}


class Pipeline(Struct):
    """Grades the submissions of one assignment.

    shared          the part of a check's context that all submissions share
    kinds           the kinds of checks by name
    read            reads a candidate
    open_session    opens the place where students' code runs
    training        whether to make the checks that train; otherwise they are skipped
    asked           a hash of what each check asks; see `Course.asked`
    """

    assignment: Assignment
    shared: AssignmentContext
    kinds: Mapping[str, CheckKind]
    read: Callable[[Candidate], Reading]
    open_session: OpenSession
    facts: ReportFacts
    training: bool = True
    asked: Mapping[str, str] = {}

    def grade(self, candidate: Candidate) -> Graded:
        """Read and grade one submission.

        Raises `GraderFault` if the grader failed, not the submission.
        """
        return self.grade_reading(self.read(candidate))

    def grade_reading(self, reading: Reading, kept: Mapping[str, Finding] = _NOTHING) -> Graded:
        """Grade a submission that was read; raise as `grade` does.

        The `kept` findings of an earlier run are not made again.
        """
        if reading.submission.notebook is None or reading.submission.problem is not None:
            return Graded(report=build_report(self.assignment, reading.submission, self.facts))
        budget = TimeBudget(self.assignment.budget_seconds)
        wanted = [check for check in self.assignment.checks if check.id not in kept]
        made = dict(kept)
        if wanted:
            with self.open_session() as session:
                made |= self._findings(wanted, CheckContext(self.shared, reading, session, budget))
        findings = {check.id: made[check.id] for check in self.assignment.checks}
        findings = said_once(self.assignment.items, shown_once(findings))
        return self._graded(reading, findings, budget.exhausted)

    def _findings(self, checks: Sequence[CheckSpec], context: CheckContext) -> Iterator[tuple[str, Finding]]:
        for check in checks:
            start = time.perf_counter()
            finding = self._check(check, context)
            seconds = time.perf_counter() - start
            yield check.id, replace(finding, seconds=seconds, asked=self.asked.get(check.id, ""))

    def _check(self, check: CheckSpec, context: CheckContext) -> Finding:
        if check.trains and not self.training:
            return found(check, Status.SKIPPED, "Not judged: training was switched off.", switched_off=True)
        try:
            return self.kinds[check.kind].run(check, context)
        except StudentFault as fault:  # a child could not be opened
            return Finding(check=check.id, status=Status.ERROR, fraction=0.0, message=fault.message)
        except AutograderError:
            raise
        except (OSError, MemoryError) as error:  # the machine's state, not a mistake: another try may succeed
            raise GraderFault(f"{check.id}: {type(error).__name__}: {error}") from error
        except Exception as error:
            return _left_to_a_person(check, error)

    def _graded(self, reading: Reading, findings: Mapping[str, Finding], exhausted: str) -> Graded:
        data = next((one.data for one in findings.values() if one.data), "")
        report = build_report(
            self.assignment,
            reading.submission,
            replace(self.facts, environment=replace(self.facts.environment, data=data)),
            items=[score_item(item, findings, self.assignment.round_to) for item in self.assignment.items],
            given_up=exhausted,
            notices=reading.notices,
            integrity=reading.integrity,
        )
        pictures = {
            name: picture
            for one in findings.values()
            for name, picture in zip(picture_names(one), one.pictures, strict=True)
        }
        return Graded(report=report, pictures=pictures)


def shown_once(findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """Drop each printed text and each smallest case that an earlier finding has.

    Checks that ask the same question share its answers, with what was printed and the smallest failing case.
    A reader needs them once.
    """
    seen: set[object] = set()
    shown = {}
    for name, one in findings.items():
        finding = one
        if finding.output is not None and finding.output in seen:
            finding = replace(finding, output=None)
        if finding.smallest is not None and repr(finding.smallest) in seen:
            finding = replace(finding, smallest=None, pictures=())
        seen.update((finding.output, repr(finding.smallest)))
        shown[name] = finding
    return shown


def said_once(items: Sequence[ItemSpec], findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """Say each reason once: a check that fails for the reason of an earlier one refers to that one.

    What is visible refers to visible checks only.
    """
    first: dict[tuple[str, bool], tuple[ItemSpec, CheckSpec]] = {}
    said = dict(findings)
    for item in items:
        for check in item.checks:
            reason = findings[check.id].reason
            earlier = first.get((reason, True)) or (None if check.visible else first.get((reason, False)))
            if reason and earlier is not None:
                message = _refers(item, *earlier)
                said[check.id] = replace(findings[check.id], message=message, cause=None, hints=())
            first.setdefault((reason, check.visible), (item, check))
    return said


def _refers(item: ItemSpec, earlier: ItemSpec, check: CheckSpec) -> str:
    if item is earlier:
        return same_reason(check.id)
    return reason_elsewhere(earlier.title, check.id)


def _left_to_a_person(check: CheckSpec, error: Exception) -> Finding:
    """Give the finding of a check with a mistake of ours: it costs neither points nor the other checks."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error}"[:200]
    message = (
        "The grader failed in this check, not the submission: a person decides. "
        f"({what}, {Path(place.filename).name}:{place.lineno})"
    )
    return Finding(check=check.id, status=Status.MANUAL, fraction=0.0, message=message)
