"""Cells are matched whatever happened to their metadata."""

import msgspec
import pytest
from extract_samples import OFF, notebook

from autograder.extract import extract, match_cells, untouched, with_code_cells
from autograder.model import Cell, CellKind, Notebook

SOURCES = {
    "imports": "import numpy as np\nimport math",
    "layer": "def layer(x):\n    # TODO: write it\n    out = None\n    return out",
    "check": "out = layer(x)\nprint(out.shape)\nprint(np.max(out))",
    "check-again": "out = layer(y)\nprint(out.shape)\nprint(np.max(out))",
}


def cells(*parts):
    """Make a notebook of (grade id, cell id, source)."""
    return Notebook(
        path="n.ipynb",
        cells=tuple(
            Cell(index=i, id=cell_id, kind=CellKind.CODE, source=source, grade_id=grade_id)
            for i, (grade_id, cell_id, source) in enumerate(parts)
        ),
    )


GIVEN = cells(*((name, f"id-{name}", source) for name, source in SOURCES.items()))


def places(submission, given=GIVEN):
    return {name: cell.index for name, cell in match_cells(submission, given).items()}


def test_grade_ids_come_first_then_cell_ids():
    assert places(cells(("check", "x", "x = 1"), (None, "id-layer", "y = 2"))) == {"check": 0, "layer": 1}
    swapped = cells(("check", "id-layer", "x = 1"), (None, "id-check", "y = 2"), ("imports", "z", ""))
    assert places(swapped) == {"check": 0, "imports": 2}


def test_stripped_cells_are_found_by_content_in_any_order():
    stripped = cells(*((None, f"cell-{i}", source) for i, source in enumerate(reversed(SOURCES.values()))))
    assert places(stripped) == {"imports": 3, "layer": 2, "check": 1, "check-again": 0}


def test_an_equal_cell_goes_before_an_earlier_similar_one():
    stripped = cells((None, "a", SOURCES["check-again"]), (None, "b", SOURCES["check"]))
    assert places(stripped) == {"check": 1, "check-again": 0}


def test_a_cell_that_was_filled_in_is_still_the_same():
    work = SOURCES["layer"].replace(
        "    out = None", "    total = 0\n    for i in x:\n        total += i\n    out = total"
    )
    assert places(cells((None, "a", "z = 3"), (None, "b", work))) == {"layer": 1}


def test_of_two_cells_with_one_grade_id_the_more_alike_is_taken():
    doubled = cells(
        ("layer", "a", "scratch = 1"), ("layer", "b", SOURCES["layer"] + "\n"), ("layer", "c", "x")
    )
    assert places(doubled) == {"layer": 1}


def test_made_up_ids_do_not_count():
    given = cells((None, "cell-0", SOURCES["imports"]), (None, "cell-1", SOURCES["layer"]))
    moved = cells((None, "cell-0", SOURCES["layer"]), (None, "cell-1", SOURCES["imports"]))
    assert places(moved, given) == {"cell-0": 1, "cell-1": 0}


def test_cells_of_another_kind_and_empty_ones_are_not_taken():
    text = Notebook(
        path="n.ipynb",
        cells=(Cell(index=0, id="a", kind=CellKind.MARKDOWN, source=SOURCES["layer"], grade_id="layer"),),
    )
    assert places(text) == {}
    assert places(cells((None, "a", ""), (None, "b", "\n"))) == {}
    assert places(cells((None, "a", "")), cells((None, "cell-0", ""))) == {}


def test_untouched_looks_past_white_space_and_empty_cells():
    sources = list(SOURCES.values())
    assert untouched(notebook("", *[f"{s}\n\n" for s in sources], "  \n"), GIVEN)
    assert not untouched(notebook(*sources, "x = 1"), GIVEN)
    assert not untouched(notebook(*sources[:-1]), GIVEN)


# --- cells whose type was changed ----------------------------------------------------------------


def turned(cell, kind):
    return msgspec.structs.replace(cell, kind=kind)


@pytest.mark.parametrize("kind", [CellKind.MARKDOWN, CellKind.RAW])
def test_a_code_cell_that_was_turned_into_text_is_code_again(kind):
    worked = cells(("imports", "a", "import math"), ("layer", "b", "def layer(x): return x"))
    changed = msgspec.structs.replace(worked, cells=(worked.cells[0], turned(worked.cells[1], kind)))
    again, (notice,) = with_code_cells(changed, GIVEN)
    assert again == worked
    assert notice.message == "cell 2 is a text cell here and a code cell in the release; it was read as code."


def test_a_students_own_text_stays_text():
    own = cells((None, "mine", "def layer(x): return x"), (None, "cell-1", "y"))
    text = msgspec.structs.replace(own, cells=tuple(turned(c, CellKind.MARKDOWN) for c in own.cells))
    assert with_code_cells(text, GIVEN) == (text, ())


def test_a_copy_as_text_beside_the_cell_stays_text():
    both = cells(("layer", "a", "def layer(x): return x"), ("layer", "b", "def layer(x): return 2 * x"))
    changed = msgspec.structs.replace(both, cells=(both.cells[0], turned(both.cells[1], CellKind.RAW)))
    assert with_code_cells(changed, GIVEN) == (changed, ())


@pytest.mark.parametrize(("kind", "name"), [(CellKind.MARKDOWN, "Markdown"), (CellKind.RAW, "raw")])
def test_a_definition_in_a_text_cell_is_named(kind, name):
    own = notebook("x = 1", "def layer(x):\n    return x")
    changed = msgspec.structs.replace(own, cells=(own.cells[0], turned(own.cells[1], kind)))
    (notice,) = extract(changed, ["layer"], OFF).notices
    assert f"It is in a {name} cell (cell 2): make that a code cell." in notice.message
