"""The feedback page of wrong code of the corpus, with its smallest cases and pictures."""

import msgspec
import pytest
from corpus import ENTRIES, entry
from corpus_grading import ITEMS, InProcessSession, context_for, course, run_check
from corpus_pages import leaked, page_of, words_of

from autograder.model import Visibility
from autograder.report import pictures_path
from autograder.report.scoring import picture_names, score_item

WRONG = [name for name, one in ENTRIES.items() if not one.right]


def graded_with_pictures(name, folder):
    """The items' reports, with the pictures in a batch's folder."""
    context = context_for(name, entry(name).cells, InProcessSession())
    reports = []
    for item in course().assignment.items:
        if item.id in ITEMS:
            findings = {check.id: run_check(check, context) for check in item.checks}
            reports.append(score_item(item, findings))
            for one in findings.values():
                for file, content in zip(picture_names(one), one.pictures, strict=True):
                    place = pictures_path(folder, "s001", 1) / file
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(content)
    return reports


@pytest.mark.parametrize("name", WRONG[::9])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::SyntaxWarning")
def test_nothing_of_a_hidden_check_is_in_the_page_and_each_lost_point_has_its_reason(name, tmp_path):
    if "scipy" in "".join(entry(name).cells):
        pytest.importorskip("scipy.signal")
    items = graded_with_pictures(name, tmp_path)
    assert leaked(items, folder=tmp_path) == []
    said = " ".join(words_of(page_of(items, folder=tmp_path)).split())
    for check in (check for item in items for check in item.checks):
        if check.visibility is Visibility.VISIBLE and check.score < check.max_score:
            assert check.id in said
            assert not check.smallest or check.smallest.case in said
            assert not check.diagnosis or check.diagnosis.id in said


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_search_finds_what_is_shown_after_publication(tmp_path):
    items = graded_with_pictures("bias_left_out", tmp_path)
    found = leaked(items, published=True, folder=tmp_path)
    lost = [check for item in items for check in item.checks if check.score < check.max_score]
    hidden = {check.id for check in lost if check.visibility is not Visibility.VISIBLE}
    assert len(hidden) > 5
    assert hidden <= {*found}
    numbers = [one for one in found if one.replace(".", "").isdigit()]
    assert len(numbers) > 10
    one = msgspec.structs.replace(items[0].checks[0], visibility=Visibility.HIDDEN)
    assert one.id not in words_of(page_of([msgspec.structs.replace(items[0], checks=(one,))]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_visible_check_s_picture_reaches_the_page(tmp_path):
    items = graded_with_pictures("bias_left_out", tmp_path)
    said = words_of(page_of(items, folder=tmp_path))
    assert "out[0, 0, 0, 0] is 66, and yours is 56" in said
