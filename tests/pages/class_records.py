"""A class to show: students that the tests can count."""

from autograder.model import Diagnosis
from autograder.pages.dashboard.records import ClassRecord, Item, PointsGiven, Result, StudentRecord

ITEMS = (
    Item(id="smooth", title="The smoothing function", maximum=20),
    Item(id="comments", title="Comments in the code", maximum=10),
    Item(id="plots", title="Plots of your own", maximum=10, extra_credit=True),
)
STRIDE = Diagnosis(id="stride-ignored", message="Every window begins one further.")
DAY = 86_400


def lost(points, reason, check="smooth-check", *mistakes):
    return Result(points=points, reason=reason, check=check, mistakes=mistakes, seconds=0.5)


def student(name, smooth=20.0, comments=10.0, plots=0.0, **more):
    results = {
        "smooth": smooth if isinstance(smooth, Result) else Result(points=smooth, seconds=1.5),
        "comments": comments if isinstance(comments, Result) else Result(points=comments),
        "plots": Result(points=plots),
    }
    given = [one.points for one in results.values() if one.points is not None]
    facts = {"points": sum(given), "attempts": 1, "id": name, "ref": f"r{name}", "results": results}
    return StudentRecord(learner=name, name=more.pop("shown", name), **{**facts, **more})


def room(*students, items=ITEMS, **more):
    facts = {"source": "Points are those of the reports.", "maximum": 30.0, "title": "Homework 1"}
    return ClassRecord(assignment="hw1", items=items, students=students, **{**facts, **more})


WAITS = Result(points=None, waits=True)
FULL_CLASS = room(
    student("s001", attempts=2, after_due=-3 * DAY),
    student(
        "s002", lost(10.0, "The ends are 0 where 2 was expected.", "smooth-check", STRIDE), after_due=-60
    ),
    student(
        "s003", lost(5.0, "The ends are 1 where 7 was expected."), 4.0, after_due=3 * 3600, late=3 * 3600
    ),
    student("s004", lost(0.0, "It raised ValueError."), WAITS, attempts=2, after_due=-60),
    student("s005", 20.0, 7.0, 10.0),
    StudentRecord(learner="s006", name="s006", left_out="handed in nothing"),
    judgements=(
        PointsGiven(reviewer="ta1", item="comments", points=10),
        PointsGiven(reviewer="ta1", item="comments", points=4),
        PointsGiven(reviewer="ta2", item="comments", points=10, is_override=True),
    ),
    notes=("The reports were made with 2 versions of the assignment.",),
)
