"""Checks: plain functions ``(spec, context) -> Finding``, one kind a file.

They import no clock, file, process or socket: the context has all that they need.
"""

from __future__ import annotations

from collections.abc import Mapping

from autograder.assignment import SPECS
from autograder.authoring.kinds import CheckKind
from autograder.authoring.questions import Comparison, Probe, Timing
from autograder.extract import CommentFacts
from autograder.grading.checks.comments import check_comments, read_comments
from autograder.grading.checks.files import check_files, check_pdf
from autograder.grading.checks.outputs import check_outputs
from autograder.grading.checks.probe import check_probe
from autograder.grading.checks.rerun import check_rerun
from autograder.grading.checks.speed import check_speed
from autograder.grading.checks.stored import check_manual, check_run_order, check_written

KINDS: Mapping[str, CheckKind] = {
    "outputs": CheckKind(spec=SPECS["outputs"], run=check_outputs, question=Comparison),
    "speed": CheckKind(spec=SPECS["speed"], run=check_speed, question=Timing),
    "probe": CheckKind(spec=SPECS["probe"], run=check_probe, question=Probe),
    "comments": CheckKind(
        spec=SPECS["comments"], run=check_comments, read=read_comments, reading=CommentFacts
    ),
    "run-order": CheckKind(spec=SPECS["run-order"], run=check_run_order),
    "rerun": CheckKind(spec=SPECS["rerun"], run=check_rerun),
    "files": CheckKind(spec=SPECS["files"], run=check_files),
    "pdf": CheckKind(spec=SPECS["pdf"], run=check_pdf),
    "manual": CheckKind(spec=SPECS["manual"], run=check_manual),
    "written": CheckKind(spec=SPECS["written"], run=check_written),
}

__all__ = ["KINDS"]
