"""What sending would do, decided from results and from what a place has."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from autograder.delivery.outgoing import Outgoing, Readiness, There, plan


def result(learner="s001", points="8", **changes):
    given = {"learner": learner, "identities": (learner,), "maximum": Decimal(10)}
    return Outgoing(**{**given, "points": None if points is None else Decimal(points), **changes})


def there(key="s001", points=None, **changes):
    return There(key=key, points=None if points is None else Decimal(points), **changes)


def test_only_what_differs_is_sent():
    done = plan([result(), result("s002")], [there(points="8"), there("s002", "7")])
    assert [one.outgoing.learner for one in done.transfers] == ["s002"]
    assert [one.learner for one in done.unchanged] == ["s001"]


@pytest.mark.parametrize(("comments", "sent"), [(True, 1), (False, 0)])
def test_another_comment_is_sent_where_the_place_tells_its_comments(comments, sent):
    done = plan([result(comment="new")], [there(points="8")], comments=comments)
    assert len(done.transfers) == sent


@pytest.mark.parametrize(
    ("readiness", "allowed", "goes"),
    [
        (Readiness.PROVISIONAL, False, False),
        (Readiness.PROVISIONAL, True, True),
        (Readiness.PARTIAL, True, False),
        (Readiness.WITHOUT, True, False),
    ],
)
def test_what_is_not_final_is_held_back(readiness, allowed, goes):
    done = plan([result(readiness=readiness)], [there()], provisional=allowed)
    assert (bool(done.transfers), bool(done.held)) == (goes, not goes)
    assert done.missing == ()


def test_a_result_without_points_never_goes():
    assert plan([result(points=None)], [there()], provisional=True).transfers == ()


def test_learners_are_found_by_any_identity_and_are_failures_where_they_are_not():
    known = result(identities=("s001", "S001@example.org"))
    done = plan([known, result("s009")], [there("77", identities=("s001@example.org",)), there("78")])
    assert [(one.outgoing.learner, one.there.key) for one in done.transfers] == [("s001", "77")]
    assert [(one.learner, why) for one, why in done.unmatched] == [
        ("s009", "Nobody there has one of this learner's ids: the roster can name them.")
    ]
    assert [one.key for one in done.missing] == ["78"]


def test_an_identity_that_two_share_is_nobodys():
    both = [there("77", identities=("same",)), there("78", identities=("same",))]
    done = plan([result(identities=("s001", "same"))], both)
    assert (done.transfers, len(done.unmatched)) == ((), 1)


def test_several_that_fit_are_said_and_the_own_id_decides():
    fits = [there("77", identities=("a",)), there("78", identities=("b",))]
    done = plan([result(identities=("s001", "a", "b"))], fits)
    assert done.unmatched[0][1] == "Several learners there fit: 77, 78."
    own = [replace(fits[0], identities=("a", "s001")), fits[1]]
    assert plan([result(identities=("s001", "a", "b"))], own).transfers[0].there.key == "77"


def test_two_results_for_one_learner_there_are_not_both_sent():
    done = plan([result(identities=("x",)), result("s002", identities=("x",))], [there("x")])
    assert len(done.transfers) == 1
    assert done.unmatched[0][1] == "s001 is the same learner there."
