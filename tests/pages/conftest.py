"""A browser, and what looks for barriers in a page."""

from pathlib import Path

import pytest
from chromium import launched

AXE = Path(__file__).parents[2] / ".venv" / "share" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def chromium():
    yield from launched()


@pytest.fixture
def axe():
    if not AXE.exists():
        pytest.skip("axe-core is not installed (with npm there: tools/setup dev)")
    return AXE.read_text(encoding="utf-8")
