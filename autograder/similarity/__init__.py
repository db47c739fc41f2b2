"""Find passages that submissions share beyond the code that they were given: to be read, never a score."""

from autograder.similarity.compare import AlikeGroup, Compared, Pair, compare_all
from autograder.similarity.passages import AlikeMember, Span
from autograder.similarity.works import Work, read_work, work_of

__all__ = [
    "AlikeGroup",
    "AlikeMember",
    "Compared",
    "Pair",
    "Span",
    "Work",
    "compare_all",
    "read_work",
    "work_of",
]
