"""Link a class page to a student's feedback, and to an item of a submission on the review page."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Struct
from autograder.pages.dashboard.records import StudentRecord
from autograder.pages.dashboard.tables import Link


class Places(Struct):
    """The feedback pages by the submission's id, as relative links, and the review page's address."""

    feedback: Mapping[str, str] = {}
    review: str = ""

    def feedback_of(self, student: StudentRecord) -> str:
        """Give the link to a student's feedback; an empty one if there is none."""
        return self.feedback.get(student.id, "")

    def review_of(self, item: str, student: StudentRecord | None = None) -> str:
        """Give the address of an item on the review page; of one student's work if it is known there."""
        name = urllib.parse.quote(item, safe="")
        if not self.review or student is None:
            return self.review and f"{self.review}/items/{name}"
        return f"{self.review}/work/{name}/{student.ref}" if student.ref else ""

    def examples(self, item: str, students: Sequence[StudentRecord]) -> list[Link]:
        """Give links to the work of some students on an item."""
        found = []
        for one in students:
            feedback, review = self.feedback_of(one), self.review_of(item, one)
            found.append(Link(text=one.name, href=feedback or review))
            if feedback and review:
                found.append(Link(text=f"review {one.name}", href=review))
        return found


def feedback_links(folder: Path, page: Path, identities: Sequence[str]) -> dict[str, str]:
    """Give the links from a page to the files of a folder, ``<id>.html``, for those that are there.

    Raises `UsageError` if there is none.
    """
    there = {path.name for path in folder.glob("*.html")}
    start = Path(os.path.relpath(folder.resolve(), page.resolve().parent)).as_posix()
    found = {one: urllib.parse.quote(f"{start}/{one}.html") for one in identities if f"{one}.html" in there}
    if not found:
        raise UsageError(
            f"{folder}: no feedback of these students (<id>.html) there",
            "`autograder feedback` writes it; name the folder that it wrote.",
        )
    return found


def review_address(text: str) -> str:
    """Give the review page's address without a path's end.

    Raises `UsageError` if it is none: other links than http and https may run code.
    """
    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"--review: {text!r} is no address of a page",
            "Give the beginning of the link that `autograder review --port N` prints: http://127.0.0.1:N",
        )
    return text.rstrip("/")
