"""What students read: the release's README and the manual say the same of the set-up."""

from pathlib import Path

from source_notebook import SOURCE

DOCS = Path(__file__).parents[2] / "docs"


def set_up(path: Path) -> str:
    """The section about the set-up."""
    text = path.read_text(encoding="utf-8").partition("## Set up, once\n")[2]
    return text.partition("\n## ")[0]


def test_the_read_me_has_the_whole_set_up_as_the_manual_has_it() -> None:
    said = set_up(SOURCE / "README.student.md")
    assert said == set_up(DOCS / "students.md")
    for needed in (
        "3.11",
        "venv",
        "activate",
        ".whl",
        "build_ext",
        "data fetch",
        "doctor",
        "Colab",
        "CIFAR10_DIR",
    ):
        assert needed in said
