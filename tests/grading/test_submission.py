"""One submission's way through: a mistake of the grader's own costs one check, which a person decides."""

import contextlib

import pytest
from reports import GRADER, PLACE

from autograder.assignment import Files, ItemSpec
from autograder.authoring import CheckKind
from autograder.authoring.context import Reading
from autograder.errors import GraderFault
from autograder.grading.submission import Pipeline
from autograder.model import Finding, Notebook, Outcome, Status, Submission
from autograder.report import ReportFacts


class Tiny:
    """An assignment of two items with one check each."""

    id, title, version, due_at, max_score, budget_seconds = "tiny", "Tiny", "1", None, 8.0, 60.0
    round_to = 0.0001
    items = tuple(
        ItemSpec(id=name, title=name, step=1, points=4, checks=(Files(kind="files", id=f"{name}-check"),))
        for name in ("a", "b")
    )
    checks = tuple(check for item in items for check in item.checks)


def run(check, context):
    if check.id == "a-check":
        return {}["no such key"]
    return Finding(check=check.id, status=Status.PASSED, fraction=1.0, message="Right.")


class Shared:
    """The attributes that a context looks at when it is made."""

    given = file_rules = prepared = diagnose = None


def report_by(run):
    """Grade an empty notebook with checks that `run` makes."""
    pipeline = Pipeline(
        assignment=Tiny(),
        shared=Shared(),
        kinds={"files": CheckKind(spec=Files, run=run)},
        read=None,
        open_session=contextlib.nullcontext,
        facts=ReportFacts(grader=GRADER, environment=PLACE),
    )
    notebook = Notebook(path="n", cells=())
    submission = Submission(id="s001", learner="s001", origin="s001", notebook=notebook)
    return pipeline.grade_reading(Reading(submission=submission)).report


def test_a_mistake_of_ours_is_a_check_for_a_person_and_the_others_stand():
    report = report_by(run)
    assert report.outcome is Outcome.PENDING_MANUAL
    assert (report.score.final, report.score.pending) == (4, 4)
    (check,) = report.items[0].checks
    assert check.message == (
        "The grader failed in this check, not the submission: a person decides. "
        f"(KeyError: 'no such key', test_submission.py:{run.__code__.co_firstlineno + 2})"
    )


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError()])
def test_trouble_with_the_machine_is_the_grader_s_fault_and_tried_again(error):
    def fail(check, context):
        raise error

    with pytest.raises(GraderFault, match=rf"^a-check: {type(error).__name__}: "):
        report_by(fail)
