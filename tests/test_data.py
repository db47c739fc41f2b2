"""The data set: hostile and damaged files, the search, the download; on both sides, engine and students."""

import hashlib
import io
import multiprocessing
import os
import pickle
import shutil
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from HW5_code import data_utils, synthetic_data

from autograder.assignment import DataSpec
from autograder.data import Dataset, describe_data, fetch_data, find_data, load, load_subset
from autograder.data.fetch import unpack
from autograder.data.find import fetched_folder
from autograder.errors import DataError

FOLDER = "cifar-10-batches-py"
GENERATOR = """
from pathlib import Path
def write(folder):
    Path(folder, "batches.meta").write_text("made")
    with Path({log!r}).open("a") as log:
        log.write("made\\n")
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small, whole data set: 5 times 4 images and 6 for tests."""
    return synthetic_data.write(tmp_path_factory.mktemp("data") / FOLDER, train=20, test=6)


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoilt."""
    return Path(shutil.copytree(original, tmp_path / FOLDER))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No cache, no folder and no variable of this machine plays a part."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def spec(**changes: Any) -> DataSpec:
    return DataSpec(**{"folder": FOLDER, "url": "http://x/y.tar.gz", "md5": "0" * 32, "bytes": 1, **changes})


def change(path: Path, **values: Any) -> None:
    """Write a batch with some of its entries replaced (None: left out)."""
    content = pickle.loads(path.read_bytes(), encoding="bytes")
    content.update({name.encode(): value for name, value in values.items()})
    kept = {key: value for key, value in content.items() if value is not None}
    path.write_bytes(pickle.dumps(kept, protocol=3))


# --- reading -------------------------------------------------------------------------------------


def test_a_whole_data_set(folder: Path) -> None:
    data = load(folder)
    images, labels = synthetic_data.sample(20)
    np.testing.assert_array_equal(data.x_train, images)
    np.testing.assert_array_equal(data.y_train, labels)
    assert (data.x_train.dtype, data.y_train.dtype) == (np.uint8, np.int64)
    assert (data.x_test.shape, data.y_test.shape) == ((6, 3, 32, 32), (6,))
    assert data.label_names == synthetic_data.CLASSES
    assert data.name == synthetic_data.NAME


def test_the_hash_is_that_of_the_arrays(folder: Path) -> None:
    data = load(folder)
    parts = (data.x_train, data.y_train.astype("<i8"), data.x_test, data.y_test.astype("<i8"))
    assert data.sha256 == hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
    assert data.sha256 == load(folder).sha256


def test_a_part_reads_only_the_files_it_needs(folder: Path) -> None:
    for number in (3, 4, 5):
        (folder / f"data_batch_{number}").unlink()
    whole, part = synthetic_data.sample(20)[0], load_subset(folder, 7, 2)
    np.testing.assert_array_equal(part.x_train, whole[:7])
    assert (len(part.y_train), len(part.x_test), len(part.y_test)) == (7, 2, 2)


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [(21, 1, "has 20 training images; 21 are wanted"), (1, 7, "test_batch: has 6 images; 7 are wanted")],
)
def test_a_part_larger_than_the_whole(folder: Path, train: int, test: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_subset(folder, train, test)


def python2_batch(rows: np.ndarray[Any, Any], labels: list[int]) -> bytes:
    """A batch as Python 2 and the NumPy of those days wrote CIFAR-10: protocol 2, all strings are bytes."""

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
    data: Dataset = load(folder)
    return data.x_train, data.y_train


def by_student(folder: Path) -> tuple[Any, Any]:
    return data_utils.load_CIFAR10(folder)[:2]


both = pytest.mark.parametrize(
    ("read", "error"), [(by_engine, DataError), (by_student, ValueError)], ids=["engine", "student"]
)


@both
def test_files_of_python_2(folder: Path, read: Load, error: type[Exception]) -> None:
    images, labels = synthetic_data.sample(4)
    (folder / "data_batch_1").write_bytes(python2_batch(images.reshape(4, -1), labels.tolist()))
    x, y = read(folder)
    np.testing.assert_array_equal(x[:4], images)
    np.testing.assert_array_equal(y[:4], labels)


@both
@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_files_of_every_protocol(folder: Path, read: Load, error: type[Exception], protocol: int) -> None:
    path = folder / "data_batch_2"
    path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()), protocol=protocol))
    np.testing.assert_array_equal(read(folder)[0], synthetic_data.sample(20)[0])


class Runs:
    """Pickles to a call of a function."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def hostile(marker: Path) -> dict[str, bytes]:
    """Files that would leave a mark if anything of them ran, or that ask for more than data needs."""
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
    """A pickle of a dict with an array in the given state."""

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
def test_something_else_than_a_dict(folder: Path, read: Load, error: type[Exception]) -> None:
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
def test_labels_that_are_none(
    folder: Path, read: Load, error: type[Exception], labels: Any, message: str
) -> None:
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


