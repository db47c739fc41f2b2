"""What is fuzzed: a target takes any bytes at all and fails only where a promise is broken.

The promises, for all of them: the answer is a value or the one documented error, with a sentence that
a person can read; nothing is written; what was answered holds together. Hangs and memory are watched by
whoever calls the targets.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from autograder.assignment import Assignment, CompatSpec, FilesSpec
from autograder.authoring.specs import FileRule
from autograder.authoring.student import Handle, Keep, Limits, Student, StudentFault
from autograder.errors import UsageError
from autograder.execution.conversation import Conversation
from autograder.execution.printed import Printed
from autograder.extract import extract
from autograder.guest import wire
from autograder.guest.wire import READY
from autograder.intake import (
    Candidate,
    RejectedInput,
    SourceKind,
    discover,
    fingerprint,
    parse_notebook,
    read,
)
from autograder.intake.caps import caps_of
from autograder.model import Cell, CellKind, Chunk, Definitions, Notebook, Notice, Submission
from autograder.sandbox.box import Ending
from autograder.sandbox.session import SandboxChild

Target = Callable[[bytes], None]

ASSIGNMENT = Assignment(
    id="hw5",
    title="Fuzzed",
    version="1",
    notebook="HW5.ipynb",
    definitions=("f", "g", "Net"),
    files=FilesSpec(
        rules=(
            FileRule(suffix=".ipynb", name="HW5.ipynb", max_mb=0.25),
            FileRule(suffix=".pdf", name="HW5.pdf", max_mb=0.05),
        ),
        max_files=20,
        max_total_mb=1.0,
    ),
    items=(),
    limits={"default": Limits()},
)
MOST_MESSAGE = 2000
# The marks that turn the direction of what is shown after them.
TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset(
    f"os.{name}"
    for name in ("chmod", "chown", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "truncate")
)


class BrokenPromise(AssertionError):
    """A target did what it must not."""


def promise(kept: object, what: str) -> None:
    """Fail unless it was kept."""
    if not kept:
        raise BrokenPromise(what)


# --- nothing is written --------------------------------------------------------------------------


class _Watch:
    """Sees every file that this process opens or changes while it is on; an audit hook can't be removed."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in _CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & _WRITES):
            self.seen.append(f"{event} {args[:2]!r}")


_watch: list[_Watch] = []


@contextlib.contextmanager
def nothing_written() -> Iterator[None]:
    """Fail where a file is opened for writing, made, moved or removed."""
    if not _watch:
        _watch.append(_Watch())
    watch = _watch[0]
    watch.seen, watch.on = [], True
    try:
        yield
    finally:
        watch.on = False
    promise(not watch.seen, f"it wrote: {watch.seen[:3]}")


# --- sentences -------------------------------------------------------------------------------------


def check_text(text: str, what: str, most: int = MOST_MESSAGE, lines: bool = False) -> None:
    """A text that can be shown and stored: of bounded length, in UTF-8, without control characters."""
    promise(len(text) <= most, f"{what} has {len(text)} characters: {text[:80]!r}")
    for character in "" if text.isascii() and text.isprintable() else text:
        allowed = lines and character in "\n\t"
        bad = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in TURNS
        promise(allowed or not bad, f"{what} holds {character!r}: {text[:200]!r}")


def check_notice(notice: Notice) -> None:
    """A notice that a person can use."""
    promise(_CODE.fullmatch(notice.code), f"the code {notice.code!r}")
    promise(len(notice.message) >= 15, f"the message {notice.message!r}")
    check_text(notice.message, notice.code)
    check_text(notice.where, f"where of {notice.code}")


# --- the wire's reader -------------------------------------------------------------------------------


