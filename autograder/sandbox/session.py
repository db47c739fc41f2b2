"""Hold a session: one sandbox for one submission, and in it one child for each handle."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from autograder.authoring.student import FaultKind, Limits, Student, StudentFault
from autograder.errors import GraderFault, SandboxError
from autograder.execution import faults
from autograder.execution.conversation import converse
from autograder.execution.pipes import Ended, Line, Overdue
from autograder.execution.printed import Flooded, Printed
from autograder.guest import wire
from autograder.model import Definitions
from autograder.sandbox.box import Box, Ending, Ready, StartFailed
from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.policy import Policy, worth_preloading

# Seconds in which the harness must fork a child, and report how one ended.
READY_SECONDS, ENDING_SECONDS = 20.0, 3.0


def describe_walls(ready: Ready, group: Cgroup | None) -> tuple[str, ...]:
    """Name the walls that stand round a sandbox."""
    work = "own file system for each child" if ready.own_work else "one file system for all children"
    walls = ["namespaces", "read-only root", "seccomp", "resource limits", work]
    if ready.landlock:
        walls.append(f"landlock {ready.landlock}")
    walls.append(f"cgroup v{group.version}" if group else "watchdog (no cgroup)")
    return tuple(walls)


class SandboxChild:
    """A child in a sandbox; see `autograder.execution.conversation.Child`."""

    def __init__(self, box: Box, limits: Limits, printed: Printed, preload: list[str]) -> None:
        self._box = box
        self._limits = limits
        self._oom = box.killed_for_memory()
        self._ready = False
        self._printed = printed
        self._line = Line(printed)
        try:
            self._number = box.start_child(limits, self._line.theirs, preload)
        except BaseException:
            self._line.close()
            raise
        self._line.hand_over()
        self._ended = False

    def exchange(self, parts: Sequence[wire.Part], adopt: wire.Adopt, who: str) -> Any:
        """See `Child.exchange`."""
        try:
            self._wait_until_ready()
            self._line.deadline = time.monotonic() + faults.last_moment(self._limits)
            self._line.send(parts)
            answer = wire.decode(wire.ANSWER, self._line, adopt, self._limits.result_mb << 20)
            self._line.take_printed()
            return answer
        except Overdue as error:
            raise self._fault(FaultKind.WALL, who) from error
        except Flooded as error:
            raise self._fault(FaultKind.OUTPUT, who, faults.printed_too_much(self._limits)) from error
        except Ended as error:
            raise self._why(who) from error

    def _wait_until_ready(self) -> None:
        """Wait for the child's word that its walls stand; no student's code has run before it."""
        if self._ready:
            return
        self._line.deadline = time.monotonic() + READY_SECONDS
        try:
            word = wire.decode_word(self._line)
        except (Overdue, Ended, Flooded, wire.Malformed, wire.TooLarge) as error:
            ending = self._end()
            word = f"{type(error).__name__}, {ending}; {self._box.log()}"
        if word != wire.READY:
            raise GraderFault(f"the walls of a child do not stand: {word}")
        self._ready = True

    def _fault(self, kind: FaultKind, who: str, detail: str = "") -> StudentFault:
        return faults.make(kind, who, self._limits, detail)

    def _why(self, who: str) -> StudentFault:
        """Say why the child closed its end."""
        with contextlib.suppress(Flooded):
            self._line.take_printed()
        ending = self._box.ending(self._number, 0.5)
        if ending is None and not self._box.alive:
            if self._out_of_memory():
                return self._fault(FaultKind.MEMORY, who)
            raise GraderFault(f"the sandbox ended while {who} ran; {self._box.log()}")
        if ending is None:
            self._end()
            return self._fault(FaultKind.PROTOCOL, who, "it closed the way back")
        self._ended = True
        kind = faults.kind_of_ending(ending.code, ending.cpu, self._limits, self._out_of_memory())
        return faults.made_by_ending(kind, who, self._limits, ending.code, self._printed.place_of_crash())

    def _out_of_memory(self) -> bool:
        return self._box.killed_for_memory() > self._oom

    def _end(self) -> Ending | None:
        """End the child; if the harness fails to, end the whole sandbox."""
        if self._ended:
            return None
        self._ended = True
        self._box.kill_child(self._number)
        ending = self._box.ending(self._number, ENDING_SECONDS)
        if ending is None:
            self._box.close(at_once=True)
        return ending

    def close(self) -> None:
        """See `Child.close`."""
        self._end()
        self._line.close()


def _require_ready(box: Box) -> tuple[str, ...]:
    """Wait for a sandbox, and name its walls; raise if it can't be used."""
    try:
        ready = box.stand()
    except StartFailed as error:
        raise GraderFault(f"the sandbox did not start: {error}") from error
    if ready.failed:
        name, reason = next(iter(ready.failed.items()))
        raise GraderFault(f"`{name}` can't be imported in the sandbox: {reason}")
    if not (ready.own_work or ready.landlock):
        # all children share /tmp then, so that a check could find the files of an earlier one
        raise SandboxError(
            "the sandbox does not hold: a check could find the files of an earlier one",
            "It needs a kernel with Landlock (5.13 or newer), or the right to mount in a user namespace.",
        )
    return describe_walls(ready, box.cgroup)


class SandboxSession:
    """See `autograder.authoring.student.Session`.

    Definitions from which something is withheld run in a second sandbox, of the policy `judged`.

    Raises `GraderFault` if the sandbox does not start, and `SandboxError` if nothing keeps its children's
    files apart.
    """

    def __init__(self, policy: Policy, judged: Policy | None = None) -> None:
        self._policies = (policy, judged or policy)
        self._boxes: dict[Policy, Box] = {}
        self.walls = self._start(*dict.fromkeys(self._policies))

    def _start(self, *policies: Policy) -> tuple[str, ...]:
        """Start sandboxes, and name their walls.

        They start side by side, since most of a start is the import of NumPy inside.
        """
        with contextlib.ExitStack() as stack:
            boxes = {policy: stack.enter_context(contextlib.closing(Box(policy))) for policy in policies}
            walls = [_require_ready(box) for box in boxes.values()]
            stack.pop_all()
        self._boxes |= boxes
        return walls[-1]

    def student(self, definitions: Definitions, limits: Limits) -> AbstractContextManager[Student]:
        """See `Session.student`."""
        policy = self._policies[bool(definitions.withheld)]
        preload = worth_preloading((chunk.source for chunk in definitions.chunks), policy.packages)
        return converse(
            definitions, limits, lambda out: SandboxChild(self._box(policy), limits, out, preload)
        )

    def _box(self, policy: Policy) -> Box:
        """Give the sandbox of a policy; start one if there is none, or if it has ended."""
        box = self._boxes.get(policy)
        if box is None or not box.alive:
            if box is not None:
                box.close(at_once=True)
            self._start(policy)
        return self._boxes[policy]

    def close(self) -> None:
        """End the sandboxes and everything in them."""
        for box in self._boxes.values():
            box.close()
