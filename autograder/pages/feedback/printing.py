"""Print pages to PDF with a Chromium that is on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from autograder.errors import UsageError
from autograder.files import PRIVATE, write_atomically

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_SECONDS = 120
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def find_browser() -> str:
    """Find a browser that prints. Raises `UsageError` if there is none."""
    found = (shutil.which(name) for name in BROWSERS)
    browser = next((one for one in found if one), None)
    if browser is None:
        raise UsageError(
            "--pdf needs Chromium or Chrome, and neither is on this machine",
            "Install one of them, or leave --pdf out: the pages can be printed from any browser.",
        )
    return browser


def print_page(browser: str, page: Path, pdf: Path) -> None:
    """Print a page to a PDF file, written whole or not at all. Raises `UsageError` if the browser fails."""
    # the pages run no script and load nothing; Chromium's own sandbox refuses to start as root
    as_root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory(prefix="autograder-pdf-") as folder:
        made = Path(folder) / "page.pdf"
        command = [browser, *_FLAGS, *as_root, f"--user-data-dir={folder}/profile"]
        try:
            done = subprocess.run(
                [*command, f"--print-to-pdf={made}", page.resolve().as_uri()],
                check=False,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"{page}: {browser} did not print it in {_SECONDS} s", "Leave --pdf out, or try again."
            ) from None
        if not made.is_file():
            said = done.stderr.strip().splitlines()[-1:] or [f"it ended with status {done.returncode}"]
            raise UsageError(f"{page}: {browser} did not print it: {said[0]}", "Leave --pdf out.")
        write_atomically(pdf, made.read_bytes(), PRIVATE)
