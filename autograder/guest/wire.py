"""Encode and decode the frames that cross the wall, both ways; standard library and NumPy only.

A frame is a header (``type: u8``, ``length: u64``, little-endian) and `length` bytes that hold one
value. A value is a tag and its content::

    N T F          None, True, False
    i  i64         I  u16 length, little-endian two's complement      d  f64      c  f64 f64
    s  u32 length, UTF-8
    l  u32 count, values        t  likewise, a tuple        m  u32 count, (s-content, value) pairs
    a  u8 dtype, u8 ndim, u64 each dimension, the C-ordered bytes
    h  u64 id, u8 length, UTF-8 (the type's name)

The reader trusts nothing. It checks length, cumulative bytes, count and depth before it keeps anything. It
fills an array in its final memory, and never unpickles.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

REQUEST, ANSWER = 1, 2
HEADER = struct.Struct("<BQ")
# A child's first word, when its walls stand.
READY = "ready"

DTYPES = ("?", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
_DTYPE_CODES = {np.dtype(name): code for code, name in enumerate(DTYPES)}

MAX_DEPTH = 24
MAX_NODES = 500_000
MAX_TEXT = 8 << 20
MAX_INT_BYTES = 1024
MAX_DIMENSIONS = 8
# Arrays up to this size are copied into the frame; larger ones are written apart.
_INLINE = 4096

_U8, _U16, _U32, _U64 = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<Q")
_I64, _F64, _C128 = struct.Struct("<q"), struct.Struct("<d"), struct.Struct("<dd")

Part = bytes | bytearray | memoryview
# Gives the id and type name of an object that may cross as a handle, or raises `Unsupported`.
Refer = Callable[[Any], tuple[int, str]]
# Gives the object that stands for a handle on the reading side.
Adopt = Callable[[int, str], Any]


class Malformed(Exception):
    """The bytes are not a frame, or not a value."""


class TooLarge(Exception):
    """More bytes, values or text than may cross."""


class Unsupported(Exception):
    """A value that has no form on the wire."""


class Source(Protocol):
    """Gives the bytes from which frames are read."""

    def take(self, count: int) -> bytes:
        """Give exactly that many bytes."""
        ...

    def fill(self, view: memoryview) -> None:
        """Fill the view."""
        ...


# --- writing ------------------------------------------------------------------------------------


def encode(kind: int, value: Any, refer: Refer, max_bytes: int = 1 << 62) -> list[Part]:
    """Encode a frame as the parts to be written one after the other; large arrays are not copied.

    Raises `TooLarge` if the value has more than `max_bytes`, or too many parts, and `Unsupported` if some
    value can't be carried.
    """
    writer = _Writer(refer, max_bytes)
    writer.write(value, 0)
    return [HEADER.pack(kind, writer.total()), *writer.parts]


def encode_word(word: str) -> list[Part]:
    """Encode the word that a child sends before it answers requests."""
    return encode(ANSWER, word, _no_object)


def _no_object(value: Any) -> tuple[int, str]:
    raise Unsupported(f"an object ({type(value).__name__}) before any code has run")


class _Writer:
    def __init__(self, refer: Refer, max_bytes: int) -> None:
        self.parts: list[Part] = [bytearray()]
        self._refer = refer
        self._apart = 0
        self._inline = 0
        self._nodes = 0
        self._text = 0
        self._max = max_bytes

    def total(self) -> int:
        return self._inline + self._apart

    def _put(self, data: Part) -> None:
        last = self.parts[-1]
        assert isinstance(last, bytearray)
        last += data
        self._inline += len(data)
        if self._inline + self._apart > self._max:
            raise TooLarge(f"more than {self._max} bytes")

    def write(self, value: Any, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise TooLarge(f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise Unsupported(f"it is nested more than {MAX_DEPTH} deep")
        if value is None or isinstance(value, bool):
            self._put(b"N" if value is None else b"T" if value else b"F")
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, np.generic):
            self._scalar(value, depth)
        elif isinstance(value, int):
            self._int(int(value))
        elif isinstance(value, float):
            self._put(b"d" + _F64.pack(value))
        elif isinstance(value, complex):
            self._put(b"c" + _C128.pack(value.real, value.imag))
        elif isinstance(value, str):
            self._put(b"s")
            self._string(value)
        elif isinstance(value, list | tuple):
            self._sequence(value, depth)
        elif isinstance(value, dict):
            self._mapping(value, depth)
        else:
            self._handle(value)

    def _int(self, value: int) -> None:
        if -(1 << 63) <= value < 1 << 63:
            self._put(b"i" + _I64.pack(value))
            return
        size = value.bit_length() // 8 + 1
        if size > MAX_INT_BYTES:
            raise Unsupported(f"an integer of {size} bytes")
        self._put(b"I" + _U16.pack(size) + value.to_bytes(size, "little", signed=True))

    def _scalar(self, value: np.generic, depth: int) -> None:
        if not isinstance(value, np.bool_ | np.number | np.str_):
            raise Unsupported(f"a NumPy scalar of dtype {value.dtype}")
        plain = value.item()
        self.write(float(plain) if isinstance(plain, np.longdouble) else plain, depth)

    def _string(self, value: str) -> None:
        data = str.encode(value, "utf-8", "backslashreplace")
        self._text += len(data)
        if self._text > MAX_TEXT:
            raise TooLarge(f"more than {MAX_TEXT} bytes of text")
        self._put(_U32.pack(len(data)) + data)

    def _sequence(self, value: list[Any] | tuple[Any, ...], depth: int) -> None:
        items = list(value)
        self._put((b"l" if isinstance(value, list) else b"t") + _U32.pack(len(items)))
        for item in items:
            self.write(item, depth + 1)

    def _mapping(self, value: dict[Any, Any], depth: int) -> None:
        items = list(value.items())
        self._put(b"m" + _U32.pack(len(items)))
        for key, item in items:
            self._string(key if isinstance(key, str) else str(key))
            self.write(item, depth + 1)

    def _handle(self, value: Any) -> None:
        number, name = self._refer(value)
        data = name.encode("utf-8", "replace")[:255].decode("utf-8", "ignore").encode()
        self._put(b"h" + _U64.pack(number) + _U8.pack(len(data)) + data)

    def _array(self, value: np.ndarray[Any, Any]) -> None:
        base = _base_array(value)
        if base.ndim > MAX_DIMENSIONS:
            raise Unsupported(f"an array of {base.ndim} dimensions")
        shape = b"".join(_U64.pack(size) for size in base.shape)
        self._put(b"a" + _U8.pack(_DTYPE_CODES[base.dtype]) + _U8.pack(base.ndim) + shape)
        if base.nbytes <= _INLINE:
            self._put(base.tobytes())
            return
        if self._inline + self._apart + base.nbytes > self._max:
            raise TooLarge(f"more than {self._max} bytes")
        # reshape(-1) of a C-ordered array is a view, so its bytes are written without a copy
        self.parts += [base.reshape(-1).view(np.uint8).data, bytearray()]
        self._apart += base.nbytes


def _base_array(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Give the values themselves as a plain C-ordered array of a listed dtype, whatever the subclass."""
    plain = np.asarray(value)
    dtype = plain.dtype
    if dtype.char == "g":
        return plain.astype("<f8", order="C")
    if dtype.byteorder == ">":
        dtype = dtype.newbyteorder("<")
    wanted = next((known for known in _DTYPE_CODES if known == dtype), None)
    if wanted is None:
        raise Unsupported(f"an array of dtype {plain.dtype}")
    return np.asarray(plain, dtype=wanted, order="C")


