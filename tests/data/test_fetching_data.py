"""The download, from a server on this machine."""

import hashlib
import io
import socket
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from data_sets import FOLDER, spec

from autograder.assignment import DataSpec
from autograder.data import fetch_data, find_data
from autograder.data.fetch import unpack
from autograder.data.find import fetched_folder
from autograder.errors import DataError


def same_files(one: Path, other: Path) -> bool:
    found = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in (one, other)]
    return found[0] == found[1]


class Server(ThreadingHTTPServer):
    """Serves one file, and breaks off after a given number of bytes."""

    daemon_threads = True
    body = b""
    status = 200
    ranges = True
    cuts: list[int]  # the bytes that each of the next answers sends before it breaks off
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
    assert same_files(fetched, folder)
    assert server.asked == [None]
    assert leftovers(wanted) == [FOLDER]
    assert fetch_data(wanted) == fetched
    assert len(server.asked) == 1
    assert find_data(None, wanted, folder.parent / "work") == fetched


def test_an_interrupted_download_goes_on(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.cuts = [1000, 500]
    assert same_files(fetch_data(wanted), folder)
    assert server.asked == [None, "bytes=1000-", "bytes=1500-"]


def test_the_next_run_goes_on_where_the_last_one_stopped(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.cuts = [1000, 0]
    with pytest.raises(DataError, match=rf"1000 of {wanted.bytes} bytes have arrived and are kept"):
        fetch_data(wanted)
    assert leftovers(wanted) == ["data.tar.gz.part"]
    assert same_files(fetch_data(wanted), folder)
    assert server.asked == [None, "bytes=1000-", "bytes=1000-"]


def test_a_server_without_ranges_sends_the_file_from_its_start(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.ranges, server.cuts = False, [1000]
    assert same_files(fetch_data(wanted), folder)
    assert server.asked == [None, "bytes=1000-"]


def test_a_file_with_another_hash_is_deleted(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder), md5="0" * 32)
    with pytest.raises(DataError, match=f"its MD5 is not {'0' * 32}. It was not kept\n.*Try again"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


def test_a_file_that_is_too_short(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    wanted = spec(url=wanted.url, md5=wanted.md5, bytes=wanted.bytes + 1)
    with pytest.raises(DataError, match=f"shorter than the expected {wanted.bytes} bytes"):
        fetch_data(wanted)


@pytest.mark.parametrize("status", [404, 503])
def test_a_server_that_refuses(server: Server, folder: Path, status: int) -> None:
    wanted = served(server, packed(folder))
    server.status = status
    with pytest.raises(DataError, match=f"data.tar.gz: the server answers {status} .*\n.*--data DIR"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


def test_a_part_that_the_server_rejects_is_deleted(server: Server, folder: Path) -> None:
    wanted = served(server, packed(folder))
    server.cuts = [1000, 0]
    with pytest.raises(DataError):
        fetch_data(wanted)
    server.status = 416
    with pytest.raises(DataError, match=r"the server answers 416"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


def test_a_data_set_without_a_url_cannot_be_fetched() -> None:
    made = DataSpec(folder=FOLDER, marker="m", reader="r.py", generator="make.py")
    with pytest.raises(
        DataError, match=r"names no url, so there is nothing to fetch\n  It is made by make\.py"
    ):
        fetch_data(made)


def test_no_network() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: a connection is refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.tar.gz"
        with pytest.raises(
            DataError, match=r"data.tar.gz: no connection: .*refused.*\n.*Without a network, download"
        ):
            fetch_data(spec(url=url))


def test_only_http_and_https_are_allowed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a URL that begins with https:// or http://"):
        fetch_data(spec(url=(tmp_path / "data.tar.gz").as_uri()))


def test_an_archive_without_the_expected_folder(server: Server, folder: Path) -> None:
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
def test_only_plain_files_are_unpacked(server: Server, folder: Path, bad: tarfile.TarInfo) -> None:
    wanted = served(server, packed(folder, bad))
    with pytest.raises(DataError, match=r"expected a plain file, so the archive was not unpacked"):
        fetch_data(wanted)
    assert leftovers(wanted) == []


@pytest.mark.parametrize(
    "name", ["/tmp/evil", "../evil", f"{FOLDER}/../../evil", f"{FOLDER}/deep/evil", "evil"]
)
def test_files_elsewhere_in_an_archive_are_not_unpacked(
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
