"""Choose the notebook that is graded among the files of one submission, and say why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from autograder.assignment import Assignment
from autograder.intake.caps import ARCHIVE, MEGABYTE, Caps, ReadFile, caps_of
from autograder.intake.entries import RejectedInput, refusal, remark
from autograder.intake.layout import several_learners
from autograder.intake.names import NOTEBOOK, is_checkpoint, likeness, stem, stem_key, suffix
from autograder.intake.notebook import parse_notebook
from autograder.model import Notebook, Notice, Struct
from autograder.text import few

IsGiven = Callable[[Notebook], bool]
# Names in a message.
_LISTED = 5


class Choice(Struct):
    """The notebook to grade and when it was saved, with notices about it; without one, the reasons."""

    notebook: Notebook | None
    notices: tuple[Notice, ...]
    saved: str = ""


class _Parsed(Struct):
    file: ReadFile
    notebook: Notebook
    mended: tuple[Notice, ...]
    worked: bool


def choose(files: Sequence[ReadFile], assignment: Assignment, learner: str, is_given: IsGiven) -> Choice:
    """Choose a notebook in which somebody worked, or else the first that can be read at all.

    Names decide first. Of several worked notebooks with the homework's name, the one that was saved last is
    chosen, if that is known, and a notice names the others.
    """
    ranked = _notebooks(files, assignment)
    refusals = list(_flood(files, assignment))
    parsed = [] if refusals else _parsed(ranked, assignment, is_given, refusals)
    if not parsed:
        return Choice(notebook=None, notices=tuple(refusals))
    worked = [one for one in parsed if one.worked]
    chosen = _last_saved(worked) if worked else parsed[0]
    path = chosen.file.path
    given = [one.file.path for one in parsed if worked and not one.worked]
    notices = (
        *chosen.mended,
        *_as_handed_out(given),
        *_also_worked(path, [one.file.path for one in worked if one is not chosen]),
        *refusals,
        *_others(path, [file.path for file in ranked if file.path not in (path, *given)]),
        *_naming(path, assignment.notebook, learner),
    )
    return Choice(notebook=chosen.notebook, notices=notices, saved=chosen.file.saved)


def _notebooks(files: Sequence[ReadFile], assignment: Assignment) -> list[ReadFile]:
    """Give the notebooks, the best named first, or else the files that may be notebooks under other names."""
    found = [file for file in files if suffix(file.path) == NOTEBOOK]
    if not found:
        found = [f for f in files if suffix(f.path) == ".json" and likeness(f.path, assignment.notebook)]
    return sorted(found, key=lambda f: (-likeness(f.path, assignment.notebook), f.path.count("/"), f.path))


def _flood(files: Sequence[ReadFile], assignment: Assignment) -> Iterator[Notice]:
    """Refuse to choose where not all notebooks were looked at, or where they are several learners'."""
    most = caps_of(assignment).max_files
    if sum(suffix(file.path) == NOTEBOOK for file in files) >= most:
        message = f"It holds {most} notebooks or more. Hand in only {assignment.notebook}."
        yield Notice(code="too-many-notebooks", message=message)
    learners = several_learners((file.path for file in files), assignment)
    if learners:
        message = f"By its names it is the work of {learners} learners. If it is a class's, name it itself."
        yield Notice(code="several-learners", message=message)


def _parsed(
    ranked: Sequence[ReadFile], assignment: Assignment, is_given: IsGiven, refusals: list[Notice]
) -> list[_Parsed]:
    """Parse notebooks until one is worked, and beyond that those with the homework's name."""
    found: list[_Parsed] = []
    for file in ranked:
        if any(one.worked for one in found) and likeness(file.path, assignment.notebook) < 2:
            break
        try:
            notebook, mended = parse_notebook(content(file, caps_of(assignment)), file.path)
        except RejectedInput as refused:
            refusals.append(refused.notice)
        else:
            worked = len(ranked) == 1 or not is_given(notebook)
            found.append(_Parsed(file=file, notebook=notebook, mended=mended, worked=worked))
    return found


