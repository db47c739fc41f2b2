"""The exception with which intake refuses to read something; it carries a notice."""

from __future__ import annotations

from autograder.model import Notice


class RejectedInput(Exception):
    """Something untrusted is not read.

    Parameters
    ----------
    code : str
        A stable kebab-case name.
    message : str
        A whole sentence: what it is, what was expected, what to do.
    where : str, optional
        The file or the cell.
    """

    def __init__(self, code: str, message: str, where: str = "") -> None:
        super().__init__(message)
        self.notice = Notice(code=code, message=message, where=where)

    def __reduce__(self) -> tuple[type[RejectedInput], tuple[str, str, str]]:
        return type(self), (self.notice.code, self.notice.message, self.notice.where)
