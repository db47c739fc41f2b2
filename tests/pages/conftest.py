"""A browser, and what looks for barriers in a page."""

from pathlib import Path

import pytest
from chromium import ARGS, CHROMIUM

AXE = Path(__file__).parents[2] / ".venv" / "share" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (Debian, as root: tools/setup dev)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def axe():
    if not AXE.exists():
        pytest.skip("axe-core is not installed (with npm there: tools/setup dev)")
    return AXE.read_text(encoding="utf-8")
