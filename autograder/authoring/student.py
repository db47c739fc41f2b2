"""A check's handle on a student's code, and the ways in which a call into that code can fail.

A check can't tell where the code runs: in the sandbox (`autograder.sandbox`), in a plain subprocess on the
student's own machine (`autograder.execution.plain`), or in a test. Arrays and plain values are copied both
ways. Every other object stays in the child process: the check gets a `Handle`, which it can only pass on.
A returned value is never trusted: it is a claim.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Annotated, Any, Protocol

from msgspec import Meta
from numpy.typing import NDArray

from autograder.model import Definitions, OutputText, Struct

Array = NDArray[Any]
# The upper bound keeps `inf` and `nan` out.
Positive = Annotated[float, Meta(gt=0, lt=1e15)]
PositiveInt = Annotated[int, Meta(gt=0)]


class Handle(Struct):
    """An object that stays in the child process; `kind` is its type's name, for messages only."""

    id: int
    kind: str


# None, bool, int, float, str, an array of a dtype that the wire knows, a Handle, or a tuple, list or dict
# (with str keys) of these. A recursive union would be no easier to read, and mypy would find no more errors.
Value = Any


class FaultKind(Enum):
    """The reason why a call into a student's code did not return.

    RAISED       the code raised an exception; `traceback` shows the student's lines only
    MISSING      no such function or class is defined, or its definition failed
    CPU, WALL    the limit of processor time or of clock time was reached
    MEMORY       the memory limit was reached: a `MemoryError`, or the process was killed
    OUTPUT       the code printed or returned too much
    PROCESSES    the code started a process, or too many threads
    FORBIDDEN    the code tried something that the sandbox forbids, such as a network connection
    CRASHED      a signal ended the process, or it ended itself, before it answered
    PROTOCOL     the process sent something that is not an answer
    UNSUPPORTED  the returned value can't be sent (an object array, say)
    """

    RAISED = "raised"
    MISSING = "missing"
    CPU = "cpu"
    WALL = "wall"
    MEMORY = "memory"
    OUTPUT = "output"
    PROCESSES = "processes"
    FORBIDDEN = "forbidden"
    CRASHED = "crashed"
    PROTOCOL = "protocol"
    UNSUPPORTED = "unsupported"