def test_a_reference_to_something_outside(folder: Path) -> None:
    (folder / "data_batch_1").write_bytes(b"\x80\x03U\x05thereQ.")
    with pytest.raises(DataError, match=r"data_batch_1: it refers to b'there' outside itself"):
        load(folder)


def test_bytes_in_another_encoding(folder: Path) -> None:
    (folder / "data_batch_1").write_bytes(b"\x80\x02c_codecs\nencode\nX\x01\0\0\0aX\x05\0\0\0utf-7\x86R.")
    with pytest.raises(DataError, match=r"it encodes bytes as 'utf-7', not as 'latin1'"):
        load(folder)


def test_a_huge_file_is_not_read(folder: Path) -> None:
    with (folder / "data_batch_1").open("wb") as file:
        file.truncate(1 << 32)
    with pytest.raises(DataError, match=r"data_batch_1: has 4294967296 bytes, more than the 67108864"):
        load(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"label_names": None}, "`label_names` should be a list"),
        ({"label_names": [1]}, "`label_names` should be a list"),
        ({"num_cases_per_batch": 0}, "`num_cases_per_batch` should be a number of images, got 0"),
        ({"num_cases_per_batch": b"4"}, "`num_cases_per_batch` should be"),
        ({"num_cases_per_batch": 5}, "data_batch_1: has 4 images; batches.meta says 5"),
        ({"data_set": None, "label_names": [b"airplane", b"automobile", b"bird", b"cat", b"deer", b"dog",
                                            b"frog", b"horse", b"ship", b"truck"]},
         "CIFAR-10 has batches of 10000 images, not of 4"),
    ],
)  # fmt: skip
def test_a_meta_that_does_not_fit(folder: Path, values: dict[str, Any], message: str) -> None:
    change(folder / "batches.meta", **values)
    with pytest.raises(DataError, match=message):
        load(folder)


def test_an_unnamed_data_set_is_called_by_its_folder(folder: Path) -> None:
    change(folder / "batches.meta", data_set=None)
    assert load(folder).name == FOLDER


# --- the students' arrays --------------------------------------------------------------------------


def test_students_get_their_split(folder: Path) -> None:
    data = data_utils.get_CIFAR10_data(14, 5, 3, folder)
    images, labels = synthetic_data.sample(20)
    mean = images[:14].mean(axis=0)
    np.testing.assert_allclose(data["X_val"], images[14:19] - mean, atol=1e-4)
    np.testing.assert_array_equal(data["y_val"], labels[14:19])
    assert abs(data["X_train"].mean()) < 1e-4
    assert {name: values.shape[0] for name, values in data.items()} == {
        "X_train": 14, "y_train": 14, "X_val": 5, "y_val": 5, "X_test": 3, "y_test": 3,
    }  # fmt: skip
    assert all(values.dtype == (np.float32 if name[0] == "X" else np.int64) for name, values in data.items())


@pytest.mark.parametrize(
    ("counts", "message"),
    [((20, 1, 1), "has 20 images for training and validation; ask for 1 to 20, not 21"),
     ((10, 1, 7), "has 6 images for test; ask for 1 to 6, not 7"),
     ((-5, 1, 1), "ask for 1 to 20")],
)  # fmt: skip
def test_students_ask_for_too_many(folder: Path, counts: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data_utils.get_CIFAR10_data(*counts, folder)


def test_where_students_data_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert data_utils.find_CIFAR10(folder) == folder
    assert data_utils.find_CIFAR10(tmp_path) == folder
    monkeypatch.chdir(tmp_path)
    assert data_utils.find_CIFAR10() == Path(FOLDER)
    other = synthetic_data.write(tmp_path / "other", train=5, test=1)
    monkeypatch.setenv("CIFAR10_DIR", str(other))
    assert data_utils.find_CIFAR10() == other


def test_students_name_a_folder_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"nowhere: the folder that was asked for has no file test_batch"
    ):
        data_utils.find_CIFAR10("nowhere")
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"the folder that CIFAR10_DIR names has no file test_batch"):
        data_utils.find_CIFAR10()


