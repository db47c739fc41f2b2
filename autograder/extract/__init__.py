"""Extraction: find the code that checks need in a notebook. Pure; no code of a submission is run."""

from autograder.extract.comments import CommentFacts, comment_facts
from autograder.extract.definitions import code_of_cells, extract
from autograder.extract.elsewhere import MISSING, not_there, too_new
from autograder.extract.match import has_given_code, match_cells, untouched, with_code_cells
from autograder.extract.notices import outside
from autograder.extract.review_hints import review_hints

__all__ = [
    "MISSING",
    "CommentFacts",
    "code_of_cells",
    "comment_facts",
    "extract",
    "has_given_code",
    "match_cells",
    "not_there",
    "outside",
    "review_hints",
    "too_new",
    "untouched",
    "with_code_cells",
]
