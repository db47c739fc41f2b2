"""The names of the distributions: nobody is told to install the one that is somebody else's."""

import re
from pathlib import Path

import pytest

from autograder.publish.wheel import NAME

ROOT = Path(__file__).parents[2]
# `pip install autograder` in any of its forms: PyPI's is another project
FOREIGN = re.compile(r"pip3? install [^\n|;&]*?(?<![\w./-])autograder(?![\w/])")


def pages_and_sources():
    """All that a person may read, but for what students handed in."""
    for top in (
        "README.md",
        "CHANGELOG.md",
        "autograder",
        "docs",
        "ext",
        "release",
        "requirements",
        "source",
        "tools",
    ):
        found = [ROOT / top] if (ROOT / top).is_file() else (ROOT / top).rglob("*")
        yield from (p for p in found if p.suffix in (".md", ".py", ".ipynb", ".toml", ".txt", ".in", ""))


@pytest.mark.parametrize(
    "line",
    [
        "pip install autograder",
        "pip install 'autograder[grader]'",
        "pip install autograder-*.whl",
        "pip install -U autograder==1",
        "pip3 install numpy autograder",
    ],
)
def test_the_foreign_distribution_is_recognised(line):
    assert FOREIGN.search(line)


def test_nobody_is_told_to_install_the_foreign_distribution():
    told = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in pages_and_sources()
        if path.is_file() and "__pycache__" not in path.parts
        for found in FOREIGN.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert told == []


@pytest.mark.parametrize("page", ["docs/students.md", "source/hw5/README.student.md", "source/hw5/HW5.ipynb"])
def test_students_are_told_to_install_the_wheel_in_the_folder(page):
    wheel = f"{NAME.replace('-', '_')}-*.whl"
    assert f"pip install {wheel}" in (ROOT / page).read_text(encoding="utf-8")
