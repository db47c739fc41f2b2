"""Parse cells into statements: everything that parses is kept, and the rest is named in notices."""

from __future__ import annotations

import ast
import functools
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from autograder.extract.magics import fresh_lines, python_of
from autograder.extract.python2 import fails_silently, to_python3
from autograder.model import Cell, Chunk, Notice, Struct, capped

# Caps far above any homework: characters of one cell and of all, statements, statements that don't parse.
MAX_SOURCE = 400_000
MAX_SOURCES = 2_000_000
MAX_STATEMENTS = 20_000
MAX_BROKEN = 1_000
MAX_REMEMBERED = 16_000
# The version that reads and runs the code: newer syntax is an error in it.
VERSION = "{}.{}".format(*sys.version_info)


class Statement(Struct):
    """One top-level statement: its source, its first line (from 1), its cell, and its tree.

    If only a part of the cell could be parsed, the tree's lines count from that part's first line; `shift`
    added to them gives lines of the cell.
    """

    source: str
    line: int
    cell: Cell
    node: ast.stmt
    shift: int = 0


class ParsedCell(Struct):
    """The statements of some cells, and notices about the rest.

    `broken` are definitions of functions and classes that are not valid Python: running one shows the error.
    """

    statements: tuple[Statement, ...] = ()
    notices: tuple[Notice, ...] = ()
    broken: tuple[Chunk, ...] = ()


def parse_cells(cells: Iterable[Cell], python2: bool) -> ParsedCell:
    """Parse cells into their top-level statements, in order; one that does not parse costs only itself.

    If `python2` is true, the old forms of ``print``, ``except`` and ``raise`` are read as today's. Code
    beyond a cap is not read, and a notice says so.
    """
    parsed: list[ParsedCell] = []
    notices: list[Notice] = []
    characters = statements = 0
    for cell in cells:
        if len(cell.source) > MAX_SOURCE:
            size = f"{len(cell.source):,} characters"
            message = f"{cell.label} has {size}; cells of more than {MAX_SOURCE:,} are not read."
            notices.append(Notice(code="cell-too-long", message=message, where=cell.label))
            continue
        characters += len(cell.source)
        if characters > MAX_SOURCES or statements > MAX_STATEMENTS or len(notices) > MAX_BROKEN:
            notices.append(_left_out(cell, "the code from here on is not read"))
            break
        parsed.append(_parse_cell(cell, python2))
        statements += len(parsed[-1].statements)
        notices += parsed[-1].notices
    return ParsedCell(
        statements=tuple(one for each in parsed for one in each.statements),
        notices=capped(notices),
        broken=tuple(one for each in parsed for one in each.broken),
    )


def _left_out(cell: Cell, what: str) -> Notice:
    caps = f"{MAX_SOURCES:,} characters, {MAX_STATEMENTS:,} statements and {MAX_BROKEN:,} invalid ones"
    message = f"{cell.label}: {what}. A notebook's code is read up to {caps}."
    return Notice(code="code-too-long", message=message, where=cell.label)


@functools.lru_cache(maxsize=256)  # definitions, comments and settings are found in the same cells
def _parse_cell(cell: Cell, python2: bool) -> ParsedCell:
    if "\0" in cell.source:
        return _without_zeros(cell, python2)
    source = cell.source
    old = python2 and fails_silently(source)
    tree = "" if old else parse(source)
    if isinstance(tree, str):
        source = python_of(source)
        tree = parse(source)
    if isinstance(tree, ast.Module) and len(tree.body) > MAX_STATEMENTS:
        return ParsedCell(notices=(_left_out(cell, f"its {len(tree.body):,} statements are not read"),))
    if isinstance(tree, ast.Module) and not old:
        return ParsedCell(statements=tuple(_statements(tree.body, source, cell)))
    return _parse_old(cell, source) if python2 else _salvage(cell, source, python2)


def _without_zeros(cell: Cell, python2: bool) -> ParsedCell:
    cleaned = _parse_cell(msgspec.structs.replace(cell, source=cell.source.replace("\0", " ")), python2)
    message = f"{cell.label} holds zero bytes, which are not text; it was read without them."
    notice = Notice(code="zero-bytes", message=message, where=cell.label)
    return msgspec.structs.replace(cleaned, notices=(notice, *cleaned.notices))


def _parse_old(cell: Cell, source: str) -> ParsedCell:
    converted, lines = to_python3(source)
    tree = parse(converted)
    if isinstance(tree, str):
        return _salvage(cell, source, python2=True)
    statements = tuple(_statements(tree.body, converted, cell))
    return ParsedCell(statements=statements, notices=tuple(_old_notices(cell, lines)))


def _old_notices(cell: Cell, lines: Sequence[int]) -> Iterator[Notice]:
    if lines:
        message = f"{cell.label} is Python 2 (line {lines[0]}); it was read as Python 3."
        yield Notice(code="python2", message=message, where=f"{cell.label}, line {lines[0]}")


def parse(source: str) -> ast.Module | str:
    """Give the syntax tree, which nobody may change, or a sentence that says why the source doesn't parse.

    Most cells of a submission are the release's own and were parsed before, so short ones and the last long
    ones are remembered.
    """
    return (_remembered if len(source) <= MAX_REMEMBERED else _last)(source)


