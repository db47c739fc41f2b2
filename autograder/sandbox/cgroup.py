"""Make a control group for one sandbox: it caps memory that the limits of single processes do not see.

Version 1 has a hierarchy for each controller, version 2 one for all. Root can usually make a group. An
ordinary user can make one only below a delegated group (``systemd-run --user --scope -p Delegate=yes``). If
no group can be made, the sandbox runs without one and says so.
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
STALE_SECONDS = 60


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
    """Give the groups below which a new one could be made, by controller, the best first."""
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
    """The group of one sandbox.

    The shell of ``enforcement.in_cgroups``, which outlives a grader that is killed, makes, enters and removes
    it. This class reads it and sets its limits. `parents` are the groups above it, by controller. `folders`
    has one folder for each hierarchy, and `version` is 1 or 2.
    """

    def __init__(self, parents: dict[str, Path], name: str) -> None:
        self._memory, self._pids = parents["memory"] / name, parents["pids"] / name
        self.version = 2 if self._memory == self._pids else 1
        self.folders = tuple(dict.fromkeys((str(self._memory), str(self._pids))))

    def holds(self, pid: int) -> bool:
        """Say whether a process is in the group, in every hierarchy."""
        try:
            return all(str(pid) in Path(f, "cgroup.procs").read_text().split() for f in self.folders)
        except OSError:
            return False

    def limit(self, memory_mb: int) -> None:
        """Cap the memory of everything in the sandbox together; memory that is in use is kept."""
        value = str(memory_mb << 20)
        wanted = [("memory.max", value), ("memory.swap.max", "0")]
        if self.version == 1:
            # memory must stay below memory and swap together: the sum must be raised first and lowered last,
            # so it is written before and after
            both = ("memory.memsw.limit_in_bytes", value)
            wanted = [both, ("memory.limit_in_bytes", value), both]
        for name, text in wanted:
            with contextlib.suppress(OSError):
                (self._memory / name).write_text(text)

    def killed_for_memory(self) -> int:
        """Count the processes that the kernel has ended for want of memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        with contextlib.suppress(OSError):
            found = re.search(r"^oom_kill (\d+)", (self._memory / name).read_text(), re.MULTILINE)
            return int(found.group(1)) if found else 0
        return 0

    def remove(self) -> None:
        """Remove the group, in case its shell was killed before it could."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                Path(folder).rmdir()


def plan(name: str, root: Path = ROOT) -> Cgroup | None:
    """Choose where a group of that name can be made; None if this process may not make one."""
    try:
        membership = parse_membership(Path("/proc/self/cgroup").read_text())
    except OSError:
        return None
    for parents in candidates(membership, root):
        sweep(parents.values())
        if all(os.access(parent, os.W_OK) for parent in parents.values()):
            return Cgroup(parents, f"{PREFIX}-{name}")
    return None


def sweep(parents: Iterable[Path]) -> None:
    """Remove the groups that killed graders left behind."""
    for parent in dict.fromkeys(parents):
        for folder in parent.glob(f"{PREFIX}-*-*"):
            owner = folder.name.split("-")[1]
            with contextlib.suppress(OSError):
                if not Path("/proc", owner).exists() and time.time() - folder.stat().st_mtime > STALE_SECONDS:
                    folder.rmdir()
