"""Many submissions: worker processes, a ledger, and an end that loses nothing."""

from autograder.batch.grading_run import GradingRun, RunOptions, open_pipeline, plan_run
from autograder.batch.ledger import Done, Ledger
from autograder.batch.run import Batch, grade_all, seed_to_resume
from autograder.batch.shards import Shard, merge, parse_shard, record_of
from autograder.batch.status import BatchState, BatchStatus, status_of

__all__ = [
    "Batch",
    "BatchState",
    "BatchStatus",
    "Done",
    "GradingRun",
    "Ledger",
    "RunOptions",
    "Shard",
    "grade_all",
    "merge",
    "open_pipeline",
    "parse_shard",
    "plan_run",
    "record_of",
    "seed_to_resume",
    "status_of",
]