def _parse(source: str) -> ast.Module | str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the student's own Python warns of invalid escapes
            return ast.parse(source)
    except SyntaxError as error:
        text = (error.text or "").strip()[:80]
        return f"line {error.lineno}: {error.msg}" + (f": `{text}`" if text else "")
    except (ValueError, RecursionError, MemoryError) as error:
        return f"it can't be parsed: {type(error).__name__}"


_remembered = functools.lru_cache(maxsize=128)(_parse)
_last = functools.lru_cache(maxsize=2)(_parse)


def _statements(body: Sequence[ast.stmt], source: str, cell: Cell, offset: int = 0) -> Iterator[Statement]:
    lines = source.split("\n")
    encoded = functools.cache(lambda line: lines[line - 1].encode())
    firsts = [min(n.lineno for n in (node, *getattr(node, "decorator_list", ()))) for node in body]
    lasts = [node.end_lineno or node.lineno for node in body]
    neighbours = zip([0, *lasts], [*firsts[1:], 0], strict=False)
    for node, first, last, (end_before, start_after) in zip(body, firsts, lasts, neighbours, strict=False):
        # `a = 1; b = 2`: one line, two statements
        shared = end_before >= first or start_after == last
        text = _segment(node, encoded) if shared else "\n".join(lines[first - 1 : last])
        if text.endswith("\\"):  # the statement goes on in an empty line, which the tree leaves out
            text += "\n\n"
        yield Statement(source=text, line=first + offset, cell=cell, node=node, shift=offset)


def _segment(node: ast.stmt, encoded: Callable[[int], bytes]) -> str:
    """Give the text of a statement; its columns count the bytes of UTF-8.

    Unlike `ast.get_source_segment`, this does not split the whole source again for each statement.
    """
    last = node.end_lineno or node.lineno
    if last == node.lineno:
        return encoded(last)[node.col_offset : node.end_col_offset].decode()
    between = (encoded(line) for line in range(node.lineno + 1, last))
    parts = [encoded(node.lineno)[node.col_offset :], *between, encoded(last)[: node.end_col_offset]]
    return b"\n".join(parts).decode()


# --- cells that do not parse ---------------------------------------------------------------------


def _salvage(cell: Cell, source: str, python2: bool) -> ParsedCell:
    """Keep the top-level blocks of a broken cell that parse by themselves."""
    kept: list[Statement] = []
    notices: list[Notice] = []
    broken: list[Chunk] = []
    old_lines: list[int] = []
    for start, block in _blocks(source):
        if len(notices) >= MAX_BROKEN:
            notices.append(_left_out(cell, f"the code from line {start} on is not read"))
            break
        text, tree = block, parse(block)
        if isinstance(tree, str) and python2:
            converted, lines = to_python3(block)
            again = parse(converted)
            if isinstance(again, ast.Module):
                text, tree = converted, again
                old_lines += [line + start - 1 for line in lines]
        if isinstance(tree, ast.Module):
            kept += _statements(tree.body, text, cell, offset=start - 1)
        else:
            name = _defined(block)
            notices.append(_syntax_notice(cell, start, name, tree))
            if name:
                broken.append(Chunk(source=block, names=(name,), cell=cell.index + 1, line=start))
    old = _old_notices(cell, old_lines)
    return ParsedCell(statements=tuple(kept), notices=(*notices, *old), broken=tuple(broken))


def _defined(block: str) -> str:
    """Give the name that a block of source seems to define, or an empty string."""
    found = re.match(r"(?:@.*\n)*\s*(?:async\s+)?(?:def|class)\s+(\w+)", block)
    return found[1] if found else ""


def _syntax_notice(cell: Cell, start: int, name: str, problem: str) -> Notice:
    what = f"`{shown(name, 60)}`" if name else f"the statement at line {start}"
    local = re.sub(r"^line (\d+)", lambda m: f"line {int(m.group(1)) + start - 1}", shown(problem, 200))
    message = f"{cell.label}: {what} is not valid Python {VERSION}: {local}."
    return Notice(code="syntax-error", message=message, where=f"{cell.label}, line {start}")


def shown(text: str, most: int) -> str:
    """Shorten a student's text to one line, without characters that a terminal would obey."""
    cut = " ".join(text[: 2 * most].split())
    cut = cut[:most] + "…" if len(cut) > most else cut
    return "".join(c if c.isprintable() else "?" for c in cut)


def _blocks(source: str) -> Iterator[tuple[int, str]]:
    """Cut a source into blocks that start at the left edge, each with the number of its first line."""
    lines = source.split("\n")
    starts: list[int] = []
    for place, (line, fresh) in enumerate(zip(lines, fresh_lines(lines), strict=True)):
        at_edge = line[:1].strip() and line[0] not in "#)]}"
        if at_edge and fresh and not (starts and _continues(line, lines[starts[-1]])):
            starts.append(place)
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        yield start + 1, "\n".join(lines[start:end])


def _continues(line: str, before: str) -> bool:
    if before.startswith("@"):
        return True
    branches = re.match(r"(else|elif|except|finally)\b", line)
    return branches is not None and re.match(r"(if|for|while|try|async)\b", before) is not None
