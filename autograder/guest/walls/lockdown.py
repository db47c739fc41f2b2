"""Put walls round this child before it runs a student's code; Linux only.

The harness forks a child. It holds CAP_SYS_ADMIN in the sandbox's own user namespace and no capability
outside it. The walls go up in this order: a mount namespace with a working directory of its own, no
capabilities, Landlock, resource limits, and the seccomp filter, which forbids most calls of the earlier
steps.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from collections.abc import Mapping
from typing import Any

WORK = "/tmp"
MAX_FILES = 1024
# In the filter's bytes this stands for the child's own process id; see autograder.sandbox.filters.
OWN_PID = 0x0BADF00D

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP = 1, 4, 22
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _CLEAR_ALL = 38, 47, 4
_CLONE_NEWNS = 0x20000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> int:
    """Give the result of a system call. Raises `OSError` if the call failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def die_with_parent() -> None:
    """Let the kernel kill this process when the thread that forked it ends."""
    check(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "PR_SET_PDEATHSIG")


def hide_memory() -> None:
    """Keep other processes of the same user from tracing this one and from reading its memory."""
    check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE")


def own_mounts() -> None:
    """Enter a mount namespace from which nothing spreads."""
    check(_libc.unshare(_CLONE_NEWNS), "unshare")
    check(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "mount /")


def mount_work(size_mb: int) -> None:
    """Put an empty file system of a size and a number of files over the working directory."""
    _mount_empty(WORK, f"size={size_mb}m,nr_inodes={MAX_FILES},mode=0700")


def hide(folder: str) -> None:
    """Put an empty file system over a folder, in which nothing can be made."""
    _mount_empty(folder, "nr_inodes=1,mode=0500")


def _mount_empty(folder: str, options: str) -> None:
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    check(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", flags, options.encode()), f"mount {folder}")


def can_mount() -> bool:
    """Say whether this process can give each child a file system of its own."""
    try:
        own_mounts()
        mount_work(1)
    except OSError:
        return False
    return True


def drop_capabilities() -> None:
    """Give up every capability, and the ways to regain one."""
    check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
    check(_libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0), "PR_CAP_AMBIENT")
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    check(_libc.capset(header, bytes(24)), "capset")


def set_limits(limits: Mapping[str, Any]) -> None:
    """Set the soft and the hard resource limits, so that none can be raised again."""
    cpu = max(1, -(-int(limits["cpu_seconds"] * 1000) // 1000))
    tmp = limits["tmp_mb"] << 20
    wanted = {
        resource.RLIMIT_AS: limits["memory_mb"] << 20,
        resource.RLIMIT_FSIZE: tmp,
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_NPROC: limits["threads"] + limits["others"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_STACK: 8 << 20,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 64,
    }
    for what, value in wanted.items():
        resource.setrlimit(what, (value, value))
    # the hard limit kills, even if the code handles the signal of the soft one
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install_filter(program: bytes) -> None:
    """Install a seccomp filter, its placeholder replaced by this process's id."""
    ready = program.replace(struct.pack("<I", OWN_PID), struct.pack("<I", os.getpid()))
    buffer = ctypes.create_string_buffer(ready, len(ready))
    holder = _Program(len(ready) // 8, ctypes.addressof(buffer))
    check(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(holder), 0, 0), "PR_SET_SECCOMP")
