"""Run all attacks in one sandbox, in a process of its own; print those whose outcome is wrong.

Its arguments name the walls that are missing: `cgroup`, `landlock`.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import Any

from attacks import ENDED, LIMITS_BY_KIND, REFUSED, X86
from inside import LIMITS, POLICY, descendants, run

from autograder.authoring.student import FaultKind, Session, StudentFault
from autograder.sandbox import cgroup, open_session

# A few of the slow attacks stand for all: the others keep Python busy in other ways, but meet the same wall.
SLOW = {
    FaultKind.CPU: ("endless loop", "ignores every signal"),
    FaultKind.WALL: ("sleeps",),
}


def outcome(session: Session, name: str) -> str:
    """Give the outcome of an attack: a fault's kind, an error's name, or the value that it returned."""
    if name in ENDED:
        kind, body = ENDED[name]
        found: Any = run(session, f"def attack():\n    {body}", limits=LIMITS_BY_KIND.get(kind, LIMITS))
    else:
        found = run(session, f"def attack(): return refused(lambda: {REFUSED[name][1]})")
    return str(found.kind.value) if isinstance(found, StudentFault) else str(found)


def wanted(name: str) -> set[str]:
    return {ENDED[name][0].value} if name in ENDED else REFUSED[name][0]


def chosen() -> list[str]:
    ended = [name for name, (kind, _) in ENDED.items() if kind not in SLOW or name in SLOW[kind]]
    return [*ended, *(REFUSED if X86 else ())]


def without_landlock() -> None:
    """Make the kernel answer this process and its children as one without Landlock."""
    import pyseccomp

    filtered = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    filtered.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "landlock_create_ruleset")
    filtered.load()


def main(missing: list[str]) -> None:
    if "cgroup" in missing:
        cgroup.plan = lambda _: None
    if "landlock" in missing:
        without_landlock()
    with open_session(POLICY) as session:
        run(session, "def attack(): pass")
        before, wrong = descendants(os.getpid()), {}
        for name in chosen():
            came = outcome(session, name)
            left = run(session, "def attack(): return os.listdir('.')"), descendants(os.getpid()) - before
            if came not in wanted(name) or left != ([], set()):
                wrong[name] = f"{came}, left {left}"
    print(json.dumps({"user": os.getuid(), "walls": session.walls, "count": len(chosen()), "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1:])
