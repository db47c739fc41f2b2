"""Short forms of ``tools/verdicts``: tolerances and mutants."""

import sys
from collections import Counter

import pytest
from corpus import entry
from corpus_tolerances import mutated_runs, right_runs


def test_a_right_result_is_accepted_in_whatever_order_it_was_summed():
    kinds, failed = right_runs(400, seed=1)
    assert len(kinds) == 8
    assert failed == []


def test_one_wrong_thing_is_refused():
    kinds, passed = mutated_runs(400, seed=1)
    assert len(kinds) == 14
    assert passed == []


@pytest.mark.skipif(sys.platform == "win32", reason="mutants that do not end are stopped by a signal")
def test_mutants_are_seen_unless_they_change_nothing():
    pytest.importorskip("torch")
    from corpus_mutants import judge, mutants

    judged = [judge(number, source) for number, (_, source) in enumerate(mutants(12, seed=2))]
    said = Counter(verdict for verdict, _, _ in judged)
    assert said["detected"] >= 8
    assert said["missed"] == 0
    assert not [false for _, _, false in judged if false]


def test_a_name_is_false_if_other_cases_show_another_mistake():
    from corpus_mutants import is_false

    left_out = entry("bias_left_out").cells[0]
    assert not is_false("bias-left-out", left_out)
    assert is_false("bias-subtracted", left_out)
    assert not is_false("dx-empty-without-pad", entry("dx_cropped_by_minus_pad").cells[0])
    assert is_false("dx-empty-without-pad", entry("dx_cropped_by_one").cells[0])


def test_two_mistakes_that_show_in_few_of_the_wrong_cases_get_no_name():
    from corpus_mutants import RIGHT, graded, names

    source = (RIGHT / "without_padded_array.py").read_text(encoding="utf-8")
    changed = source.replace("min(top + HH, H)", "min(top * HH, H)", 1)
    assert not any("product" in name for name in names(graded("rows-by-product", [changed])))


@pytest.mark.parametrize("image", ["xp", "img"])
def test_a_bound_that_only_a_narrow_image_shows_is_found_wrong(image):
    from corpus_mutants import RIGHT, graded

    source = (RIGHT / "im2col_matrix.py").read_text(encoding="utf-8")
    line = f"{image}[:, :, i:i + stride * Ho:stride, "
    changed = source.replace(f"{line}j:j + stride * Wo", f"{line}j:j + W * Wo")
    assert changed != source
    checks = [check for report in graded("narrow", [changed]).values() for check in report.checks]
    assert {check.status.value for check in checks if check.id.endswith("-mixed")} != {"passed"}
