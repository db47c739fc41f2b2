"""Tell whose file it is by the name that a learning platform gave it.

The forms, for an entry of the folder or zip that a platform gives::

    lastfirst_LATE_12345_67890_Lab5-1.ipynb              Canvas; a group has its name in front
    anon_aB3dE_67890_Lab5.ipynb                          Canvas, anonymous
    Full Name_12345_assignsubmission_file_/Lab5.ipynb    Moodle, with folders or, flat, without
    Lab 5_s001_attempt_2024-05-01-12-00-00_Lab5.ipynb    Blackboard
    12345-678 - Full Name - May 1, 2024 1159 PM/…        Brightspace (D2L), with folders or, flat, without
    submission_12345/Lab5.ipynb                          Gradescope
    Full Name - Lab5.ipynb                               Google Classroom

Canvas makes its names in ``lib/content_zipper.rb``.
"""

from __future__ import annotations

import datetime
import re

from autograder.intake.names import likeness, stem_key
from autograder.model import Struct

# The file in which Gradescope says who handed in what; see `gradescope`.
RECORD = "submission_metadata.yml"
_FILE = r"(?:\d+_(?P<file>.+)|(?P<aside>(?:text|link)\.html))"
_DATE = r"[^/]*?\d{4},? \d{1,2}[:.]?\d{2}(?: ?[AP]M)?"
_FORMS = {
    "Moodle": r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|(?P<aside>onlinetext))_?(?P<file>.*)",
    "Blackboard": r".+?_(?P<id>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|(?P<aside>\.txt))",
    "Brightspace": rf"(?P<id>\d+-\d+) ?- ?(?P<name>.+?) ?- ?(?P<when>{_DATE})(?: ?- ?(?P<file>.+))?",
    "Gradescope": r"(?P<id>submission_\d+)(?P<file>)",
    "Canvas, anonymous": rf"(?:(?P<late>LATE)_)?anon_(?P<id>\w{{5}})_{_FILE}",
    "Canvas": rf"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+)_{_FILE}",
    "Google Classroom": r"(?P<name>.+) - (?P<file>.+)",
}
_PATTERNS = {platform: re.compile(form) for platform, form in _FORMS.items()}
# Gradescope's learners have folders; Canvas's, Blackboard's and Google Classroom's have files.
_FOLDERS = {"Moodle": None, "Brightspace": None, "Gradescope": True}
_MOMENTS = ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p", "%d %B, %Y %H%M", "%d %b, %Y %H%M")


class Owner(Struct):
    """The learner in an entry's name and, for a file, its own name.

    `aside` is a text that the platform adds; it counts only where a learner has nothing else. `when` tells
    attempts apart, and sorts them.
    """

    platform: str
    name: str
    learner: str
    file: str = ""
    aside: bool = False
    late: bool = False
    when: str = ""


def owner_of(entry: str, is_folder: bool, notebook: str) -> Owner | None:
    """Say who handed an entry in, by its name; None if no platform names entries so.

    >>> owner_of("doe_11_21_Lab5.ipynb", False, "Lab5.ipynb").learner
    '11'
    """
    for platform, pattern in _PATTERNS.items():
        if _FOLDERS.get(platform, False) in (None, is_folder):
            match = pattern.fullmatch(entry)
            if match is not None and _is_meant(platform, match, notebook):
                return _owner(platform, match)
    return None


def _is_meant(platform: str, match: re.Match[str], notebook: str) -> bool:
    if platform == "Canvas":
        # Lab5_2024_11_final.ipynb is one learner's file with a date in it
        return stem_key(match["name"]) != stem_key(notebook)
    return platform != "Google Classroom" or likeness(match["file"], notebook) >= 2


def _owner(platform: str, match: re.Match[str]) -> Owner:
    said = match.groupdict()
    name, number = said.get("name") or "", said.get("id") or ""
    # only Canvas and Moodle number their users; elsewhere the number is that of what was handed in
    learner = number if platform in ("Canvas", "Moodle") else name or number
    return Owner(
        platform=platform,
        name="_".join(part for part in (name, number) if part),
        learner=learner,
        file=said["file"] or "",
        aside=bool(said.get("aside")),
        late=bool(said.get("late")),
        when=_sortable(said.get("when") or ""),
    )


def _sortable(when: str) -> str:
    """Give a time in a form that sorts as text; a time in an unknown form stays as it is."""
    for form in _MOMENTS:
        try:
            return datetime.datetime.strptime(when, form).isoformat()
        except ValueError:
            continue
    return when