# --- reading ------------------------------------------------------------------------------------


def decode(kind: int, source: Source, adopt: Adopt, max_bytes: int) -> Any:
    """Read one frame of that kind.

    Raises `Malformed` if it is none, and `TooLarge` if it announces or holds more than is allowed; the excess
    is not read.
    """
    found, length = HEADER.unpack(source.take(HEADER.size))
    if found != kind:
        raise Malformed(f"a frame of type {found}, expected {kind}")
    if length > max_bytes:
        raise TooLarge(f"a frame of {length} bytes, at most {max_bytes} may come")
    reader = _Reader(source, adopt, length)
    value = reader.read(0)
    if reader.left:
        raise Malformed(f"{reader.left} bytes after the value")
    return value


def decode_word(source: Source) -> Any:
    """Read the word that a child sends before it answers requests; raises as `decode` does."""
    return decode(ANSWER, source, _no_handle, 1 << 14)


def _no_handle(number: int, kind: str) -> Any:
    raise Malformed(f"a handle ({number}, {kind!r}) before any code has run")


class _Reader:
    def __init__(self, source: Source, adopt: Adopt, length: int) -> None:
        self.left = length
        self._source = source
        self._adopt = adopt
        self._nodes = 0
        self._text = 0
        self._kinds: dict[bytes, Callable[[int], Any]] = {
            b"N": lambda _: None,
            b"T": lambda _: True,
            b"F": lambda _: False,
            b"i": lambda _: self._number(_I64)[0],
            b"I": self._big_int,
            b"d": lambda _: self._number(_F64)[0],
            b"c": lambda _: complex(*self._number(_C128)),
            b"s": lambda _: self._string(self._number(_U32)[0]),
            b"l": self._list,
            b"t": lambda depth: tuple(self._list(depth)),
            b"m": self._mapping,
            b"a": self._array,
            b"h": self._handle,
        }

    def _take(self, count: int) -> bytes:
        if count > self.left:
            raise Malformed("the value is longer than its frame")
        self.left -= count
        return self._source.take(count)

    def _number(self, form: struct.Struct) -> tuple[Any, ...]:
        return form.unpack(self._take(form.size))

    def read(self, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise TooLarge(f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise Malformed(f"nested more than {MAX_DEPTH} deep")
        tag = self._take(1)
        if tag not in self._kinds:
            raise Malformed(f"an unknown tag {tag!r}")
        return self._kinds[tag](depth)

    def _big_int(self, _: int) -> int:
        size = self._number(_U16)[0]
        if size > MAX_INT_BYTES:
            raise Malformed(f"an integer of {size} bytes")
        return int.from_bytes(self._take(size), "little", signed=True)

    def _string(self, length: int) -> str:
        self._text += length
        if self._text > MAX_TEXT:
            raise TooLarge(f"more than {MAX_TEXT} bytes of text")
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("text that is not UTF-8") from error

    def _count(self) -> int:
        count: int = self._number(_U32)[0]
        if count > self.left:
            raise Malformed("more values than bytes")
        return count

    def _list(self, depth: int) -> list[Any]:
        return [self.read(depth + 1) for _ in range(self._count())]

    def _mapping(self, depth: int) -> dict[str, Any]:
        return {self._string(self._number(_U32)[0]): self.read(depth + 1) for _ in range(self._count())}

    def _handle(self, _: int) -> Any:
        number = self._number(_U64)[0]
        return self._adopt(number, self._string(self._number(_U8)[0]))

    def _array(self, _: int) -> np.ndarray[Any, Any]:
        code, ndim = self._number(_U8)[0], self._number(_U8)[0]
        if code >= len(DTYPES) or ndim > MAX_DIMENSIONS:
            raise Malformed(f"an array of dtype {code} in {ndim} dimensions")
        dtype = np.dtype(DTYPES[code])
        shape = tuple(self._number(_U64)[0] for _ in range(ndim))
        if dtype.itemsize * math.prod(size or 1 for size in shape) >= 1 << 62:
            raise Malformed(f"an array of shape {shape}")
        count = dtype.itemsize * math.prod(shape)
        if count > self.left:
            raise Malformed(f"an array of {count} bytes in a frame of fewer")
        self.left -= count
        data = np.empty(count, dtype=np.uint8)
        if count:
            self._source.fill(data.data)
        # any byte but 0 and 1 in a bool array is undefined behaviour in NumPy
        return (data != 0 if dtype == np.bool_ else data.view(dtype)).reshape(shape)
