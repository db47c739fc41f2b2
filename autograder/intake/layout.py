"""Find the submissions in a list of file names, from the names alone.

The layouts, in the order in which they are tried::

    lastnamefirst_12345_67890_Lab5-1.ipynb             Canvas, all files of a class in one folder
    Full Name_12345_assignsubmission_file_/Lab5.ipynb  Moodle, with or without folders
    s001/lab5/Lab5.ipynb                               nbgrader's submitted/
    Lab5.ipynb, Lab5.pdf                               one submission
    s001/…, s002.ipynb, s003.zip                       a class's submissions, named by their ids
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from autograder.intake.candidates import Member
from autograder.intake.caps import ARCHIVE, NOTEBOOK
from autograder.intake.entries import remark
from autograder.intake.names import is_noise, likeness, stem_key, suffix
from autograder.model import Notice, Struct

_CANVAS = re.compile(r"(?P<name>[^_/]+)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<file>[^/]+)")
_MOODLE = re.compile(
    r"(?P<name>[^/]+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)(?P<gap>_?/|_)(?P<file>.*)"
)
_ATTEMPT = re.compile(r"-(\d{1,2})$")


class Group(Struct):
    """The files of one submission.

    Its id is made from `name`, and `learner` handed it in; both are empty if all files are one submission.
    `inside` is the folder that holds nothing else; without one, `members` lists the files.
    """

    name: str = ""
    learner: str = ""
    inside: str = ""
    members: tuple[Member, ...] = ()
    attempt: int = 1
    notices: tuple[Notice, ...] = ()


# The groups that were found, and notices about names that belong to none.
Layout = tuple[Sequence[Group], Sequence[Notice]]


def find_groups(paths: Iterable[str], assignment_id: str, notebook: str, wrapped: bool = False) -> Layout:
    """Find the submissions in a list of relative paths with forward slashes; folders end with ``/``.

    `notebook` is the name of the release's notebook. If `wrapped` is true, a single folder around everything
    is ignored, as in a zip.
    """
    names = sorted(path for path in paths if not is_noise(path) and not is_noise(path + "x"))
    for layout in (_canvas(names, notebook), _moodle(names), _nbgrader(names, assignment_id)):
        if layout is not None:
            return layout
    tops = _tops(names)
    if wrapped and len(tops) == 1 and tops[0].endswith("/"):
        below = [name.removeprefix(tops[0]) for name in names if name != tops[0]]
        groups, notices = find_groups(below, assignment_id, notebook)
        return [_moved(tops[0], group) for group in groups], notices
    return ([Group()], []) if _is_one_submission(names, notebook) else _class(names)


def _moved(folder: str, group: Group) -> Group:
    """Put a group that was found below a folder into the folder."""
    members = tuple(replace(m, name=folder + m.name) for m in group.members)
    return replace(group, inside=folder + group.inside if not members else "", members=members)


def _tops(names: Sequence[str]) -> list[str]:
    """Give the top-level entries, each once; folders end with a slash."""
    return list(dict.fromkeys(n.split("/")[0] + "/" * ("/" in n) for n in names))


# --- Canvas, Moodle ------------------------------------------------------------------------------


def _canvas(names: Sequence[str], notebook: str) -> Layout | None:
    found = {name: m for name in names if (m := _CANVAS.fullmatch(name)) is not None}
    # Lab5_2024_11_final.ipynb is not Canvas's: it is one learner's file with a date in its name
    matched = {name: m for name, m in found.items() if stem_key(m["name"]) != stem_key(notebook)}
    if not matched or 2 * len(matched) < len(_tops(names)):
        return None
    by_learner = _by_learner(matched.values())
    groups = [_canvas_group(f"{who}_{number}", number, m) for (who, number), m in by_learner.items()]
    return groups, _strangers([n for n in names if n not in matched], "Canvas")


def _canvas_group(name: str, number: str, matches: Sequence[re.Match[str]]) -> Group:
    message = "Canvas marked the submission as late."
    late = Notice(code="marked-late", message=message, where=matches[0].string)
    return Group(
        name=name,
        learner=number,
        members=tuple(Member(name=m.string, path=m["file"]) for m in matches),
        attempt=1 + max(_attempt(m["file"]) for m in matches),
        notices=(late,) if any(m["late"] for m in matches) else (),
    )


def _attempt(file: str) -> int:
    """Give the number of a resubmission: Canvas adds ``-1`` to the file names of the first."""
    found = _ATTEMPT.search(PurePosixPath(file).stem)
    return int(found[1]) if found else 0


def _by_learner(matches: Iterable[re.Match[str]]) -> Mapping[tuple[str, str], list[re.Match[str]]]:
    groups = defaultdict(list)
    for match in matches:
        groups[match["name"], match["number"]].append(match)
    return groups


def _strangers(names: Sequence[str], platform: str) -> list[Notice]:
    """Notice the names that belong to no submission."""
    if not names:
        return []
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    message = f"{shown}: not named like a submission in {platform}; left out."
    return [Notice(code="not-a-submission", message=message, where=names[0])]


def _moodle(names: Sequence[str]) -> Layout | None:
    matched = {name: m for name in names if (m := _MOODLE.match(name)) is not None}
    if not matched or 2 * len(matched) < len(names):
        return None
    by_learner = _by_learner(matched.values())
    groups = [_moodle_group(f"{who}_{number}", number, m) for (who, number), m in by_learner.items()]
    return groups, _strangers([n for n in names if n not in matched], "Moodle")


def _moodle_group(name: str, number: str, matches: Sequence[re.Match[str]]) -> Group:
    """Group a learner's files, or take their folder; a typed text counts only if there are no files."""
    files = [m for m in matches if m["kind"] == "file"] or list(matches)
    if "/" in files[0]["gap"]:
        return Group(name=name, learner=number, inside=files[0].string.split("/")[0] + "/")
    members = tuple(Member(name=m.string, path=m["file"] or m.string) for m in files)
    return Group(name=name, learner=number, members=members)


