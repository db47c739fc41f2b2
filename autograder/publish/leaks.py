"""Search every file of a release for private text and numbers, which `autograder.publish.private` collects.

A file leaks if it has one of these:

- text: a private line of at least 20 characters that is not also in the given code, or three private lines in
  a row with at least 60 characters; blanks do not count, so that another layout hides nothing;
- digits: a private number with eight digits or more, or three in a row with four or more;
- bytes: four numbers in a row of a private array, as float64 or float32 of either byte order.

The search looks inside zips and wheels, gzip, bzip2, xz and zlib streams, base64, and the strings of JSON
(notebooks), `DEPTH` levels deep. A container that can't be opened counts as a leak.
"""

from __future__ import annotations

import base64
import bisect
import bz2
import gzip
import io
import itertools
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import find_course
from autograder.model import Struct
from autograder.publish.private import LINE, Floats, Private, gather, squeeze

DEPTH = 5
_WINDOW = 4
_KEY_BYTES = 16
_DTYPES = ("<f8", ">f8", "<f4", ">f4")
_NUMBER = re.compile(rb"\d*\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}")
_STREAMS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
    b"\x78\x01": zlib.decompress,
    b"\x78\x9c": zlib.decompress,
    b"\x78\xda": zlib.decompress,
}


class Leak(Struct):
    """A private passage or number in the release; `file` names the file and, if it has lines, the line."""

    file: str
    what: str


class _Index(Struct):
    """The private text and numbers, indexed so that one pass over a file finds them all.

    `values` has the arrays' absolute values, with NaN between two arrays; `order` sorts them.
    """

    passages: dict[bytes, list[tuple[bytes, str]]]
    windows: dict[bytes, str]
    values: Floats
    order: Any
    sorted_values: Floats
    owners: tuple[tuple[int, str], ...]


def find_leaks(root: Path, identity: str, files: Mapping[str, bytes]) -> list[Leak]:
    """Search files, given by name, for the assignment's private text and numbers."""
    index = _index(gather(find_course(root, identity)))
    return [leak for name, content in sorted(files.items()) for leak in _search(name, content, index)]


def _search(name: str, content: bytes, index: _Index, depth: int = 0) -> Iterator[Leak]:
    inside = list(_members(name, content)) if content.startswith(b"PK\x03\x04") else None
    if inside is None:  # of a zip, only the members are searched
        yield from _in_text(name, content, index)
        yield from _in_bytes(name, content, index)
    if depth < DEPTH:
        for inner, data in inside or _inside(name, content):
            if data is None:
                yield Leak(file=inner, what="can't be opened, so it can't be searched")
            else:
                yield from _search(inner, data, index, depth + 1)


# --- the index -----------------------------------------------------------------------------------


def _index(private: Private) -> _Index:
    passages: dict[bytes, list[tuple[bytes, str]]] = {}
    for needle, passage in private.passages.items():
        what = f"{passage.where}: {passage.text.splitlines()[0]}"
        passages.setdefault(needle[:LINE], []).append((needle, what))
    gap = np.full(1, np.nan)
    values = np.abs(np.concatenate([gap, *(v for array in private.arrays.values() for v in (array, gap))]))
    order = np.argsort(values)  # NaN last
    starts = itertools.accumulate((array.size + 1 for array in private.arrays.values()), initial=1)
    return _Index(
        passages=passages,
        windows={key: name for name, array in private.arrays.items() for key in _windows(array)},
        values=values,
        order=order,
        sorted_values=values[order][: int(np.count_nonzero(~np.isnan(values)))],
        owners=tuple(zip(starts, private.arrays, strict=False)),
    )


def _windows(array: Floats) -> Iterator[bytes]:
    """Give the search keys of four neighbours with enough digits: the first bytes of each representation."""
    for start in range(array.size - _WINDOW + 1):
        window = array[start : start + _WINDOW]
        if not np.isnan(window).any():
            yield from (window.astype(dtype).tobytes()[:_KEY_BYTES] for dtype in _DTYPES)


# --- text and digits -----------------------------------------------------------------------------


def _in_text(name: str, content: bytes, index: _Index) -> Iterator[Leak]:
    for label, text in _texts(name, content):
        lines = text.splitlines()
        squeezed = [squeeze(line) for line in lines]
        starts = list(itertools.accumulate((len(line) for line in squeezed), initial=0))[:-1]
        for position, what in _passages_in(b"".join(squeezed), index):
            yield Leak(file=f"{label}:{bisect.bisect_right(starts, position)}", what=what)
        for number, what in _numbers_in(lines, index):
            yield Leak(file=f"{label}:{number}", what=what)