@pytest.fixture
def small_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in of full size is made in test_synthetic_data.py."""
    whole = synthetic_data.write
    monkeypatch.setattr(synthetic_data, "write", lambda folder: whole(folder, train=20, test=6))


@pytest.mark.usefixtures("small_stand_in")
def test_students_get_a_stand_in_and_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made = data_utils.find_CIFAR10()
    assert tmp_path / "cache" in made.parents
    first = capsys.readouterr().out
    assert "CIFAR-10 is not here: generated pictures of shapes stand in for it; it is made now, once" in first
    assert data_utils.find_CIFAR10() == made
    again = capsys.readouterr().out
    assert "stand in for it (" in again
    assert len(data_utils.load_CIFAR10(made)[0]) == 20


@pytest.mark.usefixtures("small_stand_in")
def test_students_without_a_place_for_the_stand_in(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(OSError, match=r"can't be written there .* Set XDG_CACHE_HOME .* or CIFAR10_DIR"):
        data_utils.find_CIFAR10()


# --- the engine's search -----------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An assignment's folder with a generator that counts how often it runs."""
    home = tmp_path / "assignment"
    home.mkdir()
    (home / "generate.py").write_text(GENERATOR.format(log=str(tmp_path / "log")))
    return home


def test_where_the_engine_s_data_is_found(folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = spec(generator="generate.py")
    made = find_data(None, wanted, root)
    assert made.parent == folder.parent / "cache" / "autograder"
    assert describe_data(wanted) == ("stand-in", made.parent)

    fetched = fetched_folder(wanted)
    synthetic_data.write(fetched, train=5, test=1)
    assert find_data(None, wanted, root) == fetched
    assert describe_data(wanted) == ("real", fetched)

    beside = synthetic_data.write(root / FOLDER, train=5, test=1)
    assert find_data(None, wanted, root) == beside

    monkeypatch.setenv("CIFAR10_DIR", str(folder))
    assert find_data(None, wanted, root) == folder
    assert find_data(beside, wanted, root) == beside
    assert find_data(root, wanted, root) == beside


def test_a_named_folder_without_data(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"work: was asked for, but has no batches.meta"):
        find_data(tmp_path / "work", spec(), root)
    monkeypatch.setenv("CIFAR10_DIR", "nowhere")
    with pytest.raises(DataError, match=r"nowhere: was named by CIFAR10_DIR, but has no batches.meta"):
        find_data(None, spec(), root)


def test_no_data_and_no_generator(root: Path) -> None:
    with pytest.raises(DataError, match=r"is not on this machine, and none can be generated"):
        find_data(None, spec(), root)
    with pytest.raises(DataError, match=r"away.py: the generator of a stand-in is missing"):
        find_data(None, spec(generator="away.py"), root)


@pytest.mark.parametrize(
    ("code", "message"),
    [("1 / 0", "can't be loaded: ZeroDivisionError"), ("x = 1", r"should define write\(folder\)")],
)
def test_a_broken_generator(root: Path, code: str, message: str) -> None:
    (root / "generate.py").write_text(code)
    with pytest.raises(DataError, match=f"generate.py: {message}"):
        find_data(None, spec(generator="generate.py"), root)


def test_a_generator_that_changes_makes_anew(root: Path) -> None:
    wanted = spec(generator="generate.py")
    first = find_data(None, wanted, root)
    with (root / "generate.py").open("a") as file:
        file.write("# changed\n")
    assert find_data(None, wanted, root) != first


def test_several_processes_make_it_once(root: Path, tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        folders = pool.starmap(find_data, [(None, spec(generator="generate.py"), root)] * 6)
    assert len(set(folders)) == 1
    assert (tmp_path / "log").read_text().count("made") == 1


def test_a_cache_that_can_not_be_written(root: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"can't be made: .*\n.*XDG_CACHE_HOME"):
        find_data(None, spec(generator="generate.py"), root)


# --- fetching ----------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """Serves one file, and breaks off where it is told to."""

    daemon_threads = True
    body = b""
    status = 200
    ranges = True
    cuts: list[int]  # how many bytes the next answers send before the line is cut
    asked: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/data.tar.gz"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.ranges else 0
        rest = self.server.body[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header(
                "Content-Range", f"bytes {start}-{len(self.server.body) - 1}/{len(self.server.body)}"
            )
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts else len(rest)
        self.wfile.write(rest[:cut])
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.cuts, server.asked = [], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def packed(folder: Path, *more: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(folder, arcname=FOLDER)
        for member in more:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return buffer.getvalue()


def served(server: Server, body: bytes, **changes: Any) -> DataSpec:
    server.body = body
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return spec(**{"url": server.url, "md5": md5, "bytes": len(body), **changes})


def leftovers(wanted: DataSpec) -> list[str]:
    return sorted(path.name for path in fetched_folder(wanted).parent.iterdir() if path.suffix != ".lock")


def test_fetch(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    fetched = fetch_data(wanted)
    assert load(fetched).sha256 == load(folder).sha256
    assert server.asked == [None]
    assert leftovers(wanted) == [FOLDER]
    assert fetch_data(wanted) == fetched
    assert len(server.asked) == 1
    assert find_data(None, wanted, folder.parent / "work") == fetched


def test_a_line_that_is_cut_is_taken_up_again(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.cuts = [1000, 500]
    assert load(fetch_data(wanted)).sha256 == load(folder).sha256
    assert server.asked == [None, "bytes=1000-", "bytes=1500-"]


def test_the_next_run_goes_on_where_the_last_one_broke(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.cuts = [1000, 0]
    with pytest.raises(DataError, match=rf"1000 of {wanted.bytes} bytes have arrived and are kept"):
        fetch_data(wanted)
    assert leftovers(wanted) == ["data.tar.gz.part"]
    assert load(fetch_data(wanted)).sha256 == load(folder).sha256
    assert server.asked == [None, "bytes=1000-", "bytes=1000-"]


def test_a_server_that_can_not_go_on_begins_anew(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.ranges, server.cuts = False, [1000]
    assert load(fetch_data(wanted)).sha256 == load(folder).sha256
    assert server.asked == [None, "bytes=1000-"]


def test_another_file_is_thrown_away(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder), md5="0" * 32)
    with pytest.raises(DataError, match=f"its MD5 is not {'0' * 32}; it was thrown away\n.*Run it again"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


def test_a_file_that_is_too_short(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    wanted = spec(url=wanted.url, md5=wanted.md5, bytes=wanted.bytes + 1)
    with pytest.raises(DataError, match=f"shorter than the {wanted.bytes} bytes that were expected"):
        fetch_data(wanted)


@pytest.mark.parametrize("status", [404, 503])
def test_a_server_that_refuses(server: Server, folder: Path, status: int) -> None:
    wanted = served(server, packed(folder))
    server.status = status
    with pytest.raises(DataError, match=f"data.tar.gz: the server answers {status} .*\n.*CIFAR10_DIR"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


def test_a_part_that_the_server_does_not_know_is_dropped(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.cuts = [1000, 0]
    with pytest.raises(DataError):
        fetch_data(wanted)
    server.status = 416
    with pytest.raises(DataError, match=r"the server answers 416"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


def test_no_network() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: a connection is refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.tar.gz"
        with pytest.raises(
            DataError, match=r"data.tar.gz: no connection: .*refused.*\n.*Without one: download"
        ):
            fetch_data(spec(url=url))


def test_only_the_web_is_fetched_from(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"should begin with https:// or http://"):
        fetch_data(spec(url=(tmp_path / "data.tar.gz").as_uri()))


def test_an_archive_of_something_else(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder), folder="other")
    with pytest.raises(DataError, match=r"has no other/batches.meta"):
        fetch_data(wanted)


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 1, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size if kind == tarfile.REGTYPE else 0, link
    return info


@pytest.mark.parametrize(
    "bad",
    [
        member(f"{FOLDER}/link", tarfile.SYMTYPE, link="/etc/passwd"),
        member(f"{FOLDER}/hard", tarfile.LNKTYPE, link="/etc/passwd"),
        member(f"{FOLDER}/pipe", tarfile.FIFOTYPE),
        member(f"{FOLDER}/.."),
    ],
    ids=["symlink", "hard link", "pipe", "parent"],
)
def test_what_is_no_plain_file_is_not_unpacked(server: Server, folder: Path, bad: tarfile.TarInfo) -> None:
    wanted = served(server, packed(folder, bad))
    with pytest.raises(DataError, match=r"should be a plain file; the archive is not unpacked"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


@pytest.mark.parametrize(
    "name", ["/tmp/evil", "../evil", f"{FOLDER}/../../evil", f"{FOLDER}/deep/evil", "evil"]
)
def test_what_stands_elsewhere_in_an_archive_is_left_there(
    server: Server, folder: Path, tmp_path: Path, name: str
) -> None:
    fetched = fetch_data(served(server, packed(folder, member(name))))
    assert sorted(path.name for path in fetched.iterdir()) == sorted(path.name for path in folder.iterdir())
    assert not list(tmp_path.rglob("evil"))


def test_an_archive_far_larger_than_it_looks(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "data.tar.gz"
    archive.write_bytes(packed(folder, member(f"{FOLDER}/zeros", size=10_000_000)))
    (tmp_path / "into").mkdir()
    with pytest.raises(DataError, match=r"zeros: the archive holds far more than its size suggests"):
        unpack(archive, FOLDER, tmp_path / "into", 1_000_000)


def test_a_damaged_archive(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder)[:-5000])
    with pytest.raises(DataError, match=r"can't be unpacked: .*\n.*autograder data fetch"):
        fetch_data(wanted)
    assert leftovers(wanted) == []