class Bytes:
    """A source over bytes that are all there, which counts what it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.asked = 0

    def take(self, count: int) -> bytes:
        """See `wire.Source`."""
        self.asked += count
        data = self._file.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def fill(self, view: memoryview) -> None:
        """See `wire.Source`."""
        self.asked += len(view)
        if self._file.readinto(view) < len(view):
            raise EOFError


MOST_BYTES = 1 << 20
DTYPES = frozenset(map(np.dtype, wire.DTYPES))


def adopt(number: int, kind: str) -> Handle:
    """Give what stands for an object inside."""
    return Handle(id=number, kind=kind)


def refer(value: Any) -> tuple[int, str]:
    """Give what a handle stands for; anything else was no value that may come."""
    promise(isinstance(value, Handle), f"the wire gave a {type(value).__name__}")
    return value.id, value.kind


def frame(value: Any) -> bytes:
    """Encode an answer."""
    return b"".join(bytes(part) for part in wire.encode(wire.ANSWER, value, refer))


def fuzz_wire(data: bytes) -> None:
    """Any bytes as one frame: a value that can be written again, or one of the two errors."""
    source = Bytes(data)
    try:
        value = wire.decode(wire.ANSWER, source, adopt, MOST_BYTES)
    except (wire.Malformed, wire.TooLarge) as error:
        check_text(str(error), "the reason")
        promise(len(str(error)) > 3, "no reason is given")
    except EOFError:
        pass  # the frame is longer than what came
    else:
        check_value(value)
        again = frame(value)
        promise(
            frame(wire.decode(wire.ANSWER, Bytes(again), adopt, 1 << 30)) == again, "it is not the same again"
        )
    promise(source.asked <= wire.HEADER.size + MOST_BYTES, f"it asked for {source.asked} bytes")


def check_value(value: Any) -> None:
    """Nothing but the listed types."""
    if isinstance(value, list | tuple):
        promise(type(value) in (list, tuple), f"a {type(value).__name__}")
        for item in value:
            check_value(item)
    elif isinstance(value, dict):
        promise(all(type(key) is str for key in value), "a key that is no text")
        for item in value.values():
            check_value(item)
    elif isinstance(value, np.ndarray):
        promise(type(value) is np.ndarray and value.dtype in DTYPES, f"an array of {value.dtype}")
    else:
        plain = (bool, int, float, complex, str, type(None), Handle)
        promise(type(value) in plain, f"a {type(value).__name__}")


# --- a whole conversation with a child that answers anything ---------------------------------------


class Peer:
    """In the place of a sandbox: its child answers the given bytes and ends, or stays and is silent."""

    alive = True

    def __init__(self, answers: bytes, printed: bytes, stays: bool) -> None:
        self._answers, self._printed, self._stays = answers, printed, stays
        self._open: list[int] = []

    def start_child(self, limits: Limits, descriptors: list[int], preload: list[str]) -> int:
        """See `Box.start_child`."""
        requests, answers, output = descriptors
        self._open.append(os.dup(requests))
        os.write(answers, self._answers)
        os.write(output, self._printed)
        if self._stays:
            self._open.append(os.dup(answers))
        return 1

    def kill_child(self, number: int) -> None:
        """See `Box.kill_child`."""

    def ending(self, number: int, seconds: float) -> Ending:
        """See `Box.ending`."""
        return Ending(code=0, cpu=0.0)

    def killed_for_memory(self) -> int:
        """See `Box.killed_for_memory`."""
        return 0

    def log(self) -> str:
        """See `Box.log`."""
        return ""

    def close(self, at_once: bool = False) -> None:
        """Close what the child had."""
        while self._open:
            os.close(self._open.pop())


DEFINITIONS = Definitions(chunks=(Chunk(source="def f(): pass", names=("f",), cell=0),))
LIMITS = Limits(wall_seconds=0.03, output_kb=1, result_mb=1)
MOST_ANSWERS = 100_000


def fuzz_conversation(data: bytes) -> None:
    """Any bytes as a child's answers and prints: values, or faults of the student; never a fault of ours.

    The first byte says what is asked and how the child ends, the second how many bytes it prints.
    """
    first, second = (*data[:2], 0, 0)[:2]
    content = data[2 : 2 + MOST_ANSWERS]
    printed = (content[: second * 16] * 20)[:60_000]
    started = frame(("ok", None)) if first & 1 else b""
    peer = Peer(frame(READY) + started + content, printed, stays=first & 2 == 2)
    kept = Printed(LIMITS.output_kb << 10)
    conversation = Conversation(lambda: SandboxChild(peer, LIMITS, kept, []), DEFINITIONS, LIMITS, kept)  # type: ignore[arg-type]
    try:
        for _ in range(3):
            _ask(conversation.student, first >> 2)
    finally:
        conversation.close()
        peer.close()
    check_text(kept.text().text, "what was printed", 1 << 20, lines=True)


def _ask(student: Student, which: int) -> None:
    asked: tuple[Callable[[], Any], ...] = (
        lambda: student.call("f", np.zeros(3), keep=Keep.VALUES),
        lambda: student.call("f", keep=Keep.HANDLE),
        lambda: student.call("f", keep=[0]),
        lambda: student.map("f", [[1], [2]], pick=None),
        lambda: student.seed(1),
        lambda: student.get(_handle(student), "name"),
        lambda: student.method(_handle(student), "name", 1.5),
        lambda: student.set(_handle(student), "name", {"a": [True]}),
    )
    try:
        value = asked[which % len(asked)]()
    except StudentFault as fault:
        check_text(fault.message, "the sentence", 4000, lines=True)
        check_text(fault.traceback, "the traceback", 10_000, lines=True)
        promise(len(fault.message) > 10, f"the sentence {fault.message!r}")
    else:
        check_value(value)


def _handle(student: Student) -> Handle:
    found = student.call("Net", keep=Keep.HANDLE)
    promise(isinstance(found, Handle), "what was asked for as a handle is none")
    check_text(found.kind, "a handle's kind", 110, lines=True)
    return found


# --- a notebook's bytes, and the code in it ------------------------------------------------------------


def fuzz_notebook(data: bytes) -> None:
    """Any bytes as a notebook: cells that hold together, or a refusal; their code is taken apart as well."""
    with nothing_written():
        try:
            notebook, notices = parse_notebook(data, "HW5.ipynb")
        except RejectedInput as refused:
            check_notice(refused.notice)
            return
        for notice in notices:
            check_notice(notice)
        check_notebook(notebook)
        _take_apart(notebook)


def check_notebook(notebook: Notebook) -> None:
    """Cells in order with ids of their own, texts that can be stored, pictures that are some."""
    promise([cell.index for cell in notebook.cells] == list(range(len(notebook.cells))), "the order")
    promise(len({cell.id for cell in notebook.cells}) == len(notebook.cells), "an id is there twice")
    for cell in notebook.cells:
        promise(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell.id), f"the id {cell.id!r}")
        promise("\r" not in cell.source, "a carriage return in a source")
        for output in cell.outputs:
            promise(output.png is None or output.png.startswith(b"\x89PNG"), "a picture that is none")
    msgspec.json.encode(msgspec.to_builtins(notebook))


def fuzz_code(data: bytes) -> None:
    """Any text as a cell's code: definitions that parse, whatever the rest is."""
    source = data.decode("utf-8", "replace").replace("\r", "\n")
    cells = (
        Cell(index=0, id="cell-0", kind=CellKind.CODE, source=source),
        Cell(index=1, id="cell-1", kind=CellKind.CODE, source="def g(x):\n    return x\n"),
    )
    with nothing_written():
        _take_apart(Notebook(path="HW5.ipynb", cells=cells, language="python"))


