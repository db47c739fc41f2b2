"""From source to tokens that stay the same under renaming, new layout and comments.

Names become ``V``, except keywords and what follows a dot (``np.pad`` keeps its ``pad``), numbers ``0``,
strings ``S``; comments and white space are gone. The reader is a regular expression, so that code that does
not parse is read as well; a string that is never closed ends with its line.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from autograder.model import Struct

_TOKEN = re.compile(
    r"""
    (?P<string>[rbfuRBFU]{0,2}(?:'''(?s:.)*?'''|\"\"\"(?s:.)*?\"\"\"|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?))
  | (?P<comment>\#[^\n]*)
  | (?P<magic>(?m:^)[ \t]*[%!][^\n]*)
  | (?P<attribute>\.[ \t]*[^\W\d]\w*)
  | (?P<name>[^\W\d]\w*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>\*\*=?|//=?|[-+*/%@&|^<>=!:]=|->|\S)
    """,
    re.VERBOSE,
)


class Token(Struct):
    """A levelled token, and its place in the source (characters)."""

    text: str
    start: int
    end: int


def tokens_of(source: str) -> Iterator[Token]:
    """Give the levelled tokens of one cell.

    >>> [token.text for token in tokens_of("total += np.sum(a[0])  # add")]
    ['V', '+=', 'V', '.sum', '(', 'V', '[', '0', ']', ')']
    """
    for match in _TOKEN.finditer(source):
        text = _level(match.lastgroup or "", match.group())
        if text:
            yield Token(text=text, start=match.start(), end=match.end())


def _level(kind: str, text: str) -> str:
    if kind in ("comment", "magic"):
        return ""
    if kind == "name":
        return text if keyword.iskeyword(text) else "V"
    if kind == "attribute":
        return "." + text[1:].strip()
    return {"string": "S", "number": "0"}.get(kind, text)
