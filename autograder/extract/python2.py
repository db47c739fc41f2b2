"""Python 2's statements in Python 3's form, line for line: ``print``, ``except A, e``, ``raise A, 'x'``.

Works on tokens, so that strings, comments and continued lines stay what they are.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import tokenize
from collections.abc import Iterator, Sequence
from tokenize import TokenInfo

from autograder.extract.magics import fresh_lines
from autograder.model import Struct

_COMPOUND = frozenset(
    {"if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class"}
)
_SPACE = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
# after `print`, these say that it is a name and not a statement
_NOT_A_STATEMENT = frozenset({"=", ".", ",", ")", "]", "}", ":", "in", "is", "and", "or", "if", "==", "+="})
_REDIRECTED = re.compile(r"\bprint[ \t]*>>")
_PRINTED, _FORMATTED = re.compile(r"\bprint[ \t]*\("), re.compile(r"\)[ \t]*%")
# Python's own tokenizer takes quadratic time on a line of quotes that are never closed.
MAX_LINE = 10_000


class Converted(Struct):
    """A source in Python 3's form, and the lines (from 1) that changed."""

    source: str
    lines: tuple[int, ...] = ()


class _Edit(Struct):
    """A replacement within one line: from column `start` to `end` of row `row` (from 1)."""

    row: int
    start: int
    end: int
    text: str


def fails_silently(source: str) -> bool:
    """Say whether old code parses today and fails when it runs: ``print >>f, x``, ``print("%d") % x``."""
    return "print" in source and (
        _REDIRECTED.search(source) is not None or any(map(_prints_formatted, source.split("\n")))
    )


def _prints_formatted(line: str) -> bool:
    opened = _PRINTED.search(line)
    return opened is not None and _FORMATTED.search(line, opened.end()) is not None


def to_python3(source: str) -> Converted:
    """Convert the old statements; a source with a line above `MAX_LINE` comes back unchanged."""
    if max(map(len, source.split("\n"))) > MAX_LINE:
        return Converted(source=source)
    text = _untabbed(source)
    edits = [edit for statement in _statements(_tokens(text)) for edit in _converted(statement)]
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda e: (e.row, e.start, e.end), reverse=True):
        line = lines[edit.row - 1]
        lines[edit.row - 1] = line[: edit.start] + edit.text + line[edit.end :]
    old = source.split("\n")
    changed = tuple(n for n, (a, b) in enumerate(zip(old, lines, strict=True), 1) if a != b)
    return Converted(source="\n".join(lines), lines=changed)


def _untabbed(source: str) -> str:
    """Expand tabs to Python 2's eight columns where tabs and spaces are mixed, which Python 3 refuses."""
    lines = source.split("\n")
    leading = "".join(line[: len(line) - len(line.lstrip(" \t"))] for line in lines)
    if "\t" not in leading or " " not in leading:
        return source
    return "\n".join(
        _spaced(line) if fresh else line for line, fresh in zip(lines, fresh_lines(lines), strict=True)
    )


def _spaced(line: str) -> str:
    code = line.lstrip(" \t")
    return line[: len(line) - len(code)].expandtabs(8) + code


def _tokens(source: str) -> list[TokenInfo]:
    """Give the tokens up to the first error."""
    found: list[TokenInfo] = []
    # the tokens before an error are good
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        found.extend(tokenize.generate_tokens(io.StringIO(source).readline))
    return found


def _statements(tokens: Sequence[TokenInfo]) -> Iterator[list[TokenInfo]]:
    """Give the tokens of each simple statement, also behind a colon, without line ends and comments."""
    statement: list[TokenInfo] = []
    depth = 0
    for token in tokens:
        if token.type in (*_SPACE, tokenize.COMMENT, tokenize.ENDMARKER):
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                yield statement
                statement = []
            continue
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
        statement.append(token)
        header = token.string == ":" and depth == 0 and statement[0].string in _COMPOUND
        if header or (token.string == ";" and depth == 0):
            yield statement if header else statement[:-1]
            statement = []
    yield statement


def _converted(statement: Sequence[TokenInfo]) -> Iterator[_Edit]:
    yield from _operators(statement)
    first = statement[0].string if statement else ""
    if first == "print":
        yield from _print(statement[0], statement[1:])
    elif first == "except":
        yield from _except(statement)
    elif first == "raise":
        yield from _raise(statement)


def _operators(tokens: Sequence[TokenInfo]) -> Iterator[_Edit]:
    """Convert ``<>``, and whole numbers with an L."""
    for one, two in itertools.pairwise(tokens):
        if one.end != two.start:
            continue
        if one.string == "<" and two.string == ">":
            yield _Edit(row=one.start[0], start=one.start[1], end=two.end[1], text="!=")
        elif one.type == tokenize.NUMBER and two.string in ("L", "l"):
            yield _Edit(row=two.start[0], start=two.start[1], end=two.end[1], text="")


def _print(keyword: TokenInfo, rest: Sequence[TokenInfo]) -> Iterator[_Edit]:
    if rest and (rest[0].string in _NOT_A_STATEMENT or _is_call(rest)):
        return
    if not rest:
        yield _insert(keyword.end, "()")
        return
    values, options = rest, []
    if rest[0].string == ">>":
        comma = (*_commas(rest), len(rest))[0]
        values = rest[comma + 1 :]
        options.append("file=" + "".join(token.string for token in rest[1:comma]))
        yield from (_replace(token, "") for token in rest[: comma + 1])
    if values and values[-1].string == ",":
        yield _replace(values[-1], "")
        options.append("end=' '")
    yield _insert(keyword.end, "(")
    yield _insert(rest[-1].end, ", " * bool(values and options) + ", ".join(options) + ")")


def _is_call(rest: Sequence[TokenInfo]) -> bool:
    """Say whether the first token opens a bracket that the last one closes."""
    depth = 0
    for place, token in enumerate(rest):
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
        if depth <= 0:
            return rest[0].string == "(" and place == len(rest) - 1
    return False


def _except(statement: Sequence[TokenInfo]) -> Iterator[_Edit]:
    """Convert ``except A, e:``, which has its comma two tokens before the colon."""
    commas = _commas(statement)
    if commas and commas[-1] == len(statement) - 3 and statement[-2].type == tokenize.NAME:
        yield _replace(statement[commas[-1]], " as")


def _raise(statement: Sequence[TokenInfo]) -> Iterator[_Edit]:
    """Convert ``raise A, 'text'``; a third part, a traceback, is left out."""
    commas = _commas(statement)
    if not commas:
        return
    end = commas[1] if len(commas) > 1 else len(statement)
    yield _replace(statement[commas[0]], "(")
    yield _insert(statement[end - 1].end, ")")
    yield from (_replace(token, "") for token in statement[end:])


def _commas(tokens: Sequence[TokenInfo]) -> list[int]:
    """Give the places of the commas outside of brackets."""
    found, depth = [], 0
    for place, token in enumerate(tokens):
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
        if token.string == "," and depth == 0:
            found.append(place)
    return found


def _replace(token: TokenInfo, text: str) -> _Edit:
    return _Edit(row=token.start[0], start=token.start[1], end=token.end[1], text=text)


def _insert(place: tuple[int, int], text: str) -> _Edit:
    return _Edit(row=place[0], start=place[1], end=place[1], text=text)
