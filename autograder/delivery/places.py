"""The places that grades are sent to, as ``places.toml`` in the course's root folder has them.

The file has no token. It names a variable of the environment, or a file that only its owner may read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from autograder.assignment import read_table
from autograder.assignment.lines import line_of
from autograder.delivery.addresses import origin, url_problem
from autograder.errors import UsageError, suggestion
from autograder.files import read_text
from autograder.model import Struct

FILE_NAME = "places.toml"
MANUAL = "docs/sending.md describes every key."
_AT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<key>\w*).*`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")


class TokenPlace(Struct, kw_only=True, forbid_unknown_fields=True):
    """A place that wants a token, and where that is."""

    kind: str
    token_env: str = ""
    token_file: str = ""


class CanvasPlace(TokenPlace, kw_only=True):
    """An assignment in Canvas. `assignment` is its number or its title."""

    url: str
    course: int
    assignment: int | str


class MoodlePlace(TokenPlace, kw_only=True):
    """An assignment in Moodle. `assignment` is the number in its page's address, or its title."""

    url: str
    course: int
    assignment: int | str


class LtiPlace(Struct, kw_only=True, forbid_unknown_fields=True):
    """A line item of a platform of LTI 1.3, and how the platform knows this tool.

    It is the one at `line_item`, or the one of `resource` among the `line_items`, which is made if it is not
    there. The learners are those that the platform names at `members`, or those of the CSV `members_file`.
    """

    kind: str
    client_id: str
    token_url: str
    key_file: str
    key_id: str = ""
    audience: str = ""
    line_items: str = ""
    line_item: str = ""
    resource: str = ""
    label: str = ""
    members: str = ""
    members_file: str = ""


AnyPlace = CanvasPlace | MoodlePlace | LtiPlace
KINDS: Mapping[str, type[AnyPlace]] = {"canvas": CanvasPlace, "moodle": MoodlePlace, "lti": LtiPlace}
# The keys that hold addresses. Those of LTI may carry a query.
_ADDRESSES = ("url", "token_url", "line_items", "line_item", "members")


def read_place(root: Path, name: str) -> AnyPlace:
    """Read one place from a course's ``places.toml``.

    Raises
    ------
    UsageError
        There is no such file or place, or its keys are wrong; names file, line, key, and the nearest known.
    """
    path = root / FILE_NAME
    if not path.exists():
        raise UsageError(f"{path}: there is no such file", f"It says where grades are sent. {MANUAL}")
    tables = read_table(path)
    if name not in tables:
        raise UsageError(f"{path}: has no place `{name}`; {suggestion(name, tables)}", MANUAL)
    table = tables[name]
    kind = table.get("kind") if isinstance(table, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        message = f"[{name}] kind = {kind!r}; {suggestion(str(kind), KINDS)}"
        raise _at(path, name, "kind", message)
    try:
        place = msgspec.convert(table, KINDS[kind])
    except msgspec.ValidationError as error:
        raise _at(path, name, *_explained(name, KINDS[kind], str(error))) from error
    for key in _ADDRESSES:
        url = getattr(place, key, "")
        if url and (problem := url_problem(url if key == "url" else url.partition("?")[0])):
            raise _at(path, name, key, f"[{name}] {key} = {url!r}: {problem}")
    if isinstance(place, LtiPlace) and (missing := _undecided(place)):
        raise _at(path, name, "kind", f"[{name}] {missing}")
    return place


def _undecided(place: LtiPlace) -> str:
    """Say which choice a place of LTI leaves open; empty if none."""
    if bool(place.line_items) == bool(place.line_item):
        return "needs either line_items or line_item"
    if place.line_items and not place.resource:
        return "needs the key `resource`, by which its line item is found among the line_items"
    if bool(place.members) == bool(place.members_file):
        return "needs either members or members_file"
    if place.members and origin(place.members) != origin(place.line_items or place.line_item):
        return "members is on another host than the line items, and the token goes to one host only"
    return ""


def _at(path: Path, name: str, key: str, message: str) -> UsageError:
    return UsageError(f"{path}:{line_of(read_text(path), (name, key))}: {message}", MANUAL)


def _explained(name: str, kind: type[AnyPlace], error: str) -> tuple[str, str]:
    """Give the key that an error of msgspec is about, and a sentence."""
    found = _AT.match(error)
    assert found is not None  # every text matches
    what, key = found["what"], found["key"] or ""
    if unknown := _UNKNOWN.match(what):
        key = unknown[1]
        if key in ("token", "key"):
            return key, f"[{name}] {key}: a secret does not belong in this file; use {key}_file"
        known = (field.encode_name for field in msgspec.structs.fields(kind))
        return key, f"[{name}] has an unknown key `{key}`; {suggestion(key, known)}"
    if missing := _MISSING.match(what):
        return "", f"[{name}] needs the key `{missing[1]}`"
    return key, f"[{name}] {key}: {what}"


# --- secrets ----------------------------------------------------------------------------------------------


def token_of(root: Path, name: str, place: TokenPlace, environment: Mapping[str, str] = os.environ) -> str:
    """Give a place's token, from the environment or from its file.

    Raises
    ------
    UsageError
        None is named, the variable is not set, the file can't be read, others can read it, or it is empty.
    """
    path = root / FILE_NAME
    if bool(place.token_env) == bool(place.token_file):
        raise UsageError(f"{path}: [{name}] needs either token_env or token_file", MANUAL)
    if place.token_env:
        token, where = environment.get(place.token_env, ""), f"the variable {place.token_env}"
        if not token.strip():
            raise UsageError(f"{where} is not set; [{name}] in {path} names it for the token", MANUAL)
    else:
        where = str(root / place.token_file)
        token = read_secret(root / place.token_file)
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{where}: expected a token, one word of plain letters, digits and signs")
    return token


def read_secret(path: Path) -> str:
    """Read a file that only its owner may read.

    Raises
    ------
    UsageError
        It can't be read, is empty, or others may read it; names the command that mends it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is not UTF-8"
        raise UsageError(
            f"{path}: can't be read: {why}", "It should hold a secret, and nothing else."
        ) from error
    if mode & 0o077:
        raise UsageError(
            f"{path}: others may read it (mode {mode:03o}), and it holds a secret", f"chmod 600 {path}"
        )
    if not text.strip():
        raise UsageError(f"{path}: is empty", "It should hold a secret, and nothing else.")
    return text