def _take_apart(notebook: Notebook) -> None:
    found = extract(notebook, ASSIGNMENT.definitions, CompatSpec())
    for notice in found.notices:
        check_notice(notice)
    for chunk in found.chunks:
        # counted from 1, as people count
        promise(0 < chunk.cell <= len(notebook.cells), f"a chunk of cell {chunk.cell}")
        # whether it parses, compiles and runs is found in the sandbox
        promise(chunk.source.strip(), "a chunk of nothing")
    msgspec.json.encode(msgspec.to_builtins(found))


# --- a submission's files --------------------------------------------------------------------------------


def fuzz_archive(data: bytes) -> None:
    """Any bytes as a zip: a submission, or one with a problem; and any number of them, or a usage error."""
    with _file(data) as path:
        whole = Candidate(id="one", learner="one", origin="one", path=path, place=SourceKind.ZIP)
        with nothing_written():
            check_submission(read(whole, ASSIGNMENT))
            promise(
                fingerprint(whole, ASSIGNMENT) == fingerprint(whole, ASSIGNMENT),
                "the fingerprint is not the same again",
            )
            try:
                found = discover([path], ASSIGNMENT).candidates
            except UsageError as error:
                check_text(str(error), "the usage error", lines=True)
                return
            promise(len({one.id.casefold() for one in found}) == len(found), "an id is there twice")
            for one in found[:3]:
                promise(re.fullmatch(r"[A-Za-z0-9._-]{1,100}", one.id), f"the id {one.id!r}")
                check_submission(read(one, ASSIGNMENT))


