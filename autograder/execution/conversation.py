"""Ask a child process, and judge the form of its answers.

The conversation is the same for every place where a student's code runs; a place opens children for it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from autograder.authoring.student import FaultKind, Handle, Limits, Request, Student, StudentFault, Value
from autograder.errors import GraderFault
from autograder.execution import faults
from autograder.execution.printed import Printed
from autograder.guest import wire
from autograder.model import Definitions
from autograder.text import clean

# A handle's number combines the child's number and the object's, so that no two handles are equal.
_SHIFT = 32
_children = itertools.count(1)


class Child(Protocol):
    """A process in which a student's code runs."""

    def exchange(self, parts: Sequence[wire.Part], adopt: wire.Adopt, who: str) -> Any:
        """Send a request and give its answer, decoded.

        Raises `StudentFault` if the process ended without an answer, `wire.TooLarge` or `wire.Malformed` as
        `wire.decode` does, and `GraderFault` for a fault of our own.
        """
        ...

    def close(self) -> None:
        """End the process."""
        ...


class Conversation:
    """Asks one child after the other; `student` is the handle that asks it.

    Parameters
    ----------
    open_child : callable
        Starts a child.
    definitions : Definitions
        The code that each child runs first.
    limits : Limits
        The limits of each child.
    printed : Printed
        Takes the children's output.
    """

    def __init__(
        self, open_child: Callable[[], Child], definitions: Definitions, limits: Limits, printed: Printed
    ) -> None:
        self._open_child = open_child
        self._definitions = definitions
        self._limits = limits
        self._printed = printed
        self._child: Child | None = None
        self._number = 0
        self._stillborn: StudentFault | None = None
        self.student = Student(self.ask, printed.text)

    def ask(self, request: Request) -> Value:
        """Send a request and give its answer, which has the form that the verb asks for."""
        self._start()
        value = self._exchange(request.who, (request.verb, *request.args))
        problem = _misformed(request, value)
        if problem:
            self.close()
            raise self._fault(FaultKind.PROTOCOL, request.who, problem)
        return value

    def _start(self) -> None:
        """Start a child and have it run the definitions, if there is no child."""
        if self._stillborn is not None:
            raise self._stillborn
        if self._child is not None:
            return
        self._printed.forgive()
        self._child, self._number = self._open_child(), next(_children)
        chunks = [msgspec.to_builtins(chunk) for chunk in self._definitions.chunks]
        try:
            names, withheld = list(self._definitions.compat), list(self._definitions.withheld)
            self._exchange("Running the definitions", ("define", chunks, names, withheld))
        except StudentFault as fault:
            # the next child would end in the same way: an endless loop at the top level is waited for once
            self._stillborn = fault
            raise

    def _exchange(self, who: str, request: tuple[Any, ...]) -> Any:
        assert self._child is not None
        parts = wire.encode(wire.REQUEST, request, self._refer)
        try:
            return self._answer(self._child, parts, who)
        except (StudentFault, GraderFault) as fault:
            if isinstance(fault, GraderFault) or fault.kind.value not in faults.CLAIMABLE:
                self.close()
            elif fault.is_limit:
                # the memory is likely to be full still, and used time stays used
                self.close()
            raise

    def _answer(self, child: Child, parts: Sequence[wire.Part], who: str) -> Any:
        """Give the value of the child's answer; raise the fault that it reports, or is."""
        try:
            answer = child.exchange(parts, self._adopt, who)
        except wire.TooLarge as error:
            raise self._claimed(FaultKind.OUTPUT, who, str(error), "") from error
        except wire.Malformed as error:
            raise self._fault(FaultKind.PROTOCOL, who, str(error)) from error
        match answer:
            case ("ok", value):
                return value
            case ("fault", str(kind), str(detail), str(traceback)) if kind in faults.CLAIMABLE:
                raise self._claimed(faults.CLAIMABLE[kind], who, detail, traceback)
        raise self._fault(FaultKind.PROTOCOL, who, "its form is unknown")

    def _claimed(self, kind: FaultKind, who: str, detail: str, traceback: str) -> StudentFault:
        if kind is FaultKind.OUTPUT:
            detail = faults.returned_too_much(self._limits, detail)
        return self._fault(kind, who, detail, traceback)

    def _fault(self, kind: FaultKind, who: str, detail: str, traceback: str = "") -> StudentFault:
        return faults.make(kind, who, self._limits, detail, traceback)

    def _refer(self, value: Any) -> tuple[int, str]:
        if not isinstance(value, Handle):
            raise GraderFault(f"a check sends a {type(value).__name__}, which has no form on the wire")
        if value.id >> _SHIFT != self._number:
            detail = f"the process that held the {value.kind} is gone"
            raise StudentFault(FaultKind.CRASHED, f"It can't go on: {detail}.")
        return value.id & ((1 << _SHIFT) - 1), value.kind

    def _adopt(self, number: int, kind: str) -> Handle:
        if number >> _SHIFT:
            raise wire.Malformed("a handle's number")
        return Handle(id=self._number << _SHIFT | number, kind=clean(kind, 100))

    def close(self) -> None:
        """End the child; the next call starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.close()


@contextlib.contextmanager
def converse(
    definitions: Definitions, limits: Limits, start: Callable[[Printed], Child]
) -> Iterator[Student]:
    """Open a handle on the definitions; `start` starts each child, and is given what takes its output."""
    printed = Printed(limits.output_kb << 10)
    conversation = Conversation(lambda: start(printed), definitions, limits, printed)
    try:
        yield conversation.student
    finally:
        conversation.close()


def _misformed(request: Request, value: Value) -> str:
    """Describe an answer that does not have the form its request must have; nothing if it has."""
    keep = {"put": "handle", "call": request.args[3:4], "method": request.args[4:5]}.get(request.verb)
    if keep in ("handle", ("handle",)) and not isinstance(value, Handle):
        return "a value, where a handle was asked for"
    if request.verb == "map" and not (isinstance(value, list) and len(value) == len(request.args[1])):
        return "not one value for each call"
    return ""
