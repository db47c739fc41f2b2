"""The frames: every value that may cross comes back equal, and no bytes do harm."""

from __future__ import annotations

import io
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.guest import wire


class Bytes:
    """A source over bytes that are all there; `read` counts the bytes that were asked for."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.read = 0

    def take(self, count: int) -> bytes:
        data = self._file.read(count)
        self.read += count
        if len(data) < count:
            raise EOFError
        return data

    def fill(self, view: memoryview) -> None:
        self.read += len(view)
        if self._file.readinto(view) < len(view):
            raise EOFError


def refer(value: Any) -> tuple[int, str]:
    return 7, type(value).__name__


def adopt(number: int, kind: str) -> tuple[str, int, str]:
    return "handle", number, kind


def frame(value: Any, **limits: Any) -> bytes:
    return b"".join(bytes(part) for part in wire.encode(wire.ANSWER, value, refer, **limits))


def read(data: bytes, most: int = 1 << 20) -> Any:
    return wire.decode(wire.ANSWER, Bytes(data), adopt, most)


def body(content: bytes) -> bytes:
    return wire.HEADER.pack(wire.ANSWER, len(content)) + content


ARRAYS = hnp.arrays(
    dtype=st.sampled_from([np.dtype(name) for name in wire.DTYPES]),
    shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 200), 1 << 200)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_values_come_back_equal(value: Any) -> None:
    found = read(frame(value))
    assert found == value
    assert type(found) is type(value)


@given(ARRAYS, st.booleans())
def test_arrays_come_back_equal(array: np.ndarray[Any, Any], transposed: bool) -> None:
    given_array = array.T if transposed else array
    found = read(frame([given_array]))[0]
    assert found.dtype == given_array.dtype
    assert found.shape == given_array.shape
    assert found.tobytes() == given_array.tobytes()
    assert found.flags.writeable
    assert type(found) is np.ndarray


@settings(max_examples=400)
@given(st.binary(max_size=300))
def test_garbage_is_refused_in_one_of_the_known_ways(data: bytes) -> None:
    for content in (data, body(data), body(b"t\x02\0\0\0" + data)):
        try:
            read(content, 1 << 16)
        except (wire.Malformed, wire.TooLarge, EOFError):
            continue


@settings(max_examples=200)
@given(VALUES, st.data())
def test_a_frame_with_one_byte_changed_is_refused_or_read(value: Any, data: st.DataObject) -> None:
    whole = bytearray(frame([value, np.arange(3)]))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        read(bytes(whole))
    except (wire.Malformed, wire.TooLarge, EOFError):
        return


@pytest.mark.parametrize("dtype", [">f8", ">i4", "longdouble"])
def test_other_orders_and_sizes_are_converted(dtype: str) -> None:
    array = np.arange(4).astype(dtype)
    found = read(frame(array))
    assert found.tolist() == [0, 1, 2, 3]
    assert found.dtype.str.lstrip("<") in wire.DTYPES or found.dtype.str in wire.DTYPES


def test_scalars_of_numpy_come_back_plain() -> None:
    numbers = [np.float32(0.5), np.int8(-1), np.bool_(True), np.str_("a"), np.complex64(1j)]
    found = read(frame([*numbers, np.longdouble(2)]))
    assert found == [0.5, -1, True, "a", 1j, 2.0]
    assert [type(value) for value in found] == [float, int, bool, str, complex, float]


def test_subclasses_come_back_as_their_base() -> None:
    class Named(tuple[int, ...]):
        pass

    class Whole(int):
        pass

    class Other(np.ndarray[Any, Any]):
        pass

    masked = np.ma.masked_array([1, 2], [True, False])
    found = read(frame([Named((1, 2)), Whole(3), np.zeros(2).view(Other), masked]))
    assert [type(value) for value in found] == [tuple, int, np.ndarray, np.ndarray]


def test_lone_surrogates_are_written_out() -> None:
    assert read(frame("a\ud800")) == "a\\ud800"


def test_objects_cross_as_handles() -> None:
    assert read(frame([object()])) == [("handle", 7, "object")]


def test_keys_become_text() -> None:
    assert read(frame({1: "a", None: "b"})) == {"1": "a", "None": "b"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.array([object()]), "an array of dtype object"),
        (np.zeros(2, dtype="M8[s]"), r"an array of dtype datetime64"),
        (np.zeros(2, dtype=[("a", "f8")]), "an array of dtype"),
        (np.array(["a"]), "an array of dtype <U1"),
        (np.zeros((1,) * 9), "an array of 9 dimensions"),
        (np.datetime64(1, "s"), "a NumPy scalar of dtype datetime64"),
        (1 << 10000, "an integer of"),
    ],
)
def test_a_value_without_a_form_is_an_error(value: Any, reason: str) -> None:
    with pytest.raises(wire.Unsupported, match=reason):
        frame(value)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_depth_has_an_end() -> None:
    assert read(frame(nested(wire.MAX_DEPTH))) == nested(wire.MAX_DEPTH)
    with pytest.raises(wire.Unsupported, match=f"nested more than {wire.MAX_DEPTH} deep"):
        frame(nested(wire.MAX_DEPTH + 1))
    with pytest.raises(wire.Malformed, match=f"nested more than {wire.MAX_DEPTH} deep"):
        read(body(b"l\x01\0\0\0" * (wire.MAX_DEPTH + 2) + b"N"))


def test_counts_have_an_end() -> None:
    with pytest.raises(wire.TooLarge, match="values"):
        frame([0] * (wire.MAX_NODES + 1))
    content = b"l" + struct.pack("<I", wire.MAX_NODES + 1) + b"N" * (wire.MAX_NODES + 1)
    with pytest.raises(wire.TooLarge, match="values"):
        read(body(content), 1 << 30)


def test_text_has_an_end() -> None:
    with pytest.raises(wire.TooLarge, match="text"):
        frame(["x" * (wire.MAX_TEXT // 2 + 1)] * 2)
    content = b"s" + struct.pack("<I", wire.MAX_TEXT + 1) + bytes(wire.MAX_TEXT + 1)
    with pytest.raises(wire.TooLarge, match="text"):
        read(body(content), 1 << 30)


def test_bytes_have_an_end_on_both_sides() -> None:
    with pytest.raises(wire.TooLarge, match="more than 100 bytes"):
        frame(np.zeros(50), max_bytes=100)
    with pytest.raises(wire.TooLarge, match="more than 10000 bytes"):
        frame(np.zeros(5000), max_bytes=10000)
    source = Bytes(wire.HEADER.pack(wire.ANSWER, 1 << 40))
    with pytest.raises(wire.TooLarge, match="at most 100 may come"):
        wire.decode(wire.ANSWER, source, adopt, 100)
    assert source.read == wire.HEADER.size


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"z", "an unknown tag"),
        (b"", "longer than its frame"),
        (b"NN", "1 bytes after the value"),
        (b"i123", "longer than its frame"),
        (b"I" + struct.pack("<H", 5000) + bytes(5000), "an integer of 5000 bytes"),
        (b"s" + struct.pack("<I", 2) + b"\xff\xfe", "not UTF-8"),
        (b"l" + struct.pack("<I", 1 << 31), "more values than bytes"),
        (b"a" + bytes([99, 0]), "an array of dtype 99"),
        (b"a" + bytes([11, 9]), "in 9 dimensions"),
        (b"a" + bytes([11, 2]) + struct.pack("<QQ", 1 << 40, 1 << 40), "an array of shape"),
        (b"a" + bytes([11, 2]) + struct.pack("<QQ", 0, 1 << 63), "an array of shape"),
        (b"a" + bytes([11, 1]) + struct.pack("<Q", 100), "an array of 800 bytes in a frame of fewer"),
    ],
)
def test_malformed_frames_are_errors(content: bytes, reason: str) -> None:
    with pytest.raises(wire.Malformed, match=reason):
        read(body(content))


def test_the_type_of_a_frame_is_checked() -> None:
    with pytest.raises(wire.Malformed, match="a frame of type 1, expected 2"):
        read(wire.HEADER.pack(wire.REQUEST, 1) + b"N")


def test_a_child_s_first_word_is_a_word_and_no_object() -> None:
    word = b"".join(map(bytes, wire.encode_word(wire.READY)))
    assert wire.decode_word(Bytes(word)) == wire.READY
    with pytest.raises(wire.Unsupported, match=r"an object \(object\) before any code has run"):
        wire.encode_word(object())  # type: ignore[arg-type]
    with pytest.raises(wire.Malformed, match=r"a handle \(7, 'object'\) before any code has run"):
        wire.decode_word(Bytes(frame(object())))
    with pytest.raises(wire.TooLarge, match="a frame of 20005 bytes, at most 16384 may come"):
        wire.decode_word(Bytes(frame("x" * 20_000)))


def test_large_arrays_are_written_from_where_they_are() -> None:
    array = np.zeros(1 << 16)
    parts = wire.encode(wire.REQUEST, (array, array), refer)
    views = [part for part in parts if isinstance(part, memoryview)]
    assert len(views) == 2
    assert all(np.shares_memory(np.frombuffer(view, dtype="u1"), array) for view in views)
    assert sum(map(len, parts)) - wire.HEADER.size == wire.HEADER.unpack(parts[0])[1]
    assert math.prod(array.shape) * 8 == len(views[0])
