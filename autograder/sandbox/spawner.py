"""Start processes from one thread that lives as long as this process does.

Two things depend on the thread that starts a sandbox. Bubblewrap's ``--die-with-parent`` ends the sandbox
when that thread ends. And a mount namespace belongs to a thread: if root runs the grader, this thread first
enters a namespace of its own. Only the sandboxes that it starts see its mounts there, such as an interpreter
from below ``/root``. The mounts are gone with the last of these sandboxes, even if the grader is killed.
"""

from __future__ import annotations

import ctypes
import os
import queue
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from autograder.errors import SandboxError
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.policy import Mount

_CLONE_NEWNS, _MS_BIND, _MS_REC, _MS_SLAVE = 0x20000, 0x1000, 0x4000, 1 << 19
# Existing folders from which a sandbox needs nothing: a stage can be mounted over one of them.
STAGES = ("/mnt", "/media", "/srv", "/var/tmp", "/run")


class Spawner:
    """A daemon thread that runs what it is handed, one after the other."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.stage: Stage | None = None
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="sandbox-spawner", daemon=True).start()

    def run(self, job: Callable[[], Any]) -> Any:
        """Run a job on the thread; return its result or raise its error."""
        done: Future[Any] = Future()
        self._jobs.put((job, done))
        return done.result()

    def on_stage(self, mounts: Iterable[Mount], act: Callable[[Stage], Any]) -> Any:
        """Run a job on the stage; the first job makes the stage, over none of the mounts' sources."""

        def job() -> Any:
            self.stage = self.stage or Stage(mount.source for mount in mounts)
            return act(self.stage)

        return self.run(job)

    def start(
        self, command: list[str], inherited: Iterable[int], stderr: int, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, with these descriptors."""

        def job() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                pass_fds=tuple(inherited),
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )

        process: subprocess.Popen[bytes] = self.run(job)
        return process

    def hides(self, sources: Iterable[Path]) -> bool:
        """Say whether the stage is mounted over one of the sources."""
        stage = self.stage
        return stage is not None and any(path.is_relative_to(stage.root) for path in sources)

    def _work(self) -> None:
        while True:
            job, done = self._jobs.get()
            try:
                done.set_result(job())
            except BaseException as error:
                done.set_exception(error)


_spawners: list[Spawner] = []


def spawner_for(sources: Iterable[Path]) -> Spawner:
    """Give a spawner of this process that sees all the sources."""
    wanted = list(sources)
    for known in _spawners:
        if known.pid == os.getpid() and not known.hides(wanted):
            return known
    # any others belong to the process from which this one was forked, or hide a source
    _spawners.append(Spawner())
    return _spawners[-1]


# --- what root must show to the sandbox's user -----------------------------------------------------


def reachable(path: Path) -> bool:
    """Say whether any user can reach and read the path."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents) and readable(path)


def readable(path: Path) -> bool:
    """Say whether any user who reaches the path can read it."""
    mode = path.stat().st_mode
    return bool(mode & stat.S_IROTH) and (bool(mode & stat.S_IXOTH) or not stat.S_ISDIR(mode))


def readable_throughout(path: Path) -> bool:
    """Say whether any user who reaches the path can read everything in it."""
    return readable(path) and all(readable(found) for found in path.rglob("*"))


class Stage:
    """A place in the spawner's own mount namespace that every user can reach; root only.

    Use it on the spawner's thread only. It is never mounted over one of the `sources`.
    """

    def __init__(self, sources: Iterable[Path]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._bound: dict[Path, Path] = {}
        self._count = 0
        self.root = choose_stage(sources)
        self._call(self._libc.unshare(_CLONE_NEWNS), "unshare")
        self._mount(None, Path("/"), None, _MS_REC | _MS_SLAVE)
        self._mount(b"stage", self.root, b"tmpfs", 0, b"mode=0755,size=256m")

    def _call(self, result: int, what: str) -> None:
        if result:
            reason = os.strerror(ctypes.get_errno())
            raise SandboxError(f"{what}: {reason}", "Run the grader as an ordinary user instead of root.")

    def _mount(
        self, source: bytes | None, at: Path, kind: bytes | None, flags: int, data: bytes = b""
    ) -> None:
        result = self._libc.mount(source, os.fsencode(at), kind, flags, data or None)
        self._call(result, f"mount {at}")

    def show(self, mounts: Iterable[Mount]) -> tuple[dict[Path, Path], Path]:
        """Make all sources reachable; give the new places of those that moved, and the copies' folder."""
        self._count += 1
        copies = self.root / f"copies-{self._count}"
        places: dict[Path, Path] = {}
        for mount in mounts:
            if mount.copied and not (reachable(mount.source) and readable_throughout(mount.source)):
                places[mount.source] = self._copy(mount.source, copies)
            elif not reachable(mount.source):
                places[mount.source] = self._bind(mount.source)
        return places, copies

    def show_program(self, found: Bubblewrap) -> Path:
        """Make a packaged bubblewrap reachable, with its libraries; give its new place."""
        at = self.root / "bubblewrap"
        if not at.exists():
            for folder in found.folders:
                shutil.copytree(found.home / folder, at / folder)
            for made in (at, *at.rglob("*")):
                made.chmod(0o755)
        return at / found.program.relative_to(found.home)

    def _bind(self, source: Path) -> Path:
        if source not in self._bound:
            at = self.root / str(len(self._bound))
            at.mkdir() if source.is_dir() else at.touch()
            self._mount(os.fsencode(source), at, None, _MS_BIND | _MS_REC)
            self._bound[source] = at
        return self._bound[source]

    def _copy(self, source: Path, copies: Path) -> Path:
        at = copies / str(len(list(copies.glob("*")))) / source.name
        at.parent.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, at)
        else:
            shutil.copy2(source, at)
        for made in (copies, at.parent, at, *at.rglob("*")):
            made.chmod(0o755 if made.is_dir() else 0o644)
        return at


def choose_stage(sources: Iterable[Path]) -> Path:
    """Choose an existing folder to mount the stage over that hides none of the sources.

    Raises `SandboxError` if every known place has a source below it.
    """
    wanted = list(sources)
    for name in STAGES:
        stage = Path(name)
        if stage.is_dir() and not stage.is_symlink() and not any(p.is_relative_to(stage) for p in wanted):
            return stage
    raise SandboxError(f"no folder to stage the interpreter in: {', '.join(STAGES)} are all in use")
