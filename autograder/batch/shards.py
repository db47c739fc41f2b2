"""Grade a class in parts, each with a folder of its own, and merge the folders.

A learner's submissions are all in one shard, which follows from the learner's name alone. So every machine
knows its part without asking another, and late work joins the shard of its learner.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from autograder.batch.folder import alone_in, is_busy
from autograder.batch.ledger import Done, Ledger
from autograder.batch.log import LOG, BatchLog
from autograder.errors import UsageError
from autograder.files import PRIVATE, write_atomically
from autograder.intake import Candidate
from autograder.intake.layout import LEDGER
from autograder.model import Struct
from autograder.text import few

RECORD = "shard.json"
_FORM = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")
_SHOWN = 8


class Shard(Struct):
    """One of `of` parts of a class, numbered from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def holds(self, learner: str) -> bool:
        """Say whether a learner's submissions are in this part."""
        digest = hashlib.sha256(learner.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """Read a shard as ``I/N``. Raises `ValueError` if it is none."""
    found = _FORM.fullmatch(text)
    shard = Shard(number=int(found[1]), of=int(found[2])) if found else None
    if shard is None or shard.number > shard.of:
        raise ValueError(f"`{text}` is no shard: write 2/8 for the second of eight")
    return shard


class ShardRecord(Struct):
    """Identify the shard and the run whose reports a folder has.

    key      the run's key
    class_   a hash of all ids that were found, those of other shards included
    ids      the submissions of this shard
    """

    shard: Shard
    key: str
    class_: str = msgspec.field(name="class")
    ids: tuple[str, ...]


def record_of(shard: Shard, key: str, found: Sequence[Candidate]) -> ShardRecord:
    """Describe a shard of the candidates that were found."""
    ids = sorted(one.id for one in found)
    whole = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    mine = sorted(one.id for one in found if shard.holds(one.learner))
    return ShardRecord(shard=shard, key=key, class_=whole, ids=tuple(mine))


def enter(folder: Path, record: ShardRecord | None) -> None:
    """Write a shard's record into its folder; None stands for a batch of the whole class.

    Raises `UsageError` if the folder is another part's.
    """
    before = _read(folder)
    if before is not None and (record is None or before.shard != record.shard):
        other = f"shard {record.shard}" if record else "the whole class"
        raise UsageError(
            f"{folder}: has the reports of shard {before.shard}, and this is {other}",
            "Choose another -o DIR: each shard needs a folder of its own.",
        )
    if record is not None:
        write_atomically(folder / RECORD, msgspec.json.encode(record) + b"\n", PRIVATE)


def _read(folder: Path) -> ShardRecord | None:
    """Read a folder's record; None if it has none. Raises `UsageError` if that can't be read."""
    path = folder / RECORD
    try:
        return msgspec.json.decode(path.read_bytes(), type=ShardRecord)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"{path}: can't be read: {error}", "Grade the shard again, with --resume into the same folder."
        ) from error


# --- merging -------------------------------------------------------------------------------------


def merge(folders: Sequence[Path], output: Path) -> tuple[Done, ...]:
    """Copy the reports of all shards of a class into one folder, which is a batch's folder then.

    Returns the attempts that were merged. Doing it again changes nothing.

    Raises `UsageError` if a folder is no shard's, a shard is missing, twice there or unfinished, or if the
    shards were graded in different ways.
    """
    records = {folder: _require_record(folder) for folder in folders}
    require_whole(records)
    rows = {folder: _require_finished(folder, record) for folder, record in records.items()}
    key = next(iter(records.values())).key
    _require_free(output, key)
    merged: list[Done] = []
    with alone_in(output), Ledger(output / LEDGER) as ledger, BatchLog(output / LOG) as log:
        total = sum(map(len, rows.values()))
        log.started(total, jobs=1, resume=True, key=key)
        for folder, attempts in rows.items():
            for done in attempts:
                _copy(folder, output, done.id)
                ledger.record(done, key)
                log.done(done)
                merged.append(done)
    return tuple(merged)


def require_whole(records: Mapping[Path, ShardRecord]) -> None:
    """Raise `UsageError` unless the records are those of all shards of one class, each once."""
    first, one = next(iter(records.items()))
    for folder, other in records.items():
        if other.key != one.key:
            raise UsageError(
                f"{folder}: was graded in another way than {first}: "
                "the engine, the assignment, the data, the options or the seed differ",
                f"Grade shard {other.shard} again with the same ones; the reports name the seed.",
            )
        if (other.class_, other.shard.of) != (one.class_, one.shard.of):
            raise UsageError(
                f"{folder}: is shard {other.shard} of another class than shard {one.shard} in {first}",
                "Give all shards the same submissions and the same number of parts, and use --resume.",
            )
    held = Counter(record.shard.number for record in records.values())
    for folder, record in records.items():
        if held[record.shard.number] > 1:
            raise UsageError(f"{folder}: shard {record.shard} is named twice", "Name each shard once.")
    missing = [str(Shard(number=n, of=one.shard.of)) for n in range(1, one.shard.of + 1) if n not in held]
    if missing:
        raise UsageError(
            f"missing: shard{'s' * (len(missing) > 1)} {few(missing, _SHOWN)}",
            "Name the folders of all shards, those without a submission included.",
        )


def _require_record(folder: Path) -> ShardRecord:
    record = _read(folder)
    if record is None:
        raise UsageError(
            f"{folder}: is not the folder of a shard: it has no {RECORD}",
            "Name folders that `autograder grade --shard I/N -o DIR` wrote.",
        )
    return record


def _require_finished(folder: Path, record: ShardRecord) -> list[Done]:
    """Give the attempts that count for a shard's submissions."""
    if is_busy(folder):
        raise UsageError(f"{folder}: its batch still runs", "Wait until it has ended.")
    with Ledger(folder / LEDGER) as ledger:
        wanted = frozenset(record.ids)
        rows = [done for done in ledger.all_done(record.key, folder) if done.id in wanted]
    finished = {done.id for done in rows}
    left = [one for one in record.ids if one not in finished]
    if left:
        raise UsageError(
            f"{folder}: shard {record.shard} is not finished; without a report: {few(left, _SHOWN)}",
            f"Go on with `autograder grade … --shard {record.shard} -o {folder} --resume`.",
        )
    return rows


def _require_free(output: Path, key: str) -> None:
    if (output / RECORD).exists():
        raise UsageError(f"{output}: is the folder of a shard", "Choose another -o DIR.")
    if not (output / LEDGER).exists():
        return
    with Ledger(output / LEDGER) as ledger:
        if ledger.last_key() not in ("", key):
            raise UsageError(f"{output}: has the reports of another batch", "Choose another -o DIR.")


def _copy(folder: Path, output: Path, identity: str) -> None:
    """Copy all that stands about a submission, pictures first: a report may name them."""
    for place in (f"pictures/{identity}", f"reports/{identity}"):
        for path in sorted((folder / place).rglob("*")):
            if path.is_file():
                target = output / path.relative_to(folder)
                write_atomically(target, path.read_bytes(), PRIVATE)
