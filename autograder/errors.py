"""The errors that the engine raises on purpose.

::

    AutograderError             a person can act on it; its text is shown as it is
    ├── UsageError              the command line asks for something that can't be done      (status 2)
    │   ├── AssignmentError     assignment.toml or the reference is broken
    │   └── DataError           the data set is missing, damaged or not the expected one
    ├── IntakeError             this submission can't be read
    ├── ReleaseError            the release can't be built, is stale, or did not prove itself
    ├── ReportError             a report does not fit the published schema
    ├── SandboxError            this machine can't run a safe sandbox                       (status 3)
    ├── SigningError            this file can't be signed
    └── GraderFault             the grader failed, not the student: never costs a point

    StudentFault                the student's code failed; see `autograder.authoring.student`

A message names the file and the place, and says what was expected and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AutograderError(Exception):
    """Base of the errors whose text is for a person.

    `message` says the problem, its place and what was expected; `hint` says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[type[AutograderError], tuple[str, str]]:
        return type(self), (self.message, self.hint)


class UsageError(AutograderError):
    """The command line asks for something that can't be done."""


class AssignmentError(UsageError):
    """The assignment's definition or its reference is broken."""


class DataError(UsageError):
    """The data set is missing, damaged or not the expected one."""


class IntakeError(AutograderError):
    """One submission can't be read; the others go on."""


class ReleaseError(AutograderError):
    """The release can't be built, is stale, or did not prove itself."""


class ReportError(AutograderError):
    """A report does not fit the published schema."""


class SigningError(AutograderError):
    """A file has no canonical form, so it can't be signed."""


class DeliveryError(AutograderError):
    """The place that grades go to can't be reached, or refuses them."""


class SandboxError(AutograderError):
    """The machine can't run a safe sandbox."""


class GraderFault(AutograderError):
    """The grader itself failed; the submission gets no score, not even 0."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that was probably meant, or list the known names.

    >>> suggestion("filez", ["files", "pdf"])
    'did you mean `files`?'
    >>> suggestion("x", ["files", "pdf"])
    'known are: files, pdf'
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known are: {', '.join(names)}" if names else "there are none"
