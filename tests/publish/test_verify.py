"""A proof refuses a report without a score, and names the check that decides otherwise than expected."""

import msgspec
import pytest
from publish.places import COURSE
from reports import item, make_report

from autograder.course import find_course
from autograder.errors import ReleaseError
from autograder.publish.verify import check_solved, check_untouched

ASSIGNMENT = msgspec.structs.replace(find_course(COURSE, "affine").assignment, items=(item(a=1, b=1),))


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (check_solved, "the solved source has no score: late"),
        (check_untouched, "the untouched release has no"),
    ],
)
def test_a_report_without_a_score_proves_nothing(check, says):
    with pytest.raises(ReleaseError, match=says):
        check(make_report(score=None, message="late"), ASSIGNMENT)


def test_a_lost_point_of_the_solved_source_is_named():
    with pytest.raises(
        ReleaseError, match=r"earns 4 of 8 points for `f`, by the check `b`: .*\n  Fix the source"
    ):
        check_solved(make_report(), ASSIGNMENT)


def test_files_may_earn_points_untouched():
    check_untouched(make_report(), ASSIGNMENT)
