"""Hostile and damaged files, read by the engine and by the students' code."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_sets import change
from HW5_code import data_utils, synthetic_data

from autograder.authoring.loading import load_module
from autograder.errors import DataError

ROOT = Path(__file__).parents[2]


READER = load_module(ROOT / "reference" / "hw5" / "cifar10.py")


def test_a_whole_data_set(folder: Path) -> None:
    data = READER.read(folder, 20, 6)
    images, labels = synthetic_data.sample(20)
    mean = images.mean(axis=0, dtype=np.float64).astype(np.float32)
    np.testing.assert_array_equal(data.x_train, images.astype(np.float32) - mean)
    np.testing.assert_array_equal(data.y_train, labels)
    assert (data.x_train.dtype, data.y_train.dtype) == (np.float32, np.int64)
    assert (data.x_test.shape, data.y_test.shape) == ((6, 3, 32, 32), (6,))
    assert data.name == synthetic_data.NAME


def test_a_part_reads_only_the_files_it_needs(folder: Path) -> None:
    for number in (3, 4, 5):
        (folder / f"data_batch_{number}").unlink()
    part = READER.read(folder, 7, 2)
    np.testing.assert_array_equal(part.y_train, synthetic_data.sample(20)[1][:7])
    assert (len(part.x_train), len(part.x_test), len(part.y_test)) == (7, 2, 2)


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (21, 1, "has 20 training images, and 21 are wanted"),
        (1, 7, "has 6 test images, and 7 are wanted"),
    ],
)
def test_a_part_larger_than_the_whole(folder: Path, train: int, test: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        READER.read(folder, train, test)


def python2_batch(rows: np.ndarray[Any, Any], labels: list[int]) -> bytes:
    """Give a batch as Python 2 and its NumPy wrote CIFAR-10: protocol 2, all strings are bytes."""

    def text(value: bytes) -> bytes:
        return pickle.BINSTRING + len(value).to_bytes(4, "little") + value

    size = b"".join(pickle.BININT + number.to_bytes(4, "little") for number in rows.shape)
    kind = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R(K\x03" + text(b"|")
    kind += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
    array += b"(K\x01" + size + b"\x86" + kind + b"\x89" + text(rows.tobytes()) + b"tb"
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + b"](" + numbers + b"eu."


Load = Callable[[Path], tuple[Any, Any]]


def by_engine(folder: Path) -> tuple[Any, Any]:
    data = READER.read(folder, 20, 6)
    return data.x_train, data.y_train


def by_student(folder: Path) -> tuple[Any, Any]:
    return data_utils.load_CIFAR10(folder)[:2]


both = pytest.mark.parametrize(
    ("read", "error"), [(by_engine, DataError), (by_student, ValueError)], ids=["engine", "student"]
)


@both
def test_files_written_by_python_2(folder: Path, read: Load, error: type[Exception]) -> None:
    images, labels = synthetic_data.sample(4)
    (folder / "data_batch_1").write_bytes(python2_batch(images.reshape(4, -1), labels.tolist()))
    x, y = read(folder)
    whole = data_utils.load_CIFAR10(folder)[0]
    np.testing.assert_array_equal(whole[:4], images)
    np.testing.assert_array_equal(y[:4], labels)
    assert x.shape == whole.shape


@both
@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_files_of_every_protocol(folder: Path, read: Load, error: type[Exception], protocol: int) -> None:
    path = folder / "data_batch_2"
    path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()), protocol=protocol))
    np.testing.assert_array_equal(read(folder)[1], synthetic_data.sample(20)[1])


class Runs:
    """Pickles as a call of a function."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def hostile(marker: Path) -> dict[str, bytes]:
    """Give files that would leave a mark if their code ran, or that name more than data needs."""
    nested = f"import os; os.mkdir({str(marker)!r})"
    return {
        "posix.mkdir": pickle.dumps(Runs(os.mkdir, str(marker))),
        "builtins.exec": pickle.dumps({b"data": Runs(exec, nested)}),
        "builtins.getattr": b"cbuiltins\ngetattr\n.",
        "numpy.f2py.crackfortran.myeval": b"cnumpy.f2py.crackfortran\nmyeval\n(S'1'\ntR.",
        "numpy.load": b"\x80\x04\x8c\x05numpy\x8c\x04load\x93.",
        "numpy.ndarray.__new__.__globals__": b"\x80\x04\x8c\x05numpy\x8c\x1bndarray.__new__.__globals__\x93.",
        "copyreg._reconstructor": b"ccopyreg\n_reconstructor\n.",
        "_codecs.decode": b"c_codecs\ndecode\n.",
    }


NAMES = list(hostile(Path("x")))


@both
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_is_refused_and_nothing_runs(
    folder: Path, tmp_path: Path, read: Load, error: type[Exception], name: str
) -> None:
    marker = tmp_path / "marker"
    (folder / "data_batch_3").write_bytes(hostile(marker)[name])
    with pytest.raises(error, match=rf"data_batch_3: .*{name}"):
        read(folder)
    assert not marker.exists()


