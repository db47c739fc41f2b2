"""Turn source into tokens that renaming, layout and comments do not change.

Names become ``V``, except keywords and names after a dot (``np.pad`` keeps its ``pad``). Numbers become ``0``
and strings ``S``; comments and white space are dropped. A regular expression also reads code that does not
parse; a string that is never closed ends with its line.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

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


def tokens_of(source: str) -> Iterator[tuple[str, int, int]]:
    """Give the levelled tokens of one cell, each with its start and end in the source (characters).

    >>> [text for text, _, _ in tokens_of("total += np.sum(a[0])  # add")]
    ['V', '+=', 'V', '.sum', '(', 'V', '[', '0', ']', ')']
    """
    for match in _TOKEN.finditer(source):
        text = _level(match.lastgroup or "", match.group())
        if text:
            yield text, *match.span()


def _level(kind: str, text: str) -> str:
    if kind in ("comment", "magic"):
        return ""
    if kind == "name":
        return text if keyword.iskeyword(text) else "V"
    if kind == "attribute":
        return "." + text[1:].strip()
    return {"string": "S", "number": "0"}.get(kind, text)
