"""Right and wrong implementations, each through the real checks, with the points that it must get."""

import sys
from collections import Counter

import pytest
from corpus import ENTRIES, NAMELESS, entry
from corpus_grading import ITEMS, course, failed, graded_entry, names, points, sandboxes
from corpus_not_yet import NOT_YET_NAMED, NOT_YET_RIGHT
from corpus_pages import leaked
from corpus_wrong import FORGIVEN, FULL, WRONG

NOTES = {
    check.id
    for item in course().assignment.items
    if item.id in ITEMS
    for check in item.checks
    if check.weight == 0
}
# Through the sandbox, too: a handful of each.
SANDBOXED = (
    "gives_a_list_with_an_object",
    "own_relu_layers",
    "helpers_in_later_cells",
    "results_are_views",
    "keeps_float32",
    "x_changed_in_place",
    "square_images_only",
    "leaves_the_program",
    "dout_changed_in_place",
    "xrange",
    "defined_twice_the_later_wrong",
)


def test_the_corpus_is_large_and_no_two_are_the_same():
    assert len(ENTRIES) >= 300
    assert len({(one.cells, one.kernel) for one in ENTRIES.values()}) == len(ENTRIES)


def test_whatever_loses_points_has_a_cause_and_what_is_not_yet_right_or_named_is_there():
    assert {one.cause for one in ENTRIES.values() if one.right} == {"right", "old habit"}
    assert not [
        name for name, one in ENTRIES.items() if not one.right and one.cause in ("", "right", "old habit")
    ]
    listed = {name: ENTRIES[name].cause for name in NOT_YET_NAMED}
    assert listed == NOT_YET_NAMED
    assert ENTRIES.keys() >= NOT_YET_RIGHT
    causes = Counter(one.cause for one in ENTRIES.values())
    assert min(causes.values()) >= 1


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::SyntaxWarning")
def test_each_loses_its_own_points_and_no_others_and_gets_its_own_name(name):
    one = entry(name)
    if "scipy" in "".join(one.cells):
        pytest.importorskip("scipy.signal")
    reports = graded_entry(one)
    as_wanted = points(reports) == pytest.approx(one.points) and names(reports) == one.names
    assert as_wanted == (name not in NOT_YET_RIGHT), (names(reports), failed(reports))
    assert leaked(reports.values()) == []  # the student's page has nothing of hidden checks
    if name in NOT_YET_RIGHT:
        return
    assert (not one.names and one.cause not in NAMELESS) == (name in NOT_YET_NAMED)
    lost = [c for r in reports.values() for c in r.checks if c.score < c.max_score]
    assert bool(lost) != one.right
    assert all(len(check.message) > 10 for check in lost)
    if one.right:
        assert set(failed(reports)) <= NOTES


@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in NOT_YET_RIGHT])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::SyntaxWarning")
def test_torch_differs_in_the_outputs_that_lose_points_and_in_no_others(name):
    pytest.importorskip("torch")
    from corpus_oracle import OUTPUTS, differing

    one = entry(name)
    if "scipy" in "".join(one.cells):
        pytest.importorskip("scipy.signal")
    lost = {output for output, got, whole in zip(OUTPUTS, one.points, FULL, strict=True) if got < whole}
    wrong, raised = differing(one)
    # a slip that raises costs its own gradient alone, though the call gives none of the three
    assert wrong <= lost <= wrong | raised
    assert bool(lost) == bool(wrong | raised)


def test_an_entry_gives_its_notebook(tmp_path):
    from corpus_grading import read_notebook

    path = tmp_path / "HW5.ipynb"
    path.write_text(entry("kernel_of_python_2_and_offsets").notebook(), encoding="utf-8")
    wanted = entry("kernel_of_python_2_and_offsets").cells[0]
    assert read_notebook(path).cells[-1].source.strip() == wanted.strip()
    assert '"name": "python2"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FORGIVEN)
def test_a_forward_pass_without_a_cache_costs_nothing(name):
    assert points(graded_entry(entry(name))) == FULL


def test_notes_cost_nothing_and_are_said():
    reports = graded_entry(entry("rounds_sizes_up_where_nothing_is_left"))
    assert points(reports) == FULL
    assert reports["conv-forward"].status.value == "passed"
    assert "the filter does not fit" in failed(reports)["forward-uneven"]
    single = failed(graded_entry(entry("keeps_float32")))
    assert "elements of `out` are wrong" in single["forward-integer-images"]


def test_a_field_that_is_cut_off_is_explained_in_the_cases_own_numbers():
    reports = failed(graded_entry(entry("square_kernels_only")))
    said = "The filter is (2, 2, 3), and this field has 2 columns instead of 3."
    assert said in reports["forward-visible-rectangular"]


def test_an_input_that_was_written_into_is_named():
    reports = graded_entry(entry("x_changed_in_place"))
    assert list(failed(reports)) == ["forward-again"]
    assert "called again with the same arrays" in failed(reports)["forward-again"]


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_the_sandbox_comes_to_the_same_verdicts():
    open_session = sandboxes()
    assert set(SANDBOXED) & WRONG.keys()
    for name in SANDBOXED:
        with open_session() as session:
            assert points(graded_entry(entry(name), session)) == pytest.approx(entry(name).points), name
