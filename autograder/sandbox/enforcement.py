"""Give the command that puts up the walls: bubblewrap's arguments for what is visible inside.

Everything here is pure. `autograder.sandbox.box` runs the command.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.execution.environment import ONE_BLAS_THREAD
from autograder.model import Struct
from autograder.sandbox.policy import PACKAGES, PYTHON, RUN, SUPPORT, Mount

HOST_NAME = "sandbox"
UID = 1000
TMP_MB = 64
MAX_PROCESSES = 128
# Libraries are loaded from these folders; the rest of the system is not visible.
SYSTEM_FOLDERS = ("/usr/lib", "/usr/lib64", "/lib", "/lib64")
DEVICES = ("null", "zero", "full", "random", "urandom")
# Third-party packages of the system's own Python lie in its standard library's folder.
HIDDEN_IN_STANDARD = ("site-packages", "dist-packages")
ENVIRONMENT = {
    "PATH": "/nonexistent",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHOME": PYTHON,
    "LD_LIBRARY_PATH": f"{PYTHON}/lib",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
    **ONE_BLAS_THREAD,
}


class SystemFolder(Struct, frozen=True):
    """A system folder as it is here: a link to another, or a folder of which some or all is mounted."""

    path: str
    link: str | None = None
    mounts: tuple[str, ...] = ()


def system_folders() -> tuple[SystemFolder, ...]:
    """Find the folders in which this system keeps its shared libraries."""
    return tuple(_system_folder(Path(path)) for path in SYSTEM_FOLDERS if Path(path).exists())


def _system_folder(path: Path) -> SystemFolder:
    if path.is_symlink():
        return SystemFolder(path=str(path), link=str(path.readlink()))
    many = tuple(str(p) for p in sorted(path.glob("*-linux-gnu*")) if p.is_dir())
    if many and path.name == "lib":
        return SystemFolder(path=str(path), mounts=many)
    return SystemFolder(path=str(path), mounts=(str(path),))


def arguments(
    mounts: Sequence[Mount],
    sources: Mapping[Path, Path],
    system: Sequence[SystemFolder],
    files: Mapping[str, int],
    descriptors: Mapping[str, int],
) -> list[str]:
    """Give bubblewrap's arguments, without the command.

    `sources` maps a mount's source to its present place, if that is another. `files` maps the path of a file
    to be written inside to the descriptor that holds it. The `descriptors` are ``seccomp`` (the filter) and
    ``status`` (bubblewrap writes the id of the sandbox's first process there).
    """
    return [
        *_namespaces(),
        *(word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value)),
        *_system(system),
        *_devices(),
        *(word for m in mounts for word in ("--ro-bind", str(sources.get(m.source, m.source)), m.target)),
        *_hidden(mounts),
        *(w for path, fd in files.items() for w in ("--perms", "0444", "--file", str(fd), path)),
        *("--size", str(TMP_MB << 20), "--perms", "1777", "--tmpfs", "/tmp"),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"),
        *("--seccomp", str(descriptors["seccomp"]), "--json-status-fd", str(descriptors["status"])),
    ]


def _namespaces() -> list[str]:
    """Ask for new namespaces of every kind, and in them for CAP_SYS_ADMIN, which separates the children."""
    return [
        *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-net"),
        *("--unshare-cgroup-try", "--disable-userns", "--uid", str(UID), "--gid", str(UID)),
        *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--die-with-parent", "--new-session"),
        *("--hostname", HOST_NAME, "--clearenv"),
    ]


def _system(folders: Sequence[SystemFolder]) -> list[str]:
    words: list[str] = []
    for folder in folders:
        if folder.link is not None:
            words += ["--symlink", folder.link, folder.path]
        for path in folder.mounts:
            words += ["--ro-bind", path, path]
    return words


def _devices() -> list[str]:
    words = ["--size", "65536", "--perms", "0755", "--tmpfs", "/dev"]
    for name in DEVICES:
        words += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    return words


def _hidden(mounts: Sequence[Mount]) -> list[str]:
    """Cover the third-party packages that lie in the standard library's folder."""
    words: list[str] = []
    for mount in mounts:
        for name in HIDDEN_IN_STANDARD:
            if mount.target.startswith(f"{PYTHON}/lib/python") and (mount.source / name).is_dir():
                target = f"{mount.target}/{name}"
                words += ["--size", "4096", "--perms", "0555", "--tmpfs", target, "--remount-ro", target]
    return words


def readable_paths(system: Sequence[SystemFolder]) -> list[str]:
    """Give the paths that a student's code may read, for the second wall (Landlock)."""
    found = [path for folder in system for path in folder.mounts]
    return [*found, PYTHON, PACKAGES, SUPPORT, "/dev"]


def harness_command(
    python_name: str, control: int, preload: Sequence[str], readable: Sequence[str], importable: Sequence[str]
) -> list[str]:
    """Give the command that runs inside."""
    # appended, so that no module here can replace one of the standard library
    code = (
        f"import sys; sys.path += [{PACKAGES!r}, {SUPPORT!r}, {RUN!r}]; "
        "from guest.walls import harness; sys.path.pop(); "
        f"harness.main({control}, {list(preload)!r}, {list(readable)!r}, {list(importable)!r})"
    )
    return [f"{PYTHON}/bin/{python_name}", "-s", "-S", "-P", "-B", "-c", code]


def drop_user(uid: int) -> list[str]:
    """Give the words before a command that take root's identity and every privilege from it."""
    return [
        *("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"),
        *("--bounding-set=-all", "--inh-caps=-all", "--"),
    ]


def in_cgroups(folders: Sequence[str], command: Sequence[str]) -> list[str]:
    """Give a command that makes control groups, runs another in them, and removes them again.

    The shell outlives a grader that is killed, and cleans up. It skips a step that is not permitted; the
    grader checks afterwards whether the sandbox is in the groups.
    """
    make, enter, leave = [], [], []
    for folder in map(shlex.quote, folders):
        make.append(f"mkdir {folder}; echo {MAX_PROCESSES} >{folder}/pids.max; ")
        enter.append(f"echo 0 >{folder}/cgroup.procs; ")
        remove = f"rmdir {folder} && break; [ -d {folder} ] || break; sleep 0.02"
        leave.append(f"for try in 1 2 3 4 5 6 7 8 9; do {remove}; done; ")
    script = (
        f'{{ {"".join(make)}}} 2>/dev/null; ( {{ {"".join(enter)}}} 2>/dev/null; exec "$@" ); status=$?; '
        f"{{ {''.join(leave)}}} 2>/dev/null; exit $status"
    )
    return ["sh", "-c", script, "sh", *command]