class StudentFault(Exception):
    """A call into the student's code did not return.

    `kind` is the reason. `message` is one plain sentence for the student, capped and free of control
    characters. `traceback` has the student's frames (notebook cell and line), without the engine's.
    """

    def __init__(self, kind: FaultKind, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.traceback = traceback

    def __reduce__(self) -> tuple[type[StudentFault], tuple[FaultKind, str, str]]:
        return type(self), (self.kind, self.message, self.traceback)

    @property
    def is_timeout(self) -> bool:
        """True if a time limit was reached."""
        return self.kind in (FaultKind.CPU, FaultKind.WALL)

    @property
    def is_limit(self) -> bool:
        """True if the next call would probably reach the same limit, and cost as much."""
        return self.is_timeout or self.kind in (FaultKind.MEMORY, FaultKind.OUTPUT)


class Limits(Struct, forbid_unknown_fields=True):
    """The limits of each child process of one handle.

    cpu_seconds      s of processor time, rounded up (RLIMIT_CPU); the code is interrupted, and killed a
                     second later: `FaultKind.CPU`
    wall_seconds     s of clock time from a request to its answer; the child is killed: `FaultKind.WALL`
    memory_mb        MiB of address space (RLIMIT_AS); allocating raises `MemoryError`: `FaultKind.MEMORY`
    output_kb        KiB of standard output and error that are kept; the rest is dropped with a note; 64 times
                     as much ends the child: `FaultKind.OUTPUT`
    result_mb        MiB of one answer; a larger one is not sent or not read: `FaultKind.OUTPUT`
    tmp_mb           MiB of files in the working directory (ENOSPC), and of the largest file (EFBIG)
    threads          processes and threads together (RLIMIT_NPROC); one more raises: `FaultKind.PROCESSES`
    open_files       open file descriptors (RLIMIT_NOFILE); opening another raises (EMFILE)
    """

    cpu_seconds: Positive = 10.0
    wall_seconds: Positive = 60.0
    memory_mb: PositiveInt = 1024
    output_kb: PositiveInt = 64
    result_mb: PositiveInt = 256
    tmp_mb: PositiveInt = 16
    threads: PositiveInt = 16
    open_files: PositiveInt = 64


class Keep(Enum):
    """The form of a call's result: `VALUES` (with handles for objects), or one `HANDLE` for all of it."""

    VALUES = "values"
    HANDLE = "handle"


class Request(Struct):
    """One request to the process that runs a student's code.

    `who` begins the messages about it. `autograder.guest.runner` knows the verbs and their arguments.
    `function` is the notebook's function, if one is called by its name.
    """

    who: str
    verb: str
    args: tuple[Value, ...]
    function: str | None = None


Ask = Callable[[Request], Value]
Around = Callable[[Request, Ask], Value]


class Student:
    """The calls that a check may make; each is one request and its answer.

    Each raises `StudentFault`, or `GraderFault` if the engine itself failed. `ask` sends a request and gives
    the answer. `printed` gives the text that the code has printed so far.
    """

    def __init__(self, ask: Ask, printed: Callable[[], OutputText] = OutputText) -> None:
        self._ask = ask
        self._printed = printed

    def through(self, around: Around) -> Student:
        """Give a handle on the same code that sends every request through a function."""
        inner = self._ask
        return Student(lambda request: around(request, inner), self._printed)

    def call(
        self,
        target: str | Handle,
        *args: Value,
        keep: Keep | Sequence[int] = Keep.VALUES,
        repeat: int = 1,
        **kwargs: Value,
    ) -> Value:
        """Call a function, class or callable handle `repeat` times, and give the last result.

        `keep` may list positions of a returned tuple: these values come back as handles. With ``keep=[1]``
        the cache of a forward pass stays in the child process.
        """
        who = f"`{target}`" if isinstance(target, str) else f"The {target.kind}"
        function = target if isinstance(target, str) else None
        return self._request(who, "call", target, args, kwargs, _wanted(keep), repeat, function=function)

    def method(
        self,
        owner: Handle,
        name: str,
        *args: Value,
        keep: Keep | Sequence[int] = Keep.VALUES,
        **kwargs: Value,
    ) -> Value:
        """Call a method of an object that stays in the child process."""
        return self._request(f"`{owner.kind}.{name}`", "method", owner, name, args, kwargs, _wanted(keep))

    def map(self, target: str, calls: Sequence[Sequence[Value]], pick: int | None = None) -> list[Value]:
        """Call a function once for each tuple of arguments, in one round trip.

        With `pick`, only that position of each returned tuple comes back.
        """
        each = [tuple(args) for args in calls]
        answers: list[Value] = self._request(f"`{target}`", "map", target, each, pick, function=target)
        return answers

    def get(self, owner: Handle, name: str) -> Value:
        """Read an attribute of an object that stays in the child process."""
        return self._request(f"`{owner.kind}.{name}`", "get", owner, name)

    def set(self, owner: Handle, name: str, value: Value) -> None:
        """Set an attribute of an object that stays in the child process."""
        self._request(f"`{owner.kind}.{name}`", "set", owner, name, value)

    def put(self, value: Value) -> Handle:
        """Store a value in the child process. Every later call with the handle gets the same object."""
        handle: Handle = self._request("Storing a value", "put", value)
        return handle

    def seed(self, seed: int) -> None:
        """Seed the global generators of NumPy and Python in the child process."""
        self._request("Seeding", "seed", seed)

    def printed(self) -> OutputText:
        """Give the text that was printed since the handle was opened."""
        return self._printed()

    def _request(self, who: str, verb: str, *args: Value, function: str | None = None) -> Value:
        return self._ask(Request(who=who, verb=verb, args=args, function=function))


def _wanted(keep: Keep | Sequence[int]) -> str | list[int]:
    return keep.value if isinstance(keep, Keep) else list(keep)


class Session(Protocol):
    """The place where one submission's code runs, with one child process for each handle.

    After a fault that ended its child, a `Student` starts a new child at its next call. A `Handle` to an
    object of the old child then raises a `StudentFault` of kind CRASHED.
    """

    @property
    def walls(self) -> tuple[str, ...]:
        """The walls that are up, for the report's environment."""
        ...

    def student(self, definitions: Definitions, limits: Limits) -> AbstractContextManager[Student]:
        """Open a handle on a new child process, which runs the definitions first."""
        ...
