"""The course that the tests of a release build."""

from pathlib import Path

COURSE = Path(__file__).parent / "course"
