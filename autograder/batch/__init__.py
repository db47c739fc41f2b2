"""Many submissions: worker processes, a ledger, and an end that loses nothing."""

from autograder.batch.grading_run import GradingRun, RunOptions, open_pipeline, plan_run
from autograder.batch.ledger import Done, Ledger
from autograder.batch.run import Batch, grade_all, seed_to_resume

__all__ = [
    "Batch",
    "Done",
    "GradingRun",
    "Ledger",
    "RunOptions",
    "grade_all",
    "open_pipeline",
    "plan_run",
    "seed_to_resume",
]