def array_state(shape: Any, kind: bytes, fortran: bool, data: Any) -> bytes:
    """Give a pickle of a dict with an array in the given state."""

    def plain(value: Any) -> bytes:
        return pickle.dumps(value, protocol=3)[2:-1]

    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\nU" + bytes([len(kind)]) + kind + b"K\x00K\x01\x87R"
    state = b"(K\x01" + plain(shape) + dtype + plain(fortran) + plain(data) + b"tb"
    return b"\x80\x03}U\x04data" + array + state + b"s."


@both
@pytest.mark.parametrize(
    "state",
    [
        ((4, 3072), b"O8", False, [1, 2]),
        ((4, 3072), b"f8", False, b"\0" * 4 * 3072 * 8),
        ((4, 3072), b"u1", True, b"\0" * 4 * 3072),
        ((4, 3072), b"u1", False, b"\0" * 3072),
        ((4, 3072), b"u1", False, "text"),
        ((1 << 40, 3072), b"u1", False, b"\0"),
        ((-4, -3072), b"u1", False, b"\0" * 4 * 3072),
        ((4, 3071), b"u1", False, b"\0" * 4 * 3071),
        ("shape", b"u1", False, b""),
    ],
)
def test_arrays_that_are_not_images(folder: Path, read: Load, error: type[Exception], state: Any) -> None:
    (folder / "data_batch_1").write_bytes(array_state(*state))
    with pytest.raises(error, match=r"data_batch_1: "):
        read(folder)


@both
@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\x80\x03.", b"\x80\x03]q", b"\x80\xff.", b"\x80\x04\x95" + b"\xff" * 8, b"(" * 5000],
)
def test_damaged_files(folder: Path, read: Load, error: type[Exception], content: bytes) -> None:
    (folder / "test_batch").write_bytes(content)
    with pytest.raises(error, match=r"test_batch: .*damaged"):
        read(folder)


@both
def test_half_a_file(folder: Path, read: Load, error: type[Exception]) -> None:
    path = folder / "data_batch_5"
    path.write_bytes(path.read_bytes()[:-7000])
    with pytest.raises(error, match=r"data_batch_5: .*damaged"):
        read(folder)


@both
def test_a_file_without_a_dict(folder: Path, read: Load, error: type[Exception]) -> None:
    (folder / "data_batch_1").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(error, match=r"data_batch_1: should hold a dict, holds (a )?list"):
        read(folder)


@both
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "labels.* should be"),
        ([0, 1, 2], "labels.* should be"),
        ([0, 1, 2, 10], "from 0 to 9"),
        ([0, 1, 2, -1], "from 0 to 9"),
        ([0, 1, 2, True], "from 0 to 9"),
        ([0, 1, 2, 3.0], "from 0 to 9"),
    ],
)
def test_invalid_labels(folder: Path, read: Load, error: type[Exception], labels: Any, message: str) -> None:
    change(folder / "data_batch_4", labels=labels)
    with pytest.raises(error, match=f"data_batch_4: .*{message}"):
        read(folder)


@both
def test_a_missing_array(folder: Path, read: Load, error: type[Exception]) -> None:
    change(folder / "data_batch_4", data=None)
    with pytest.raises(error, match=r"data_batch_4: .data. should be an array \(N, 3072\) of uint8"):
        read(folder)


@both
def test_a_missing_file_is_named(folder: Path, read: Load, error: type[Exception]) -> None:
    (folder / "data_batch_2").unlink()
    with pytest.raises((error, FileNotFoundError), match=r"data_batch_2: "):
        read(folder)


def test_a_reference_to_an_outside_object(folder: Path) -> None:
    (folder / "data_batch_1").write_bytes(b"\x80\x03U\x05thereQ.")
    with pytest.raises(DataError, match=r"data_batch_1: is not a file of CIFAR-10, or damaged"):
        READER.read(folder, 20, 6)


def test_bytes_in_another_encoding(folder: Path) -> None:
    (folder / "data_batch_1").write_bytes(b"\x80\x02c_codecs\nencode\nX\x01\0\0\0aX\x05\0\0\0utf-7\x86R.")
    with pytest.raises(DataError, match=r"bytes in it should be written as latin1, not utf-7"):
        READER.read(folder, 20, 6)


@pytest.mark.parametrize("count", [0, b"4", None])
def test_a_meta_that_does_not_fit(folder: Path, count: Any) -> None:
    change(folder / "batches.meta", num_cases_per_batch=count)
    with pytest.raises(DataError, match="'num_cases_per_batch' should be a number of images"):
        READER.read(folder, 20, 6)


def test_an_unnamed_data_set_is_cifar_10(folder: Path) -> None:
    change(folder / "batches.meta", data_set=None)
    assert READER.read(folder, 20, 6).name == "CIFAR-10"
