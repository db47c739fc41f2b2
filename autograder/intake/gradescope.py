"""Read the record that Gradescope adds to an export: who handed each submission in, and when.

It is the file ``submission_metadata.yml`` beside the submissions' folders, as Ruby writes YAML::

    submission_12345:
      :submitters:
      - :name: Ada Lovelace
        :sid: '00101'
        :email: ada@example.edu
      :created_at: 2024-05-01 12:00:00.123456789 Z

The rest of it is the results of checks, with text of the learners. It is composed and never constructed, so
that no tag makes an object, no alias is copied, and an id keeps its zeros.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.intake.archive import archive_entries, open_archive
from autograder.intake.candidates import Member
from autograder.intake.caps import MEGABYTE, Budget, Caps, drain
from autograder.intake.entries import Entry, RejectedInput
from autograder.intake.folder import member_entries
from autograder.intake.moments import moment_of
from autograder.intake.names import printable
from autograder.model import Struct

MAX_BYTES = 64 * MEGABYTE
# People of one submission: more than any group has.
MAX_PEOPLE = 50
_CAPS = Caps(max_files=1, max_total=MAX_BYTES, kept={})


class HandedIn(Struct):
    """What a record says of one submission: the ids and the names of its people, and an ISO 8601 time."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    at: str | None = None


class Record(Struct):
    """What an export's record says of its submissions' folders, and whether there is a record at all."""

    is_there: bool = False
    folders: dict[str, HandedIn] = {}


def read_record(place: Path, name: str) -> Record:
    """Read the record of this name in a folder or zip; one that can't be read says nothing."""
    with contextlib.suppress(RejectedInput), _entries(place, name) as entries:
        for entry in entries:
            with entry.open() as reader:
                data = drain(name, reader, Budget(_CAPS), MAX_BYTES).data
            return Record(is_there=True, folders=dict(_handed_in(data or b"")))
    return Record(is_there=place.is_dir() and (place / name).exists())


@contextlib.contextmanager
def _entries(place: Path, name: str) -> Iterator[Iterator[Entry]]:
    member = Member(name=name, path=name)
    if place.is_dir():
        yield member_entries(place, [member])
    else:
        with open_archive(place, place.name) as archive:
            yield archive_entries(archive, "", [member])


def _handed_in(data: bytes) -> Iterator[tuple[str, HandedIn]]:
    yaml = importlib.import_module("yaml")  # only who grades an export has it
    try:
        root = yaml.compose(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    for folder, said in _items(root):
        keys = dict(_items(said))
        people = [dict(_items(one)) for one in _list(keys.get(":submitters"))][:MAX_PEOPLE]
        ids = [
            next(filter(None, (_text(one.get(f":{key}")) for key in ("sid", "email", "name"))), "")
            for one in people
        ]
        moment = moment_of(_text(keys.get(":created_at")))
        yield (
            folder,
            HandedIn(
                ids=tuple(filter(None, ids)),
                names=tuple(_text(one.get(":name")) for one in people),
                at=moment.isoformat(timespec="seconds") if moment and moment.tzinfo else None,
            ),
        )


def _items(node: Any) -> Iterator[tuple[str, Any]]:
    """Give the pairs of a mapping; nothing of another node."""
    pairs = node.value if getattr(node, "id", "") == "mapping" else ()
    return ((_text(key), value) for key, value in pairs)


def _list(node: Any) -> list[Any]:
    return node.value if getattr(node, "id", "") == "sequence" else []


def _text(node: Any) -> str:
    is_text = getattr(node, "id", "") == "scalar" and not node.tag.endswith(":null")
    return printable(node.value.strip()) if is_text else ""
