"""The browser of the tests: Debian's Chromium, which asks for nothing by itself."""

from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launched():
    """Launch it for a fixture, and close it; skip where it is not installed."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (Debian, as root: tools/setup dev)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()
