"""A control group for one sandbox, where one can be made: caps what resource limits do not see.

Version 1 has a hierarchy for each controller, version 2 one for all. As root a group can usually be
made; as an ordinary user only below a delegated group (``systemd-run --user --scope -p Delegate=yes``).
Where none can, the sandbox goes without and says so.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

from autograder.model import Struct

ROOT = Path("/sys/fs/cgroup")
PREFIX = "autograder"
MAX_PROCESSES = 128


class Membership(Struct, frozen=True):
    """The groups that this process is in: by controller (version 1), and the unified one (version 2)."""

    by_controller: dict[str, str]
    unified: str | None


def parse_membership(text: str) -> Membership:
    """Read ``/proc/self/cgroup``.

    >>> parse_membership("0::/b").unified
    '/b'
    """
    by_controller: dict[str, str] = {}
    unified = None
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            unified = path
        by_controller |= {name: path for name in controllers.split(",") if name}
    return Membership(by_controller=by_controller, unified=unified)


def candidates(membership: Membership, root: Path) -> list[dict[str, Path]]:
    """Give the groups below which one could be made, best first: by controller."""
    found = []
    if {"memory", "pids"} <= set(membership.by_controller):
        paths = membership.by_controller
        found.append({name: root / name / paths[name].lstrip("/") for name in ("memory", "pids")})
    if membership.unified is not None:
        own = root / membership.unified.lstrip("/")
        # a group that holds processes can't hand controllers on, but the one above it may
        for parent in (own, own.parent):
            if parent.is_relative_to(root) and _hands_on(parent):
                found.append({"memory": parent, "pids": parent})
    return found


def _hands_on(parent: Path) -> bool:
    try:
        return {"memory", "pids"} <= set((parent / "cgroup.subtree_control").read_text().split())
    except OSError:
        return False


class Cgroup:
    """A group for one sandbox; processes enter by ``enforcement.in_cgroups``, which removes it, too."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._memory = folders["memory"]
        self._folders = tuple(dict.fromkeys(folders.values()))
        self._v2 = (self._memory / "memory.max").exists()

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the group is, by hierarchy."""
        return tuple(map(str, self._folders))

    @property
    def version(self) -> int:
        """Which version of control groups."""
        return 2 if self._v2 else 1

    def limit(self, memory_mb: int) -> None:
        """Cap the memory of all that runs in the sandbox together; what is in use already stays."""
        value = str(memory_mb << 20)
        name = "memory.max" if self._v2 else "memory.limit_in_bytes"
        with contextlib.suppress(OSError):
            (self._memory / name).write_text(value)
        with contextlib.suppress(OSError):
            if self._v2:
                (self._memory / "memory.swap.max").write_text("0")
            else:
                (self._memory / "memory.memsw.limit_in_bytes").write_text(value)

    def limit_processes(self) -> None:
        """Cap the processes and threads of the sandbox."""
        (self._folders[-1] / "pids.max").write_text(str(MAX_PROCESSES))

    def killed_for_memory(self) -> int:
        """How many processes the kernel has ended for want of memory."""
        name = "memory.events" if self._v2 else "memory.oom_control"
        with contextlib.suppress(OSError):
            found = re.search(r"^oom_kill (\d+)", (self._memory / name).read_text(), re.MULTILINE)
            return int(found.group(1)) if found else 0
        return 0

    def remove(self) -> None:
        """Remove the group, where its processes did not come to do so."""
        for folder in self._folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
                else:
                    break


def make(name: str, root: Path = ROOT) -> Cgroup | None:
    """Make a group of that name, or give None where this process may not."""
    try:
        membership = parse_membership(Path("/proc/self/cgroup").read_text())
    except OSError:
        return None
    for parents in candidates(membership, root):
        group = _make_below(parents, f"{PREFIX}-{name}")
        if group is not None:
            return group
    return None


def _make_below(parents: dict[str, Path], name: str) -> Cgroup | None:
    made: list[Path] = []
    try:
        for parent in dict.fromkeys(parents.values()):
            (parent / name).mkdir()
            made.append(parent / name)
        group = Cgroup({controller: parent / name for controller, parent in parents.items()})
        group.limit_processes()
        if not all(os.access(folder / "cgroup.procs", os.W_OK) for folder in made):
            raise PermissionError(name)
    except OSError:
        _remove_all(made)
        return None
    return group


def _remove_all(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
