"""Put up Landlock, a second wall round the files, by its three system calls."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

from . import lockdown

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ = 1 << 2 | 1 << 3  # read files, list directories
_EXECUTE = 1 << 0  # the kernel counts libraries that are loaded later as read, not as executed
_ON_FILES = 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # write, read, truncate, ioctl
# The number of kinds of access to files, by version of the interface; unchanged in later ones.
_KINDS = (0, 13, 14, 15, 15, 16)
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Give the version of the kernel's Landlock, 0 where there is none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)))


def _attributes(found: int) -> bytes:
    files = (1 << _KINDS[min(found, len(_KINDS) - 1)]) - 1
    fields = [files]
    if found >= _NETWORK_SINCE:
        fields.append(0b11)  # bind and connect by TCP
    if found >= _SCOPES_SINCE:
        fields.append(0b11)  # abstract sockets and signals to processes outside
    return struct.pack(f"<{len(fields)}Q", *fields)


def restrict(readable: Sequence[str], writable: Sequence[str]) -> int:
    """Let this process read and write only below these paths; give Landlock's version, 0 without it.

    Raises `OSError` if the kernel has Landlock and refuses.
    """
    found = version()
    if not found:
        return 0
    attributes = _attributes(found)
    ruleset = _call(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    every = struct.unpack_from("<Q", attributes)[0]
    for path in readable:
        _allow(ruleset, path, _READ & every)
    for path in writable:
        _allow(ruleset, path, every & ~_EXECUTE)
    _call(_RESTRICT, ruleset, 0)
    os.close(ruleset)
    return found


def _allow(ruleset: int, path: str, access: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        folder = os.path.isdir(path)  # noqa: PTH112
        allowed = access if folder else access & _ON_FILES
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("<Qi", allowed, opened), 0)
    finally:
        os.close(opened)


def _call(number: int, *args: object) -> int:
    return lockdown.check(_libc.syscall(number, *args), "landlock")
