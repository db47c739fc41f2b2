"""A check's handle on a student's code, and how a call into that code can end.

A check can't tell where the code runs: in the sandbox (`autograder.sandbox`), in a plain subprocess on the
student's own machine (`autograder.execution.plain`), or in a test. Values go in and come back by value. What
is neither an array nor a plain value stays with the code and comes back as a `Handle`, which can only be
passed on. Nothing that comes back is trusted: it is a claim.
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
    """An object that stays with the student's code; `kind` is its type's name, for messages only."""

    id: int
    kind: str


# None, bool, int, float, str, an array of a listed dtype, a Handle, or a tuple, list or dict (with
# str keys) of these. Recursive unions help no reader and no checker here.
Value = Any


class FaultKind(Enum):
    """The end of a call into a student's code that did not return.

    RAISED       their code raised; `traceback` shows their lines only
    MISSING      no such function or class is defined (or its definition itself failed)
    CPU, WALL    the processor's or the clock's limit was met
    MEMORY       the memory limit was met (a `MemoryError`, or killed for it)
    OUTPUT       they printed, or returned, more than is kept
    PROCESSES    a process or too many threads were started
    FORBIDDEN    a wall was tried: a network, a file elsewhere, a system call that ended the process
    CRASHED      the process ended by a signal, or by itself, before it answered
    PROTOCOL     what came back was not an answer
    UNSUPPORTED  what came back can't be carried (an object array, say)
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

    Parameters
    ----------
    kind : FaultKind
        How it ended.
    message : str
        One plain sentence for the student, already capped and free of control characters.
    traceback : str, optional
        Their frames (notebook cell and line), without the harness's.
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
        """True if a limit of time was met."""
        return self.kind in (FaultKind.CPU, FaultKind.WALL)

    @property
    def is_limit(self) -> bool:
        """True if a limit was met that the next call would only meet again, at the same cost."""
        return self.is_timeout or self.kind in (FaultKind.MEMORY, FaultKind.OUTPUT)


class Limits(Struct, forbid_unknown_fields=True):
    """The limits of one handle on a student's code, each per child process.

    cpu_seconds      s of processor time, rounded up (RLIMIT_CPU); the code is interrupted where it is, and
                     killed a second later: `FaultKind.CPU`
    wall_seconds     s of clock time of one call, from the request to the answer; the child is killed:
                     `FaultKind.WALL`
    memory_mb        MiB of address space (RLIMIT_AS); allocating raises `MemoryError`: `FaultKind.MEMORY`
    output_kb        KiB of standard output and error that are kept; more is dropped, and said so; a flood
                     (64 times as much) ends the child: `FaultKind.OUTPUT`
    result_mb        MiB of one answer; more is not sent, or not read: `FaultKind.OUTPUT`
    tmp_mb           MiB of files in the working directory (ENOSPC), and of the largest file (EFBIG)
    threads          processes and threads together (RLIMIT_NPROC); starting another raises:
                     `FaultKind.PROCESSES`
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
    """The form of a call's result: decoded `VALUES` (objects as handles), or one `HANDLE` to it all."""

    VALUES = "values"
    HANDLE = "handle"


class Request(Struct):
    """One request to the process that runs a student's code.

    `who` names what is called, for messages. `verb` and `args` are what `autograder.guest.runner` answers.
    `function` is the notebook's function that is called, if it is called by name.
    """

    who: str
    verb: str
    args: tuple[Value, ...]
    function: str | None = None


Ask = Callable[[Request], Value]
Around = Callable[[Request, Ask], Value]


class Student:
    """The calls that a check may make; each is one request and its answer.

    Each raises `StudentFault`, or `GraderFault` for a fault of our own.

    Parameters
    ----------
    ask : callable
        Sends a request and gives the answer.
    printed : callable
        Gives what the code has printed so far.
    """

    def __init__(self, ask: Ask, printed: Callable[[], OutputText] = OutputText) -> None:
        self._ask = ask
        self._printed = printed

    def through(self, around: Around) -> Student:
        """Give a handle on the same code whose every request goes through a function."""
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
        """Call a function, class or callable handle with the arguments, `repeat` times.

        `keep` may list positions of a returned tuple that shall come back as handles whatever they
        are: the cache of a forward pass is ``keep=[1]``. Gives the last call's result.
        """
        who = f"`{target}`" if isinstance(target, str) else f"The {target.kind}"
        function = target if isinstance(target, str) else None
        return self._ask(
            Request(
                who=who, verb="call", args=(target, args, kwargs, _wanted(keep), repeat), function=function
            )
        )

    def method(
        self,
        owner: Handle,
        name: str,
        *args: Value,
        keep: Keep | Sequence[int] = Keep.VALUES,
        **kwargs: Value,
    ) -> Value:
        """Call a method of an object that stays with the student's code."""
        return self._ask(
            Request(
                who=f"`{owner.kind}.{name}`", verb="method", args=(owner, name, args, kwargs, _wanted(keep))
            )
        )

    def map(self, target: str, calls: Sequence[Sequence[Value]], pick: int | None = None) -> list[Value]:
        """Call a function once for each tuple of arguments, in one round trip.

        `pick` gives only that position of each returned tuple.
        """
        args = (target, [tuple(each) for each in calls], pick)
        answers: list[Value] = self._ask(Request(who=f"`{target}`", verb="map", args=args, function=target))
        return answers

    def get(self, owner: Handle, name: str) -> Value:
        """Read an attribute of an object that stays with the student's code."""
        return self._ask(Request(who=f"`{owner.kind}.{name}`", verb="get", args=(owner, name)))

    def set(self, owner: Handle, name: str, value: Value) -> None:
        """Set an attribute of an object that stays with the student's code."""
        self._ask(Request(who=f"`{owner.kind}.{name}`", verb="set", args=(owner, name, value)))

    def put(self, value: Value) -> Handle:
        """Put a value there, for calls to come: they get the very same object each time."""
        handle: Handle = self._ask(Request(who="Putting a value there", verb="put", args=(value,)))
        return handle

    def seed(self, seed: int) -> None:
        """Seed NumPy's and Python's global generators there."""
        self._ask(Request(who="Seeding", verb="seed", args=(seed,)))

    def printed(self) -> OutputText:
        """Give what was printed since the handle was opened."""
        return self._printed()


def _wanted(keep: Keep | Sequence[int]) -> str | list[int]:
    return keep.value if isinstance(keep, Keep) else list(keep)


class Session(Protocol):
    """A place where students' code runs: one a submission, and within it one child a handle.

    A handle that met a fault which ended its child starts a new child at its next call; handles to
    objects of the old one are gone (`StudentFault` of kind CRASHED).
    """

    @property
    def walls(self) -> tuple[str, ...]:
        """The walls that stand, for the report's environment."""
        ...

    def student(self, definitions: Definitions, limits: Limits) -> AbstractContextManager[Student]:
        """Open a fresh child in which the definitions are run, then called."""
        ...
