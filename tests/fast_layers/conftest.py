"""Import the compiled module under test before anything else does, and print its place."""

from under_test import fastconv


def pytest_report_header() -> str:
    return f"fastconv: {fastconv.__file__}, instruction sets {', '.join(fastconv.INSTRUCTION_SETS)}"