@contextlib.contextmanager
def _file(data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="autograder-fuzz-") as folder:
        path = Path(folder, "HW5.zip")
        path.write_bytes(data)
        yield path
        promise([found.name for found in Path(folder).iterdir()] == ["HW5.zip"], "there are other files now")


NAMES = (
    "HW5.ipynb",
    "HW5.pdf",
    "timestamp.txt",
    "a/in.zip",
    "hw5/HW5.ipynb",
    "s1_12_34_HW5.ipynb",
    "../x.ipynb",
    "HW5.zip",
)


def fuzz_files(data: bytes) -> None:
    r"""A list of files as a whole zip: ``\\xff\\xfe`` divides them, the first byte of each is its name's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, piece in enumerate(data.split(b"\xff\xfe")[:24]):
            name, content = _named(piece)
            with contextlib.suppress(ValueError):
                # a name twice is no accident here, and zipfile's word about it no finding
                info = zipfile.ZipInfo(name or f"{number}")
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.NameToInfo.pop(info.filename, None)
                archive.writestr(info, content)
    fuzz_archive(buffer.getvalue())


def _named(piece: bytes) -> tuple[str, bytes]:
    """One file: a number stands for a usual name; else the name is what comes before a zero byte."""
    if piece[:1] and piece[0] < len(NAMES):
        return NAMES[piece[0]], piece[1:]
    name, _, content = piece.partition(b"\0")
    return name.decode("utf-8", "replace")[:60_000].replace("\0", ""), content


def check_submission(submission: Submission) -> None:
    """Within the caps, and with a notebook or a problem."""
    caps = caps_of(ASSIGNMENT)
    promise((submission.notebook is None) != (submission.problem is None), "a notebook or a problem")
    promise(len(submission.files) <= caps.max_files, "too many files")
    promise(sum(file.bytes for file in submission.files) <= 4 * caps.max_total, "too many bytes")
    promise(sum(map(len, submission.contents.values())) <= caps.max_total, "too much is kept")
    for file in submission.files:
        check_text(file.path, "a path")
    for notice in (*submission.notices, *((submission.problem,) if submission.problem else ())):
        check_notice(notice)
    if submission.notebook is not None:
        check_notebook(submission.notebook)
    json.dumps(submission.submitted_at)


TARGETS: dict[str, Target] = {
    "wire": fuzz_wire,
    "conversation": fuzz_conversation,
    "notebook": fuzz_notebook,
    "code": fuzz_code,
    "archive": fuzz_archive,
    "files": fuzz_files,
}
