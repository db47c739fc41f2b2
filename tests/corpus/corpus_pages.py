"""The feedback page of graded code, and what of the hidden checks is in it."""

import base64
import datetime
import re

import msgspec
from reports import make_report

from autograder.model import Visibility
from autograder.pages.feedback.gather import Feedback
from autograder.pages.feedback.page import feedback_page

NOW = datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC)
# A number with several digits belongs to one case; a whole line does, too.
_NUMBER = re.compile(r"\d+\.\d{3,}")
_LONG = 40


def page_of(items, *, published=False, folder=None):
    """The page as it is before grades are published, or after that."""
    feedback = Feedback(report=make_report(items=tuple(items)), folder=folder)
    return feedback_page(feedback, NOW, published=published)


def words_of(page):
    """A page's text and the text of its pictures, without its style."""
    pictures = re.findall(r'src="data:image/[a-z+]+;base64,([^"]*)"', page)
    drawn = [base64.b64decode(one).decode("utf-8", "replace") for one in pictures]
    body = page.partition("</style>")[2]
    return "\n".join([re.sub(r"<[^>]*>", " ", re.sub(r'src="data:[^"]*"', "", body)), *drawn])


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        for one in inside:
            yield from texts(one)


def marks_of(checks):
    """What tells one check's contents from others': its numbers, its long lines, its name."""
    said = "\n".join(text for check in checks for text in texts(msgspec.to_builtins(check)))
    lines = (line.strip() for line in said.split("\n"))
    return {*_NUMBER.findall(said), *(line for line in lines if len(line) >= _LONG), *(c.id for c in checks)}


def leaked(items, **more):
    """What is in the page of the hidden checks' contents and of no visible one."""
    checks = [check for item in items for check in item.checks]
    seen = [check for check in checks if check.visibility is Visibility.VISIBLE]
    hidden = [check for check in checks if check.visibility is not Visibility.VISIBLE]
    found = words_of(page_of(items, **more))
    secret = marks_of(hidden) - marks_of(seen)
    return sorted(one for one in secret if re.search(rf"(?<![\w.-]){re.escape(one)}(?![\w-])", found))
