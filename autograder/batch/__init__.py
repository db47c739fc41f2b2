"""Many submissions: worker processes, a ledger, and an end that loses nothing."""

from autograder.batch.grading_run import GradingRun, RunOptions, open_pipeline, plan_run
from autograder.batch.ledger import Ledger, Row
from autograder.batch.run import Batch, grade_all, seed_to_resume
from autograder.batch.worker import Broken, Done, report_path, save

__all__ = [
    "Batch",
    "Broken",
    "Done",
    "GradingRun",
    "Ledger",
    "Row",
    "RunOptions",
    "grade_all",
    "open_pipeline",
    "plan_run",
    "report_path",
    "save",
    "seed_to_resume",
]
