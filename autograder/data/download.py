"""Downloading a file of a known size, so that an interrupted download goes on where it was."""

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
    "Check the network and run it again. Without one: download it elsewhere, unpack it, and name the folder "
    "with --data DIR."
)
Progress = Callable[[int], None]


class Downloader:
    """What pooch calls to get a file: keeps the part that has arrived, and asks for the rest.

    Parameters
    ----------
    part : Path
        Where the part is kept until the download is complete.
    size : int
        Bytes of the whole file; no more are ever kept.
    progress : callable
        Is told how many bytes there are, now and then.
    """

    def __init__(self, part: Path, size: int, progress: Progress) -> None:
        self.part = part
        self.size = size
        self.progress = progress

    def __call__(self, fname: str, action: Any, pooch: Any, *, check_only: bool | None = False) -> None:
        """Write the whole file at the URL `fname` to the path `action`; so pooch calls them.

        Raises
        ------
        DataError
            The server does not answer, or the connection breaks without a byte being gained.
        """
        if check_only:
            return
        while self._have() < self.size:
            before = self._have()
            problem = self._go_on(fname)
            if self._have() <= before:
                raise DataError(f"{fname}: {problem}{self._kept()}", ELSEWHERE)
        shutil.move(self.part, action)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _kept(self) -> str:
        have = self._have()
        return f"; {have} of {self.size} bytes have arrived and are kept" if have else ""

    def _go_on(self, url: str) -> str:
        """Ask for what is missing, once; gives what went wrong, in words."""
        have = self._have()
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            with urllib.request.urlopen(_request(url, headers), timeout=TIMEOUT) as answer:
                self._store(answer, have if _continues(answer, have) else 0)
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self.part.unlink(missing_ok=True)
            return f"the server answers {error.code} {error.reason}"
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            return f"no connection: {getattr(error, 'reason', None) or error or type(error).__name__}"
        return f"the file there is shorter than the {self.size} bytes that were expected"

    def _store(self, answer: Any, start: int) -> None:
        """Write what comes behind the first `start` bytes of the part."""
        with self.part.open("r+b" if start else "wb") as file:
            file.seek(start)
            left = self.size - start
            while left > 0 and (block := answer.read(min(BLOCK, left))):
                file.write(block)
                left -= len(block)
                self.progress(self.size - left)


def _request(url: str, headers: dict[str, str]) -> urllib.request.Request:
    """A request, by the protocols of the web only."""
    if not url.startswith(("https://", "http://")):
        raise DataError(f"{url}: should begin with https:// or http://", "Correct `url` in assignment.toml.")
    return urllib.request.Request(url, headers={"User-Agent": "autograder", **headers})


def _continues(answer: Any, have: int) -> bool:
    """Whether the server really goes on behind the bytes that are here; it may also begin anew."""
    begins = str(answer.headers.get("Content-Range", "")).removeprefix("bytes ").partition("-")[0]
    return answer.status == http.HTTPStatus.PARTIAL_CONTENT and begins == str(have)