def _last_saved(worked: Sequence[_Parsed]) -> _Parsed:
    """Give the one that was saved last; files of the same minute were unpacked or copied together."""
    return max(worked, key=lambda one: one.file.saved[:16])  # of equals the best named, which is the first


def content(file: ReadFile, caps: Caps) -> bytes:
    """Give a file's bytes.

    Raises `RejectedInput` if the file is larger than its kind may be.
    """
    if file.data is None and file.size > 0:
        raise too_large(file, caps)
    return file.data or b""


def too_large(file: ReadFile, caps: Caps) -> RejectedInput:
    """Refuse a file that is larger than its kind may be."""
    size, cap = file.size / MEGABYTE, caps.kept_bytes(file.path) / MEGABYTE
    advice = "Clear large outputs, save it again" if suffix(file.path) == NOTEBOOK else "Make it smaller"
    what = f"has {size:.1f} MB, at most {cap:.3g} MB are read. {advice}, and hand that in."
    return refusal("file-too-large", file.path, what)


def oversized(files: Sequence[ReadFile], caps: Caps) -> Iterator[Notice]:
    """Name the files beside the notebook that are too large to be looked at."""
    for file in files:
        kept = caps.kept_bytes(file.path)
        if suffix(file.path) not in (NOTEBOOK, ARCHIVE, ".json") and 0 < kept < file.size:
            yield too_large(file, caps).notice


# --- notices -------------------------------------------------------------------------------------


def _as_handed_out(paths: Sequence[str]) -> Iterator[Notice]:
    for path in paths:
        what = "is the notebook as it was handed out, so another one was read."
        yield remark("notebook-as-given", path, what)


def _also_worked(chosen: str, others: Sequence[str]) -> Iterator[Notice]:
    if others:
        message = f"{chosen} was read; {few(others, _LISTED)} has work in it, too. Check which one counts."
        yield Notice(code="several-worked", message=message, where=chosen)


def _others(chosen: str, others: Sequence[str]) -> Iterator[Notice]:
    if others:
        count = len(others) + 1
        message = (
            f"There are {count} notebooks; {chosen} was read, {few(others, _LISTED)} not. Hand in only one."
        )
        yield Notice(code="several-notebooks", message=message, where=chosen)


def _naming(chosen: str, wanted: str, learner: str) -> Iterator[Notice]:
    """Notice a name that is neither the release's nor the learner's."""
    if is_checkpoint(chosen):
        what = "is a copy that Jupyter saves by itself; it was read since there is no other notebook."
        yield remark("checkpoint", chosen, what)
    if not chosen.lower().endswith(NOTEBOOK):
        yield remark("notebook-suffix", chosen, f"was read as a notebook, whose name ends in {NOTEBOOK}.")
    if stem(chosen) != learner and stem_key(chosen) != stem_key(wanted):
        what = f"the notebook was expected to be called {wanted}; it was read anyway."
        yield remark("notebook-name", chosen, what)


def nothing_found(paths: Sequence[str], gathered: Sequence[Notice], wanted: str, origin: str) -> Notice:
    """Explain why there is no notebook: the first refusal, or else the files that are there instead."""
    for notice in (n for n in gathered if n.code not in ("repeated-name", "zip-unpacked")):
        if suffix(notice.where) in (NOTEBOOK, ARCHIVE) or notice.code in ("too-large", "too-many-files"):
            return notice
    names = [PurePosixPath(path).name for path in paths]
    if not names:
        message = f"There are no files in it. Hand in {wanted}."
        return Notice(code="no-files", message=message, where=origin)
    message = f"There is no notebook (.ipynb) in it, only {few(names, _LISTED)}. Hand in {wanted}."
    return Notice(code="no-notebook", message=message, where=origin)
