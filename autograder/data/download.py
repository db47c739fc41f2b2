"""Download a file of a known size; an interrupted download goes on where it stopped."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.errors import DataError

BLOCK = 1 << 18
TIMEOUT = 30.0  # seconds without a byte
ELSEWHERE = (
    "Check the network and try again. Without a network, download the file elsewhere, unpack it, and name "
    "its folder with --data DIR."
)
Progress = Callable[[int], None]


def download(url: str, part: Path, size: int, progress: Progress) -> None:
    """Download the bytes that `part` lacks of a file of `size` bytes; no more are ever kept.

    `progress` is called after each block with the number of bytes that have arrived.

    Raises `DataError` if the URL is not http or https, the server does not answer, or an attempt brings
    no more bytes.
    """
    if not url.startswith(("https://", "http://")):  # a file: URL would read this machine
        what = "expected a URL that begins with https:// or http://"
        raise DataError(f"{url}: {what}", "Correct `url` in assignment.toml.")
    while (before := _size(part)) < size:
        problem = _go_on(url, part, size, progress)
        have = _size(part)
        if have <= before:
            kept = f"; {have} of {size} bytes have arrived and are kept" if have else ""
            raise DataError(f"{url}: {problem}{kept}", ELSEWHERE)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _go_on(url: str, part: Path, size: int, progress: Progress) -> str:
    """Ask once for the missing bytes; give the reason why some may still be missing."""
    have = _size(part)
    headers = {"User-Agent": "autograder"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            # a server may ignore the range and send the file from its start
            _store(answer, part, have if _continues(answer, have) else 0, size, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
        return f"the server answers {error.code} {error.reason}"
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        return f"no connection: {getattr(error, 'reason', None) or error or type(error).__name__}"
    return f"the server's file is shorter than the expected {size} bytes"


def _store(answer: Any, part: Path, start: int, size: int, progress: Progress) -> None:
    """Write the answer after the first `start` bytes of the part."""
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        left = size - start
        while left > 0 and (block := answer.read(min(BLOCK, left))):
            file.write(block)
            left -= len(block)
            progress(size - left)


def _continues(answer: Any, have: int) -> bool:
    """Say whether the server's answer begins after the first `have` bytes."""
    begins = str(answer.headers.get("Content-Range", "")).removeprefix("bytes ").partition("-")[0]
    return answer.status == http.HTTPStatus.PARTIAL_CONTENT and begins == str(have)