# --- nbgrader, one submission, a class -----------------------------------------------------------


def _nbgrader(names: Sequence[str], assignment_id: str) -> Layout | None:
    """Read ``<student>/<assignment>/…``, or one student's ``<assignment>/…``."""
    if any(_is_notebook(name) and "/" not in name for name in names):
        return None
    if any(name.startswith(f"{assignment_id}/") for name in names):
        return [Group(inside=f"{assignment_id}/")], []
    parts = [name.split("/") for name in names]
    done = dict.fromkeys(p[0] for p in parts if len(p) > 2 and p[1] == assignment_id)
    if not done:
        return None
    others = dict.fromkeys(p[0] for p in parts if len(p) > 1 and p[0] not in done)
    what = f"has no folder {assignment_id}, so there is nothing to grade."
    groups = [Group(name=who, learner=who, inside=f"{who}/{assignment_id}/") for who in done]
    return groups, [remark("not-submitted", who, what) for who in others]


def _is_one_submission(names: Sequence[str], notebook: str) -> bool:
    """Say whether the names belong to one submission and not to a class."""
    files = [name for name in names if "/" not in name]
    notebooks = [name for name in files if _is_notebook(name)]
    if any(likeness(name, notebook) >= 2 for name in notebooks):
        return True
    gradable = [name for name in names if _is_notebook(name) or suffix(name) == ARCHIVE]
    if len(notebooks) >= 2:
        stems = {PurePosixPath(name).stem for name in notebooks}
        return any(suffix(name) == ".pdf" and PurePosixPath(name).stem not in stems for name in files)
    if not files:
        return not names
    return len(gradable) <= 1 and not any("/" in name for name in gradable)


def _is_notebook(name: str) -> bool:
    return suffix(name) == NOTEBOOK


def _class(names: Sequence[str]) -> Layout:
    """Make each folder, zip and notebook a submission; other files go with the notebook of the same stem."""
    tops = _tops(names)
    groups = [_named(top.rstrip("/"), inside=top) for top in tops if top.endswith("/")]
    files = [top for top in tops if not top.endswith("/")]
    groups += [_named(PurePosixPath(f).stem, names=(f,)) for f in files if suffix(f) == ARCHIVE]
    by_stem: dict[str, list[str]] = defaultdict(list)
    for file in files:
        if suffix(file) != ARCHIVE:
            by_stem[PurePosixPath(file).stem].append(file)
    with_notebook = {stem: some for stem, some in by_stem.items() if any(map(_is_notebook, some))}
    groups += [_named(stem, names=with_notebook[stem]) for stem in sorted(with_notebook)]
    strangers = [f for stem, some in by_stem.items() if stem not in with_notebook for f in some]
    return groups, _strangers(sorted(strangers), "a class's folder")


def _named(name: str, inside: str = "", names: Iterable[str] = ()) -> Group:
    members = tuple(Member(name=n, path=n) for n in names)
    return Group(name=name, learner=name, inside=inside, members=members)
