"""Define the exit statuses of all commands."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The meanings of exit statuses."""

    DONE = 0
    SOME_FAILED = 1
    USAGE = 2
    NO_SANDBOX = 3
    INTERRUPTED = 130
