"""Find the notebook that is meant, and what of it is to be judged."""

from __future__ import annotations

import contextlib
import datetime
import re
from pathlib import Path

from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.course import Course, find_release
from autograder.errors import IntakeError, UsageError, suggestion
from autograder.extract import has_given_code
from autograder.intake import read_notebook
from autograder.intake.running import chosen_in_colab, running_file, running_in_colab
from autograder.model import Notebook, Struct
from autograder.text import harmless


class Chosen(Struct):
    """The notebook to check: its file, what a person calls it, and whether it is the one that runs this."""

    path: Path
    name: str
    is_running: bool = False


def asked_for(what: str | Path | None, item: str = "") -> tuple[Path | None, str]:
    """Tell the place and the item that are meant, by the form of what was given.

    A `Path` is a place, and so is a text that ends in ``.ipynb``, has a slash, or is made of dots. Any other
    text is the id of an item. The disk is not looked at, so the same text always means the same.

    >>> asked_for("conv-forward"), asked_for("hw.ipynb")[0].name, asked_for("..")[0].name
    ((None, 'conv-forward'), 'hw.ipynb', '..')
    """
    if not what:
        return None, item
    if isinstance(what, Path) or what.endswith(".ipynb") or re.search(r"[/\\]|^\.+$", what):
        return Path(what), item
    if item:
        hint = f"Name a notebook by its file, or a folder as ./{what}"
        raise UsageError(f"{what}, {item}: two items were named, expected one", hint)
    return None, what


def only(assignment: Assignment, item: str) -> Assignment:
    """Leave one item in an assignment, or all of them if none is named.

    Raises `UsageError` if there is no such item, with the nearest name.
    """
    chosen = tuple(one for one in assignment.items if item in ("", one.id))
    if not chosen:
        known = suggestion(item, [one.id for one in assignment.items])
        raise UsageError(
            f"{item}: no item of {assignment.title} has this name; {known}",
            f"A notebook is named by its file, a folder with a slash: ./{item}",
        )
    return replace(assignment, items=chosen)


def release_for(place: Path | None) -> Course:
    """Find the release around the named notebook, the running one, or the working directory."""
    named = place if place is None or place.is_dir() else place.parent
    running = running_file()
    for folder in (named, running.parent if running else None):
        if folder is not None:
            with contextlib.suppress(UsageError):
                return find_release(folder.resolve())
    return find_release(Path.cwd())


def choose(place: Path | None, course: Course, given: Notebook, empty: Path) -> Chosen:
    """Choose the notebook to check. One that is in no file is written into the `empty` folder.

    Raises `UsageError` if there is no such notebook.
    """
    chosen = (_running(course, empty) if place is None else None) or _on_disk(place, course, given)
    if not chosen.path.is_file():
        raise UsageError(f"{chosen.path}: there is no such notebook", "Name yours: autograder check NOTEBOOK")
    return chosen


def _running(course: Course, empty: Path) -> Chosen | None:
    """Give the notebook from which the check was called, if it is known and is this homework."""
    running = running_file()
    if running is not None and _homework(running, course) is not None:
        return Chosen(path=running, name=called(running), is_running=True)
    browsed = empty / course.assignment.notebook
    answer = running_in_colab()
    if answer:
        browsed.write_bytes(answer)
        found = _homework(browsed, course) is not None
        return Chosen(path=browsed, name="the notebook in this page, as it is now") if found else None
    if answer is None:  # no Colab
        return None
    name, content = chosen_in_colab()
    browsed.write_bytes(content)
    return Chosen(path=browsed, name=harmless(f"{name}, as you uploaded it"))


def _on_disk(place: Path | None, course: Course, given: Notebook) -> Chosen:
    is_file = place is not None and not place.is_dir()
    path = place if place and is_file else _last_worked(place or course.work, course, given)
    path = path.resolve()
    return Chosen(path=path, name=called(path), is_running=path == running_file())


def _last_worked(folder: Path, course: Course, given: Notebook) -> Path:
    """Give the homework that was saved last and is not as it was handed out, or else the release's file."""
    own = folder / course.assignment.notebook
    saved = {path: path.stat().st_mtime for path in folder.glob("*.ipynb") if path.is_file()}
    for path in sorted(saved, key=lambda path: (saved[path], path == own), reverse=True):
        notebook = _homework(path, course)
        if notebook is not None and not has_given_code(notebook, given):
            return path
    return own


def _homework(path: Path, course: Course) -> Notebook | None:
    """Read a notebook; give None if it can't be read, or defines nothing that is asked for."""
    asked = defining(course.assignment.definitions)
    try:
        notebook = read_notebook(path)
    except IntakeError:
        return None
    return notebook if any(asked.search(cell.source) for cell in notebook.cells) else None


def defining(names: tuple[str, ...]) -> re.Pattern[str]:
    """Make a pattern for the first lines of these functions and classes; of any, if none is named."""
    either = "|".join(map(re.escape, names)) or r"\w+"
    return re.compile(rf"^[ \t]*(?:async\s+)?(?:def|class)\s+({either})\b", re.MULTILINE)


def called(path: Path) -> str:
    """Name a notebook with the time when it was saved."""
    if not path.is_file():
        return str(path)
    saved = datetime.datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    return harmless(f"{path}, saved {saved:%Y-%m-%d %H:%M:%S}")
