"""Convert Python 2's statements to Python 3, line for line: ``print``, ``except A, e``, ``raise A, 'x'``.

Works on tokens, so that strings, comments and continued lines stay as they are.
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

_COMPOUND = frozenset(
    {"if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class"}
)
_SPACE = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
# Followed by one of these, `print` is a name and not a statement.
_NOT_A_STATEMENT = frozenset({"=", ".", ",", ")", "]", "}", ":", "in", "is", "and", "or", "if", "==", "+="})
_REDIRECTED = re.compile(r"\bprint[ \t]*>>")
_PRINTED, _FORMATTED = re.compile(r"\bprint[ \t]*\("), re.compile(r"\)[ \t]*%")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
# Python's own tokenizer takes quadratic time on a line of quotes that are never closed.
MAX_LINE = 10_000
# A replacement within one line: its row (from 1), its first and last column, and the new text.
_Edit = tuple[int, int, int, str]


def fails_silently(source: str) -> bool:
    """Say whether old code may parse today but fail when it runs: ``print >>f, x``, ``print("%d") % x``."""
    return "print" in source and (
        _REDIRECTED.search(source) is not None or any(map(_prints_formatted, source.split("\n")))
    )


def _prints_formatted(line: str) -> bool:
    opened = _PRINTED.search(line)
    return opened is not None and _FORMATTED.search(line, opened.end()) is not None


def to_python3(source: str) -> tuple[str, list[int]]:
    """Convert the old statements; give the new source and the lines (from 1) that changed.

    A source with a line above `MAX_LINE` comes back unchanged.
    """
    if max(map(len, source.split("\n"))) > MAX_LINE:
        return source, []
    text = _untabbed(source)
    edits = [edit for statement in _statements(_tokens(text)) for edit in _converted(statement)]
    lines = text.split("\n")
    for row, start, end, new in sorted(edits, key=lambda edit: edit[:3], reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:start] + new + line[end:]
    old = source.split("\n")
    changed = [n for n, (a, b) in enumerate(zip(old, lines, strict=True), 1) if a != b]
    return "\n".join(lines), changed


def _untabbed(source: str) -> str:
    """Expand tabs to Python 2's eight columns if tabs and spaces are mixed, which Python 3 refuses."""
    lines = source.split("\n")
    leading = "".join(line[: len(line) - len(line.lstrip(" \t"))] for line in lines)
    if "\t" not in leading or " " not in leading:
        return source
    pairs = zip(lines, fresh_lines(lines), strict=True)
    return "\n".join(_spaced(line) if fresh else line for line, fresh in pairs)


def _spaced(line: str) -> str:
    code = line.lstrip(" \t")
    return line[: len(line) - len(code)].expandtabs(8) + code


def _tokens(source: str) -> list[TokenInfo]:
    """Give the tokens up to the first error: those before it are good."""
    found: list[TokenInfo] = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        found.extend(tokenize.generate_tokens(io.StringIO(source).readline))
    return found


def _statements(tokens: Sequence[TokenInfo]) -> Iterator[list[TokenInfo]]:
    """Give the tokens of each simple statement, even after a colon, without line ends and comments."""
    statement: list[TokenInfo] = []
    depth = 0
    for token in tokens:
        if token.type in (*_SPACE, tokenize.COMMENT, tokenize.ENDMARKER):
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                yield statement
                statement = []
            continue
        depth += _BRACKETS.get(token.string, 0)
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
    """Convert ``<>``, whole numbers with an L, and backticks."""
    ticks = [token for token in tokens if token.string == "`"]
    for nth, token in enumerate(ticks[: len(ticks) // 2 * 2]):
        yield _replace(token, ")" if nth % 2 else "repr(")
    for one, two in itertools.pairwise(tokens):
        if one.end != two.start:
            continue
        if one.string == "<" and two.string == ">":
            yield *one.start, two.end[1], "!="
        elif one.type == tokenize.NUMBER and two.string in ("L", "l"):
            yield _replace(two, "")


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
        depth += _BRACKETS.get(token.string, 0)
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
    """Give the places of the commas outside brackets."""
    found, depth = [], 0
    for place, token in enumerate(tokens):
        depth += _BRACKETS.get(token.string, 0)
        if token.string == "," and depth == 0:
            found.append(place)
    return found


def _replace(token: TokenInfo, text: str) -> _Edit:
    return *token.start, token.end[1], text


def _insert(place: tuple[int, int], text: str) -> _Edit:
    return *place, place[1], text
