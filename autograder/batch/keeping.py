"""Keep the findings of an earlier batch that still hold, so that a resumed one asks only what is new."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from autograder.batch.attempts import attempt_to_write
from autograder.errors import ReportError
from autograder.model import CheckReport, Finding, Grader, Report, Status, Submission
from autograder.report import attempts_of, pictures_path, read_report

# A person or a full batch has yet to judge these, the grader met a fault of its own, or the time was short.
_OPEN = frozenset({Status.SKIPPED, Status.MANUAL, Status.TIMEOUT})


def kept_findings(
    mine: Grader, asked: Mapping[str, str], submission: Submission, folder: Path
) -> dict[str, Finding]:
    """Give the findings in the report on the same files that another run would find again, by check id.

    The report must be of the same engine, support code, data, options and seed as `mine`; a check must ask
    the same as in `asked`.
    """
    hashes = sorted(file.sha256 for file in submission.files)
    number, _ = attempt_to_write(folder, submission)
    path = attempts_of(folder, submission.id).get(number)
    report = None
    if path is not None:
        with contextlib.suppress(ReportError):
            report = read_report(path, by_schema=False)
    if report is None or sorted(file.sha256 for file in report.submission.files) != hashes:
        return {}
    theirs = report.grader
    if not mine.setup_sha256 or (mine.setup_sha256, mine.seed) != (theirs.setup_sha256, theirs.seed):
        return {}
    pictures = pictures_path(folder, submission.id, number)
    found = (_finding(check, report, pictures) for item in report.items for check in item.checks)
    return {one.check: one for one in found if one is not None and _holds(one, asked)}


def _holds(finding: Finding, asked: Mapping[str, str]) -> bool:
    return finding.status not in _OPEN and finding.asked != "" and asked.get(finding.check) == finding.asked


def _finding(check: CheckReport, report: Report, pictures: Path) -> Finding | None:
    """Give a finding back from a report; None if a part of it is gone."""
    try:
        contents = tuple((pictures / name).read_bytes() for name in check.pictures)
    except OSError:
        return None
    return Finding(
        check=check.id,
        status=check.status,
        fraction=check.fraction or 0.0,
        message=check.message,
        hints=check.hints,
        cause=check.cause,
        metrics=check.metrics,
        output=check.output,
        pictures=contents,
        diagnosis=check.diagnosis,
        smallest=check.smallest,
        data=report.environment.data,
        asked=check.asked,
        seconds=check.duration,
    )