def _passages_in(text: bytes, index: _Index) -> Iterator[tuple[int, str]]:
    for position in range(len(text) - LINE + 1):
        for needle, what in index.passages.get(text[position : position + LINE], ()):
            if text.startswith(needle, position):
                yield position, what


def _numbers_in(lines: Iterable[bytes], index: _Index) -> Iterator[tuple[int, str]]:
    """Find private numbers, with their lines: one with many digits, or three in a row."""
    tokens = [(number, token) for number, line in enumerate(lines, 1) for token in _NUMBER.findall(line)]
    read = [(number, *_read(token)) for number, token in tokens]
    for i, (number, value, unit, digits) in enumerate(read):
        if digits < 4:
            continue
        following = read[i + 1 : i + 3]
        for place in _places(value, unit, index):
            if digits >= 8 or _goes_on(place, following, index):
                token = tokens[i][1].decode()
                yield number, f"a value of {_owner(int(place), index)}: {token}"
                break


def _read(token: bytes) -> tuple[float, float, int]:
    """Give a number's value, the unit of its last digit, and its number of significant digits."""
    mantissa, _, exponent = token.lower().partition(b"e")
    decimals = len(mantissa.partition(b".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals) if abs(int(exponent or 0)) < 300 else 0.0
    return float(token), unit, len(mantissa.replace(b".", b"").lstrip(b"0"))


def _places(value: float, unit: float, index: _Index) -> Any:
    """Find the private values that give this number when they are rounded or cut off, in either precision."""
    slack = unit + 1e-7 * value
    first, last = np.searchsorted(index.sorted_values, (value - slack, value + slack))
    return index.order[first:last]


def _goes_on(place: int, following: list[tuple[int, float, float, int]], index: _Index) -> bool:
    return len(following) == 2 and all(
        digits >= 4 and abs(index.values[place + step] - value) <= unit + 1e-7 * value
        for step, (_, value, unit, digits) in enumerate(following, 1)
    )


def _owner(place: int, index: _Index) -> str:
    return index.owners[bisect.bisect_right(index.owners, place, key=lambda owner: owner[0]) - 1][1]


def _texts(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Give a file's text or, if it is JSON, its strings; a notebook's strings cell by cell."""
    document = _document(content)
    if document is None:
        yield name, content
        return
    cells = document.pop("cells", ()) if isinstance(document, dict) else ()
    for number, cell in enumerate(cells if isinstance(cells, list) else [cells], 1):
        source = cell.pop("source", "") if isinstance(cell, dict) else ""
        yield f"{name}, cell {number}", _strings(source)
        yield f"{name}, cell {number}, beside its source", _strings(cell)
    yield name, _strings(document)


def _document(content: bytes) -> Any:
    """Decode JSON; give None for anything else."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _strings(value: object) -> bytes:
    """Join all strings in a JSON value, the strings of one list without a separator."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, dict):
        return b"\n".join(_strings(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        glue = b"" if all(isinstance(item, str) for item in value) else b"\n"
        return glue.join(_strings(item) for item in value)
    return json.dumps(value).encode()


# --- bytes and containers ------------------------------------------------------------------------


def _in_bytes(name: str, content: bytes, index: _Index) -> Iterator[Leak]:
    found = {
        owner
        for position in range(len(content) - _KEY_BYTES + 1)
        if (owner := index.windows.get(content[position : position + _KEY_BYTES]))
    }
    yield from (Leak(file=name, what=f"bytes of {owner}") for owner in sorted(found))


def _inside(name: str, content: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Unpack and decode a file's contents; give None for contents that can't be opened."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        yield from _members(name, content)
    for magic, decompress in _STREAMS.items():
        if content.startswith(magic):
            try:
                yield f"{name} (unpacked)", decompress(content)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
                yield name, None
    for number, data in enumerate(_decoded(content), 1):
        yield f"{name} (base64, {number})", data


def _members(name: str, content: bytes) -> Iterator[tuple[str, bytes | None]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield f"{name}/{member}", archive.read(member)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError):
        yield name, None


def _decoded(content: bytes) -> Iterator[bytes]:
    """Decode base64 in either alphabet, on one line or several, from each of four first letters."""
    together = re.sub(rb"\\n|\s", b"", content).translate(bytes.maketrans(b"-_", b"+/"))
    for blob in _BASE64.findall(together):
        for offset in range(4):
            letters = blob[offset:]
            whole = letters[:-1] if len(letters) % 4 == 1 else letters  # one letter has less than a byte
            yield base64.b64decode(whole + b"=" * (-len(whole) % 4))
