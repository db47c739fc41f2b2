"""Build the release from the instructor's source, search it for leaks, and prove it by grading."""

from autograder.publish.build import Release, build, stale
from autograder.publish.leaks import Leak, find_leaks
from autograder.publish.printing import print_to_pdf
from autograder.publish.submissions import solved_submission, untouched_submission

__all__ = [
    "Leak",
    "Release",
    "build",
    "find_leaks",
    "print_to_pdf",
    "solved_submission",
    "stale",
    "untouched_submission",
]
