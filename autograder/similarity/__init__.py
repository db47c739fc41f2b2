"""Find passages that submissions share beyond the code that they were given: to be read, never a score."""

from autograder.similarity.compare import Pair, Span, Work, compare_all, read_work, work_of
from autograder.similarity.page import render_page

__all__ = ["Pair", "Span", "Work", "compare_all", "read_work", "render_page", "work_of"]
