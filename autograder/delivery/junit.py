"""JUnit XML, as dashboards of continuous integration read it: a suite a submission, a case a check.

JUnit has no points: a case prints them, and the suite has the total as properties. The form is what Jenkins's
schema ``junit-10.xsd`` allows.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from autograder.errors import UsageError
from autograder.model import CheckReport, ItemReport, Report, Status

_ENDS = {
    Status.FAILED: "Failure",
    Status.ERROR: "Error",
    Status.TIMEOUT: "Error",
    Status.SKIPPED: "Skipped",
    Status.MANUAL: "Skipped",
}


def to_junit(reports: Sequence[Report]) -> str:
    """Render reports as one file of JUnit XML.

    Raises `UsageError` if junitparser is not installed.
    """
    try:
        junitparser: Any = importlib.import_module("junitparser")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"JUnit XML needs {error.name}, which is not installed",
            "pip install -e '.[course]' in the engine's folder",
        ) from error
    xml = junitparser.JUnitXml(name="autograder")
    for report in reports:
        suite = junitparser.TestSuite(report.submission.id)
        suite.timestamp = report.generated_at
        for name, value in _properties(report):
            suite.add_property(name, value)
        # a submission that could not be graded is one case that did not pass
        for case in [_case(junitparser, *one) for one in _checks(report)] or [_nothing(junitparser, report)]:
            suite.add_testcase(case)
        xml.add_testsuite(suite)
    xml.update_statistics()
    return f"{xml.tostring().decode('utf-8')}\n"


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "learner", report.learner.id
    yield "outcome", report.outcome.value
    score = report.score_to_export
    if score is not None:
        yield "score", f"{score.final:g}"
        yield "max_score", f"{score.max:g}"


def _checks(report: Report) -> Iterator[tuple[ItemReport, CheckReport]]:
    return ((item, check) for item in report.items for check in item.checks)


def _case(junitparser: Any, item: ItemReport, check: CheckReport) -> Any:
    case = junitparser.TestCase(check.id, classname=item.id, time=check.duration)
    if check.status in _ENDS:
        end = getattr(junitparser, _ENDS[check.status])
        case.result = [end(check.message, check.status.value)]
    printed = [check.output.text] if check.output is not None else []
    case.system_out = "\n".join([f"score: {check.score:g} of {check.max_score:g}", *printed])
    return case


def _nothing(junitparser: Any, report: Report) -> Any:
    case = junitparser.TestCase("grading", classname=report.assignment.id, time=0)
    case.result = [junitparser.Error(report.message, report.outcome.value)]
    return case
