"""Right and wrong implementations, each through the real checks, with the points that it must get."""

import sys
from pathlib import Path

import pytest
from corpus_grading import ITEMS, course, failed, graded, points, sandboxes
from corpus_wrong import DIAGNOSES, FORGIVEN, FULL, WRONG

RIGHT = {path.stem: path for path in sorted((Path(__file__).parent / "right").glob("*.py"))}
NOTES = {
    check.id
    for item in course().assignment.items
    if item.id in ITEMS
    for check in item.checks
    if check.weight == 0
}
# Through the sandbox, too: a handful of each.
SANDBOXED = {
    "right": (
        "gives_a_list_with_an_object",
        "own_relu_layers",
        "helpers_in_later_cells",
        "results_are_views",
        "keeps_float32",
    ),
    "wrong": ("x_changed_in_place", "square_images_only", "leaves_the_program", "dout_changed_in_place"),
}


def cells(name):
    return RIGHT[name].read_text(encoding="utf-8").split("# --- another cell\n")


def test_the_corpus_is_large_and_no_two_are_the_same():
    sources = [RIGHT[name].read_text(encoding="utf-8") for name in RIGHT] + [w.source for w in WRONG.values()]
    assert len(sources) >= 150
    assert len(set(sources)) == len(sources)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_has_all_points_however_it_is_written(name):
    if "scipy" in RIGHT[name].read_text(encoding="utf-8"):
        pytest.importorskip("scipy.signal")
    reports = graded(name, cells(name))
    assert points(reports) == FULL, failed(reports)
    assert set(failed(reports)) <= NOTES
    assert not [c.diagnosis for r in reports.values() for c in r.checks if c.diagnosis is not None]


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_wrong_loses_its_own_points_and_no_others(name):
    reports = graded(name, [WRONG[name].source])
    assert points(reports) == pytest.approx(WRONG[name].points), failed(reports)
    lost = [c for r in reports.values() for c in r.checks if c.score < c.max_score]
    assert lost
    assert all(len(check.message) > 10 for check in lost)
    named = {c.diagnosis.id for r in reports.values() for c in r.checks if c.diagnosis is not None}
    assert named == DIAGNOSES.get(name, set())


@pytest.mark.parametrize("name", FORGIVEN)
def test_a_forward_pass_without_a_cache_costs_nothing(name):
    assert points(graded(name, [FORGIVEN[name].source])) == FULL


def test_notes_cost_nothing_and_are_said():
    reports = graded("asserts", cells("rounds_sizes_up_where_nothing_is_left"))
    assert points(reports) == FULL
    assert reports["conv-forward"].status.value == "passed"
    assert "the filter does not fit" in failed(reports)["forward-uneven"]
    single = failed(graded("single", cells("keeps_float32")))
    assert "elements of `out` are wrong" in single["forward-integer-images"]


def test_a_field_that_is_cut_off_is_explained_in_the_cases_own_numbers():
    reports = failed(graded("square", [WRONG["square_kernels_only"].source]))
    said = "The filter is (2, 2, 3), and this field has 2 columns instead of 3."
    assert said in reports["forward-visible-rectangular"]


def test_an_input_that_was_written_into_is_named():
    reports = graded("writes", [WRONG["x_changed_in_place"].source])
    assert list(failed(reports)) == ["forward-again"]
    assert "called again with the same arrays" in failed(reports)["forward-again"]


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_the_sandbox_comes_to_the_same_verdicts():
    open_session = sandboxes()
    chosen = {name: (cells(name), FULL) for name in SANDBOXED["right"]}
    chosen |= {name: ([WRONG[name].source], WRONG[name].points) for name in SANDBOXED["wrong"]}
    for name, (sources, wanted) in chosen.items():
        with open_session() as session:
            assert points(graded(name, sources, session)) == pytest.approx(wanted), name
