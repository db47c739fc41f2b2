"""Run the visible checks on a student's own machine, with the same code as grading.

The machine and the code are the student's own, so nothing has to be hidden and nobody kept out. The code
runs in a plain subprocess with time limits, and the report has the same form.
"""

from autograder.selfcheck.checking import check
from autograder.selfcheck.showing import REMAINING, SelfCheck, closing_line, page

__all__ = ["REMAINING", "SelfCheck", "check", "closing_line", "page"]
