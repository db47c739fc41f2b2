"""The corpus: right and wrong submissions, each with the points that it must get, its cause and its names.

`entry(name)` gives one of them, `ENTRIES` all. A test that needs a student's code takes it from here.
"""

import functools
import json
from pathlib import Path
from typing import NamedTuple

from corpus_causes import CAUSES_OF_PLAIN
from corpus_forms import FORMS
from corpus_names import NAMES
from corpus_styles import styled
from corpus_wrong import DIAGNOSES, FORGIVEN, FULL, WRONG, Points

ROOT = Path(__file__).parents[2]
CELL = "# --- another cell\n"
# The mistakes that need no name: a message shows them whole, or no two are alike.
NAMELESS = frozenset({"right", "old habit", "result", "state", "noise", "raises", "whole numbers"})


class Entry(NamedTuple):
    """One submission: its code cells, the points of the four items, the cause, and the names that it gets."""

    cells: tuple[str, ...]
    points: Points = FULL
    cause: str = "right"
    names: frozenset[str] = frozenset()
    kernel: str = "python3"

    @property
    def right(self) -> bool:
        """Whether nothing is lost."""
        return self.points == FULL

    def notebook(self) -> str:
        """The release's notebook, as JSON, with the code in cells of its own after all the others."""
        notebook = json.loads((ROOT / "release" / "hw5" / "HW5.ipynb").read_text(encoding="utf-8"))
        notebook["cells"] += [
            {
                "cell_type": "code",
                "id": f"own-{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(self.cells)
        ]
        if self.kernel == "python2":
            notebook["metadata"]["kernelspec"] = {
                "display_name": "Python 2",
                "language": "python",
                "name": "python2",
            }
            notebook["metadata"]["language_info"] = {"name": "python", "version": "2.7.12"}
        return json.dumps(notebook)


def entry(name):
    """The entry of that name: `entry("place_by_place_crop_by_minus_pad").notebook()`."""
    return ENTRIES[name]


def _of_files():
    for path in sorted((Path(__file__).parent / "right").glob("*.py")):
        yield path.stem, Entry(tuple(path.read_text(encoding="utf-8").split(CELL)))


def _of_forms():
    for name, (cells, points, *rest) in FORMS.items():
        cause, names, kernel = (*rest, *("right", (), "python3")[len(rest) :])
        yield name, Entry(tuple(cells), points, cause, frozenset(names), kernel)


def _of_plain_loops():
    for name, one in {**WRONG, **FORGIVEN}.items():
        cause = CAUSES_OF_PLAIN.get(name, "right" if name in FORGIVEN else "")
        yield name, Entry((one.source,), one.points, cause, frozenset(DIAGNOSES.get(name, ())))


@functools.cache
def _all():
    entries = [*_of_files(), *_of_plain_loops(), *_of_forms()]
    entries += [(name, Entry((text,), points, cause, names)) for name, cause, points, names, text in styled()]
    if len(dict(entries)) < len(entries):
        raise ValueError("two entries have one name")
    return {name: one._replace(names=NAMES.get(name, one.names)) for name, one in entries}


ENTRIES = _all()
