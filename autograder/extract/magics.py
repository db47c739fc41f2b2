"""Read the Python in a cell as IPython does: without magics, shell lines, help lines, prompts and indent.

Every line keeps its number, so that messages can name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# Cell magics whose body is in another language or runs in a process of its own. Any other body is Python.
_FOREIGN_NAMES = """
    ! bash cmd script sh shell sx system file writefile HTML html javascript js Latex latex markdown mermaid
    SVG svg bigquery configure cython f2py julia local lua octave perl R ruby sql pypy python python2 python3
"""
_FOREIGN = frozenset(_FOREIGN_NAMES.split())
# Line magics that run the rest of their line as a statement of the notebook.
_RUNS_STATEMENT = re.compile(
    r"^(?P<indent>\s*)%(?:time|prun)\s+(?:-[lsTD]\s+\S+\s+|--?[\w-]+\s+)*(?P<statement>[^-\s%!].*)$"
)
# `files = !ls`: the value comes from a shell or a magic
_GETS_OUTPUT = re.compile(r"^(?P<target>\s*[^#'\"=]*[\w)\]]\s*=\s*)(?P<magic>[%!](?!=).*)$")
_CLASSIC = re.compile(r"^(?:>>>|\.\.\.)(?: |$)")
_NUMBERED = re.compile(r"^(?:In \[\d+\]: |\s*\.{3,}: ?)")
# Magics, shell lines, calls without brackets (`/f 1 2`), and help, as in `np.sum?` or `x = np.*load*??`.
_MAGIC = re.compile(r"^(?P<indent>\s*)(?:[%!?,;/]|[^#'\"]*[\w*\]]\?{1,2}\s*(?:#.*)?$)")
_LEFT_EDGE = re.compile(r"(?:def|class|import|from|@|if|for|while|with|try|return)\b|[@!]")
_WORD = re.compile(r"[^\W\d]")
_TOKEN = re.compile(r"""#.*|'{3}|"{3}|'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|[()\[\]{}]""")
_QUOTES = {quote: re.compile(rf"(?:\\.|(?!{quote})[^\\])*{quote}") for quote in ("'''", '"""')}


class _LineReader:
    """Follows brackets, strings and backslashes, to tell on which lines a statement can start."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._joined = False
        self._after_gap = False

    def is_fresh(self, line: str) -> bool:
        """Say whether a statement can start here.

        A keyword at the left edge, or any word there after an empty line, ends an unclosed bracket.
        """
        at_edge = _LEFT_EDGE.match(line) or (self._after_gap and _WORD.match(line))
        if not self._quote and at_edge:
            self._depth = 0
        return not (self._depth or self._quote or self._joined)

    def feed(self, line: str) -> None:
        """Read one line."""
        position = self._after_string(line) if self._quote else 0
        comment = False
        while position < len(line) and (found := _TOKEN.search(line, position)) is not None:
            position, token = found.end(), found.group()
            comment = token.startswith("#")
            self._take(token)
            if self._quote:
                position = self._after_string(line, position)
        self._joined = line.endswith("\\") and not comment and not self._quote
        self._after_gap = not line.strip()

    def _take(self, token: str) -> None:
        if token in _QUOTES:
            self._quote = token
        elif token in "([{":
            self._depth += 1
        elif token in ")]}":
            self._depth = max(0, self._depth - 1)

    def _after_string(self, line: str, position: int = 0) -> int:
        found = _QUOTES[self._quote].match(line, position)
        if found is None:
            return len(line)
        self._quote = ""
        return found.end()


def fresh_lines(lines: Sequence[str]) -> Iterator[bool]:
    """Say for each line whether a statement can start there, outside brackets, strings and joined lines."""
    reader = _LineReader()
    for line in lines:
        yield reader.is_fresh(line)
        reader.feed(line)


def magic_of(source: str) -> str:
    """Give the magic that a cell begins with (``%%time``), or an empty string."""
    found = re.match(r"\s*(%%\w+)", source)
    return found[1] if found else ""


def python_of(source: str) -> str:
    """Give the Python in a cell, line for line; any other line becomes ``pass`` or an empty line."""
    lines = _without_prompts(_without_indent(source.split("\n")))
    head = _first(lines)
    if lines[head].startswith("%%"):
        name = re.match(r"%%(\w+|!)?", lines[head])
        if name is None or (name[1] or "") in _FOREIGN:
            return "\n" * (len(lines) - 1)
        lines[head] = ""
        lines = _without_indent(lines)
    return "\n".join(_without_magics(lines))


def _first(lines: Sequence[str]) -> int:
    """Give the place of the first line that is not blank."""
    return next((i for i, line in enumerate(lines) if line.strip()), 0)


def _without_indent(lines: list[str]) -> list[str]:
    """Remove the first line's indent from every line that begins with it."""
    head = lines[_first(lines)]
    indent = head[: len(head) - len(head.lstrip(" \t"))]
    return [line.removeprefix(indent) for line in lines] if indent else lines


def _without_prompts(lines: list[str]) -> list[str]:
    """Remove the prompts of Python (``>>>``) or IPython (``In [7]:``) if the first line has one."""
    for prompt, start in ((_CLASSIC, ">>>"), (_NUMBERED, "In [")):
        head = lines[_first(lines)]
        if head.startswith(start) and prompt.match(head):
            return [prompt.sub("", line, count=1) for line in lines]
    return lines


def _stand_in(output: re.Match[str] | None, magic: re.Match[str] | None) -> str:
    """Give Python for another line; a shell's output becomes a call that says why there is none."""
    if output is not None:
        return f"{output['target']}get_ipython().getoutput({output['magic']!r})"
    return f"{magic['indent']}pass" if magic is not None else ""


def _without_magics(lines: Sequence[str]) -> Iterator[str]:
    reader = _LineReader()
    continued = False
    for written in lines:
        is_fresh = reader.is_fresh(written) and not continued
        statement = _RUNS_STATEMENT.match(written) if is_fresh else None
        line = statement["indent"] + statement["statement"] if statement is not None else written
        output = _GETS_OUTPUT.match(line) if is_fresh else None
        found = _MAGIC.match(line) if is_fresh else None
        if continued or output is not None or found is not None:
            yield "" if continued else _stand_in(output, found)
            continued = line.endswith("\\")
        else:
            reader.feed(line)
            yield line
