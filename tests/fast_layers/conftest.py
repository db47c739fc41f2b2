"""Says which compiled module is tested, and imports it before anything else does."""

from under_test import fastconv


def pytest_report_header() -> str:
    return f"fastconv: {fastconv.__file__}, instruction sets {', '.join(fastconv.INSTRUCTION_SETS)}"
