"""Extraction: from a notebook's code to what checks need. Pure; nothing of a submission is run."""

from autograder.extract.comments import CommentFacts, comment_facts
from autograder.extract.definitions import extract
from autograder.extract.match import match_cells, untouched
from autograder.extract.outside import outside
from autograder.extract.review_hints import ReviewHint, review_hints
from autograder.extract.settings import CallSite, find_calls

__all__ = [
    "CallSite",
    "CommentFacts",
    "ReviewHint",
    "comment_facts",
    "extract",
    "find_calls",
    "match_cells",
    "outside",
    "review_hints",
    "untouched",
]
