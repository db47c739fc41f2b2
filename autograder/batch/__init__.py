"""Many submissions: worker processes, a ledger, and an end that loses nothing."""

from autograder.batch.ledger import Ledger, Row
from autograder.batch.run import Batch, grade_all
from autograder.batch.worker import Broken, Done, report_path, save

__all__ = ["Batch", "Broken", "Done", "Ledger", "Row", "grade_all", "report_path", "save"]
