"""Read a platform's table, and write it again with other values in some cells and nothing else changed.

Tables come as CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows' Latin. A cell that gets no
new value keeps its bytes: quotes, blanks, line ends and the mark at the file's beginning.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Struct

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEPARATORS = ",;\t"


class Field(Struct):
    """A cell: its value, its place in the text with its quotes, and whether it has quotes."""

    value: str
    start: int
    end: int
    quoted: bool = False


class Sheet(Struct):
    """A table as it was read. `name` is the file's, for messages; rows are counted from 0."""

    name: str
    text: str
    mark: bytes
    encoding: str
    separator: str
    rows: tuple[tuple[Field, ...], ...]

    def value(self, row: int, column: int | None) -> str:
        """Give a cell's value without blanks around it; empty where the row has no such cell."""
        if column is None or column >= len(self.rows[row]):
            return ""
        return self.rows[row][column].value.strip()

    @property
    def titles(self) -> tuple[str, ...]:
        """The values of the first row."""
        return tuple(cell.value.strip() for cell in self.rows[0])


def read_sheet(path: Path) -> Sheet:
    """Read a table.

    Raises `UsageError` if the file can't be read, or is no table.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: can't be read: {error.strerror}", "Name a file from the platform."
        ) from error
    mark, encoding = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", _unmarked(data)))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: is not {encoding}, as its first bytes say", "Download it again."
        ) from error
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separator = max(_SEPARATORS, key=first.count)
    rows = tuple(_rows(text, separator, str(path)))
    if not rows or len(rows[0]) < 2:
        raise UsageError(
            f"{path}: is no table", "Expected CSV with a row of titles, as the platform exports it."
        )
    return Sheet(name=str(path), text=text, mark=mark, encoding=encoding, separator=separator, rows=rows)


def _unmarked(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if _decodes(data, "cp1252") else "latin-1"
    return "utf-8"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _rows(text: str, separator: str, name: str) -> Iterator[tuple[Field, ...]]:
    """Cut a text into cells. A quote is doubled inside of quotes, and an ordinary character elsewhere."""
    cells: list[Field] = []
    place = 0
    while place < len(text):
        cell = _cell(text, place, separator, name)
        cells.append(cell)
        place = cell.end
        if place < len(text) and text[place] == separator:
            place += 1
            if place < len(text):
                continue
            cells.append(Field(value="", start=place, end=place))
        yield tuple(cells)
        cells = []
        place += 2 if text.startswith("\r\n", place) else 1


def _cell(text: str, start: int, separator: str, name: str) -> Field:
    if not text.startswith('"', start):
        found = re.compile(rf"[{separator}\r\n]").search(text, start)
        end = found.start() if found else len(text)
        return Field(value=text[start:end], start=start, end=end)
    closing = re.compile(r'"(?!")|""').finditer(text, start + 1)
    end = next((one.start() for one in closing if one.group() == '"'), -1)
    if end < 0:
        line = len(re.findall(r"\r\n|\r|\n", text[:start])) + 1
        raise UsageError(f"{name}:{line}: a quote is not closed", "Download the file again.")
    after = re.compile(rf"[{separator}\r\n]").search(text, end + 1)
    last = after.start() if after else len(text)
    value = text[start + 1 : end].replace('""', '"') + text[end + 1 : last]
    return Field(value=value, start=start, end=last, quoted=True)


def with_values(sheet: Sheet, values: Mapping[tuple[int, int], str]) -> bytes:
    """Give the file's bytes with new values in some cells, by row and column."""
    pieces, done = [], 0
    for (row, column), value in sorted(values.items()):
        cells = sheet.rows[row]
        lacking = max(0, column - len(cells) + 1)
        old = Field(value="", start=cells[-1].end, end=cells[-1].end) if lacking else cells[column]
        pieces += [sheet.text[done : old.start], sheet.separator * lacking]
        pieces.append(_written(value, sheet.separator, quoted=old.quoted))
        done = old.end
    text = "".join([*pieces, sheet.text[done:]])
    # an old encoding may lack a sign of a comment, never a digit
    return sheet.mark + text.encode(sheet.encoding, "replace")


def _written(value: str, separator: str, *, quoted: bool) -> str:
    if quoted or value != value.strip() or re.search(rf'["{separator}\r\n]', value):
        return '"' + value.replace('"', '""') + '"'
    return value
