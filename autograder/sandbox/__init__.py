"""Run students' code behind walls: one sandbox for each submission, one child process for each handle.

`open_session` gives a `Session` within a `Policy`; `self_test` shows that the walls stand here.
`docs/security.md` says which attacks they stop, and how.

::

    grader                               decides, scores, holds the clock
      └─ sh                              makes and removes the control group, where one can be made
          └─ setpriv, then bwrap         as a user of its own, where the grader is root
              └─ bwrap (pid 1 inside)    namespaces, a read-only root, the first seccomp filter
                  └─ harness             imports once, forks, kills, says how each child ended
                      ├─ child           one handle: /tmp, Landlock, resource limits, the second filter
                      └─ child           another handle

`policy` and `support` decide what is visible inside, `enforcement` gives the arguments for that, and
`filters` lists the system calls that are allowed. These four touch nothing. `box`, `spawner`, `cgroup`,
`watchdog` and `session` act. `autograder.guest` runs inside. Modules that need Linux are imported only when a
sandbox is started, so that a self-check runs on every system.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, closing

from autograder.authoring.student import Session
from autograder.errors import SandboxError
from autograder.sandbox.policy import Policy
from autograder.sandbox.results import SelfTest, WallTest

__all__ = ["Policy", "SelfTest", "WallTest", "open_session", "self_test"]


def _require_linux() -> None:
    if sys.platform != "linux":
        raise SandboxError(
            f"there is no sandbox for {sys.platform}",
            "Grade in a Linux virtual machine, or in WSL2 on Windows.",
        )


def open_session(policy: Policy, withheld: tuple[str, ...] = ()) -> AbstractContextManager[Session]:
    """Start a sandbox; the end of the context ends everything in it.

    Definitions from which something is withheld run in a second sandbox, whose support code lacks the
    functions that `withheld` names.

    Raises `SandboxError` if something is missing that a sandbox needs, and `GraderFault` if it does not
    start.
    """
    _require_linux()
    from autograder.sandbox.session import SandboxSession
    from autograder.sandbox.support import without

    return closing(SandboxSession(policy, without(policy, withheld)))


def self_test(policy: Policy) -> SelfTest:
    """Start a sandbox and test its walls from inside: some actions must work, others must be refused.

    Raises `SandboxError` if it does not start, or a wall does not stand.
    """
    _require_linux()
    from autograder.sandbox.selftest import run

    return run(policy)
