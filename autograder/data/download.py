"""Download a file of a known size; an interrupted download goes on where it stopped."""

from __future__ import annotations

import http.client
import shutil
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


class Downloader:
    """Gets a file for pooch: keeps the part that has arrived, and asks the server for the rest.

    Parameters
    ----------
    part : Path
        The file that holds the part until the download is complete.
    size : int
        The size of the whole file in bytes; no more are ever kept.
    progress : callable
        Called after each block with the number of bytes that have arrived.
    """

    def __init__(self, part: Path, size: int, progress: Progress) -> None:
        self.part = part
        self.size = size
        self.progress = progress

    def __call__(self, fname: str, action: Any, pooch: Any, *, check_only: bool | None = False) -> None:
        """Write the whole file at the URL `fname` to the path `action`; the names are pooch's.

        Raises
        ------
        DataError
            The server does not answer, or an attempt brings no more bytes.
        """
        if check_only:
            return
        while self._have() < self.size:
            before = self._have()
            problem = self._go_on(fname)
            have = self._have()
            if have <= before:
                kept = f"; {have} of {self.size} bytes have arrived and are kept" if have else ""
                raise DataError(f"{fname}: {problem}{kept}", ELSEWHERE)
        shutil.move(self.part, action)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _go_on(self, url: str) -> str:
        """Ask once for the missing bytes, and say what went wrong if some are missing after that."""
        have = self._have()
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            with urllib.request.urlopen(_request(url, headers), timeout=TIMEOUT) as answer:
                # A server may ignore the range and send the file from its start.
                self._store(answer, have if _continues(answer, have) else 0)
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self.part.unlink(missing_ok=True)
            return f"the server answers {error.code} {error.reason}"
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            return f"no connection: {getattr(error, 'reason', None) or error or type(error).__name__}"
        return f"the server's file is shorter than the expected {self.size} bytes"

    def _store(self, answer: Any, start: int) -> None:
        """Write the answer after the first `start` bytes of the part."""
        with self.part.open("r+b" if start else "wb") as file:
            file.seek(start)
            left = self.size - start
            while left > 0 and (block := answer.read(min(BLOCK, left))):
                file.write(block)
                left -= len(block)
                self.progress(self.size - left)


def _request(url: str, headers: dict[str, str]) -> urllib.request.Request:
    """Make a request; refuse everything but http and https (a ``file:`` URL would read this machine)."""
    if not url.startswith(("https://", "http://")):
        raise DataError(
            f"{url}: expected a URL that begins with https:// or http://", "Correct `url` in assignment.toml."
        )
    return urllib.request.Request(url, headers={"User-Agent": "autograder", **headers})


def _continues(answer: Any, have: int) -> bool:
    """Decide whether the server's answer begins after the first `have` bytes."""
    begins = str(answer.headers.get("Content-Range", "")).removeprefix("bytes ").partition("-")[0]
    return answer.status == http.HTTPStatus.PARTIAL_CONTENT and begins == str(have)
