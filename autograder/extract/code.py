"""A cell's Python: magics and shell lines dropped, what parses kept, what does not named."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence

from autograder.model import Cell, Notice, Struct

# A cell with one of these is not Python; `%%time` and its like run their body, which is.
_BODY_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\s*=\s*[%!]|[\w.]+\?{1,2}\s*$)")
_PRINT = re.compile(r"^(\s*)print(?:\s+(?![=(])|\s*$)(.*?)\s*$")
_EXCEPT = re.compile(r"^(\s*except\s+[\w.()\s]+?)\s*,\s*(\w+)\s*:")
MAX_SOURCE = 400_000


class Statement(Struct):
    """One top-level statement: its source, the line (from 1) it starts at, and its cell."""

    source: str
    line: int
    cell: Cell


class ParsedCell(Struct):
    """A cell's statements, and what there is to say about the rest."""

    statements: tuple[Statement, ...] = ()
    notices: tuple[Notice, ...] = ()


def python_of(source: str) -> str:
    """The Python in a cell, line for line: what is not Python becomes ``pass`` or an empty line."""
    lines = source.split("\n")
    head = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[head].lstrip().startswith("%%"):
        if not lines[head].lstrip().startswith(_BODY_MAGICS):
            return "\n" * (len(lines) - 1)
        lines[head] = ""
    inside = _string_lines("\n".join(lines))
    return "\n".join(_dropped(line) if number not in inside else line for number, line in enumerate(lines, 1))


def _dropped(line: str) -> str:
    found = _MAGIC.match(line)
    return f"{found.group(1)}pass" if found else line


def _string_lines(source: str) -> set[int]:
    """The lines that continue a string: a percent sign there is text."""
    inside: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.STRING:
                inside.update(range(token.start[0] + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass  # the parser will say what is wrong
    return inside


def parse_cell(cell: Cell, python2: bool) -> ParsedCell:
    """Parse a cell into its top-level statements; one that does not parse costs only itself."""
    where = cell.label
    if len(cell.source) > MAX_SOURCE:
        message = f"{where} has {len(cell.source)} characters; cells above {MAX_SOURCE} are not read."
        return ParsedCell(notices=(Notice(code="cell-too-long", message=message, where=where),))
    source = python_of(cell.source)
    tree = parse(source)
    if isinstance(tree, ast.Module):
        return ParsedCell(statements=tuple(_statements(tree.body, source, cell)))
    notices = []
    if python2 and (converted := from_python2(source)) != source:
        tree2 = parse(converted)
        if isinstance(tree2, ast.Module):
            message = f"{where} is Python 2 (`print` without parentheses); it was read as Python 3."
            notices.append(Notice(code="python2", message=message, where=where))
            return ParsedCell(
                statements=tuple(_statements(tree2.body, converted, cell)), notices=tuple(notices)
            )
        source = converted
    return _salvage(cell, source, tree)


def parse(source: str) -> ast.Module | str:
    """The syntax tree, or what is wrong with the source, in a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is no news
            return ast.parse(source)
    except SyntaxError as error:
        text = (error.text or "").strip()[:80]
        return f"line {error.lineno}: {error.msg}" + (f": `{text}`" if text else "")
    except (ValueError, RecursionError, MemoryError) as error:
        return f"it can't be parsed: {type(error).__name__}"


def _statements(body: Sequence[ast.stmt], source: str, cell: Cell, offset: int = 0) -> Iterator[Statement]:
    lines = source.split("\n")
    for node in body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[first - 1 : node.end_lineno])
        if lines[first - 1][: node.col_offset].strip():  # `a = 1; b = 2`: one line, two statements
            text = ast.get_source_segment(source, node) or text
        yield Statement(source=text, line=first + offset, cell=cell)


def _salvage(cell: Cell, source: str, problem: str) -> ParsedCell:
    """Keep the top-level blocks of a broken cell that parse by themselves."""
    kept: list[Statement] = []
    notices = []
    for start, block in _blocks(source):
        tree = parse(block)
        if isinstance(tree, ast.Module):
            kept += _statements(tree.body, block, cell, offset=start - 1)
        else:
            name = re.match(r"\s*(?:def|class)\s+(\w+)", block)
            what = f"`{name.group(1)}`" if name else f"the statement at line {start}"
            message = f"{cell.label}: {what} is not valid Python: {_moved(tree, start - 1)}."
            notices.append(Notice(code="syntax-error", message=message, where=cell.label))
    if not notices:
        message = f"{cell.label} is not valid Python: {problem}."
        notices.append(Notice(code="syntax-error", message=message, where=cell.label))
    return ParsedCell(statements=tuple(kept), notices=tuple(notices))


def _moved(problem: str, lines: int) -> str:
    """What the parser said of a block, with the line that it has in its cell."""
    said = re.match(r"line (\d+)(.*)", problem, re.DOTALL)
    return f"line {int(said.group(1)) + lines}{said.group(2)}" if said else problem


def _blocks(source: str) -> Iterator[tuple[int, str]]:
    """Pieces that start at the left edge, with the line at which each starts."""
    lines = source.split("\n")
    starts = [i for i, line in enumerate(lines) if line[:1].strip() and line[0] not in "#)]}"]
    joined = [i for k, i in enumerate(starts) if not (k and _continues(lines[i], lines[starts[k - 1]]))]
    ends = [*joined[1:], len(lines)][: len(joined)]
    for start, end in zip(joined, ends, strict=True):
        yield start + 1, "\n".join(lines[start:end])


def _continues(line: str, before: str) -> bool:
    return before.startswith("@") or bool(re.match(r"(else|elif|except|finally)\b", line))


def from_python2(source: str) -> str:
    """Python 2's ``print`` statement and ``except A, b`` in Python 3's form, line for line."""
    inside = _string_lines(source)
    return "\n".join(
        line if number in inside else _line_from_python2(line)
        for number, line in enumerate(source.split("\n"), 1)
    )


def _line_from_python2(line: str) -> str:
    line = _EXCEPT.sub(r"\1 as \2:", line)
    found = _PRINT.match(line)
    if not found:
        return line
    indent, rest = found.groups()
    if rest.endswith(","):
        return f"{indent}print({rest} end=' ')"
    return f"{indent}print({rest})"
