"""The instructor's notebook: its metadata, its code and its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from source_notebook import GRADED, NOTEBOOK, SOURCE, STUB, cell, code_cells, text_cells

WIDEST_LINE = 100  # what a printed page and a usual window show

TASKS = {
    "step-1": 0,
    "comments": 10,
    "run-order": 5,
    "step-4": 0,
    "extra-credit": 10,
    "pdf": 3,
    "files": 2,
}
ORDER = [
    "intro",
    "setup-colab",
    "step-1",
    "comments",
    "second-block",
    "run-order",
    "load-data",
    "check-forward",
    "run-forward",
    "conv-forward",
    "run-backward",
    "conv-backward-dx",
    "conv-backward-dw",
    "conv-backward-db",
    "fast-conv",
    "fast-pool",
    "fast-layers",
    "sanity-loss",
    "gradient-check-net",
    "overfit",
    "overfit-plots",
    "net",
    "step-4",
    "train",
    "training",
    "filters",
    "extra-credit",
    "extra-learning-rates",
    "extra-regularisation",
    "extra-update-rules",
    "class-accuracy",
    "own-experiments",
    "pdf",
    "files",
]


# --- the file and its metadata --------------------------------------------------------------------


def test_is_valid_nbformat_and_written_the_usual_way(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    written = nbformat.writes(notebook, indent=1, sort_keys=True) + "\n"
    assert NOTEBOOK.read_text(encoding="utf-8") == written


def test_nbgrader_accepts_the_metadata(notebook: NotebookNode) -> None:
    from nbgrader.nbgraderformat import MetadataValidator

    MetadataValidator().validate_nb(notebook)
    versions = {c.metadata.nbgrader.schema_version for c in notebook.cells if "nbgrader" in c.metadata}
    assert versions == {3}


def test_ids_are_unique_readable_and_the_grade_ids(notebook: NotebookNode) -> None:
    ids = [c.id for c in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", one) for one in ids)
    marked = [c for c in notebook.cells if "nbgrader" in c.metadata]
    assert [c.id for c in marked] == [c.metadata.nbgrader.grade_id for c in marked]


def test_the_parts_stand_in_the_homeworks_order(notebook: NotebookNode) -> None:
    ids = [c.id for c in notebook.cells]
    assert [one for one in ids if one in ORDER] == ORDER
    titles = [m for c in text_cells(notebook) for m in re.findall(r"^## Part (\d+):", c.source, re.MULTILINE)]
    assert titles == [str(part) for part in range(1, 14)]


def test_points_sum_to_100_and_10_extra(notebook: NotebookNode) -> None:
    marks = {c.id: c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata}
    assert {i: m.points for i, m in marks.items() if m.grade} == GRADED
    assert {i: m.points for i, m in marks.items() if m.task} == TASKS
    points = {**GRADED, **TASKS}
    assert points.pop("extra-credit") == 10
    assert sum(points.values()) == 100


def test_points_are_those_of_the_assignment() -> None:
    from autograder.course import find_course

    items = find_course(SOURCE.parents[1], "hw5").assignment.items
    with_points = {i: p for i, p in {**GRADED, **TASKS}.items() if p}
    assert {item.id: item.points for item in items} == with_points


def test_tests_are_locked_and_answers_are_not(notebook: NotebookNode) -> None:
    for one in notebook.cells:
        mark = one.metadata.get("nbgrader", {})
        if mark.get("grade"):
            assert (mark.locked, mark.solution) == (True, False), one.id
        if mark.get("solution"):
            assert (mark.locked, mark.grade) == (False, False), one.id
    solutions = [c.id for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert solutions == ["second-block", "train", "own-experiments"]


def test_no_output_is_stored(notebook: NotebookNode) -> None:
    assert all(c.outputs == [] and c.execution_count is None for c in code_cells(notebook))


# --- the code -------------------------------------------------------------------------------------


def parse(source: str) -> ast.Module:
    return ast.parse(TransformerManager().transform_cell(source))


@pytest.mark.parametrize("what", ["SOLUTION", "HIDDEN TESTS", "MARK SCHEME"])
def test_every_region_is_closed(notebook: NotebookNode, what: str) -> None:
    for one in notebook.cells:
        found = re.findall(rf"(BEGIN|END) {what}", one.source)
        assert found == ["BEGIN", "END"] * (len(found) // 2), one.id


def test_all_graded_code_has_hidden_tests_and_visible_ones(notebook: NotebookNode) -> None:
    for one in GRADED:
        source = cell(notebook, one).source
        visible = re.sub(r"### BEGIN HIDDEN.*### END HIDDEN", "", source, flags=re.DOTALL)
        assert "### BEGIN HIDDEN TESTS" in source, one
        assert "assert " in visible, one


def test_code_parses_with_solutions_and_without(notebook: NotebookNode, released: NotebookNode) -> None:
    for version in (notebook, released):
        for one in code_cells(version):
            parse(one.source)


def test_nothing_private_is_left_in_the_release(released: NotebookNode) -> None:
    text = "\n".join(c.source for c in released.cells)
    for word in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "x_padded", "_check_forward"):
        assert word not in text
    assert text.count(STUB) == 4


def test_the_release_leaves_the_functions_unwritten(released: NotebookNode) -> None:
    tree = parse(cell(released, "second-block").source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(functions, []), "second-block", "exec"), {"np": np}, names)
    x, w, b = np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), np.ones(1)
    out, cache = names["conv_forward_naive"](x, w, b, {"stride": 1, "pad": 0})
    assert out is None
    assert names["conv_backward_naive"](np.ones((1, 1, 1, 1)), cache) == (None, None, None)


def test_the_weak_settings_are_plain_literals(released: NotebookNode) -> None:
    tree = parse(cell(released, "train").source)
    (value,) = (n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "settings")
    settings = ast.literal_eval(value)
    assert settings["update_rule"] == "sgd"
    assert settings["num_epochs"] == 1


def test_given_code_is_short_of_comments(released: NotebookNode) -> None:
    """Step 2 asks students for comments, so the class must have none."""
    source = cell(released, "second-block").source
    network = source[source.index("class ThreeLayerConvNet") : source.index("def conv_forward_naive")]
    assert "#" not in network


def test_lines_fit_on_a_page(notebook: NotebookNode) -> None:
    for one in code_cells(notebook):
        assert max(map(len, one.source.splitlines())) <= WIDEST_LINE, one.id


# --- the text -------------------------------------------------------------------------------------


def without_code(markdown: str) -> str:
    fenced = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", fenced)


def formulas(markdown: str) -> Iterator[str]:
    for display, inline in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", without_code(markdown), re.DOTALL):
        yield display or inline


def test_formulas_are_delimited_and_balanced(notebook: NotebookNode) -> None:
    for one in text_cells(notebook):
        rest = re.sub(r"\$\$.+?\$\$|\$[^$\n]+\$", "", without_code(one.source), flags=re.DOTALL)
        assert "$" not in rest, one.id
        assert not re.search(r"\\[a-zA-Z]+", rest), f"{one.id}: a formula outside of $…$"
        for formula in formulas(one.source):
            assert formula.count("{") == formula.count("}"), formula
            assert formula.count(r"\left") == formula.count(r"\right"), formula


def test_the_text_teaches_with_formulas_and_a_drawing(notebook: NotebookNode) -> None:
    teaching = cell(notebook, "part-2").source
    assert len(list(formulas(teaching))) > 10
    assert "field of out[n, f, 0, 0]" in teaching


def test_code_fences_are_closed(notebook: NotebookNode) -> None:
    for one in text_cells(notebook):
        assert len(re.findall(r"^```", one.source, re.MULTILINE)) % 2 == 0, one.id


def test_every_run_cell_is_introduced(notebook: NotebookNode) -> None:
    """A cell that computes or draws something has a text above it that says what to expect."""
    graded_or_text = {*GRADED, *(c.id for c in text_cells(notebook))}
    for above, one in zip(notebook.cells, notebook.cells[1:], strict=False):
        if one.cell_type == "code" and one.id not in GRADED and one.id != "extra-learning-rates":
            assert above.id in graded_or_text, one.id
