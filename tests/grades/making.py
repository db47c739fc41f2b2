"""Attempts, rubrics and reports to test grades with."""

import datetime
from decimal import Decimal

import msgspec
from reports import finding, make_report

from autograder.assignment import Attempts, ExtraCredit, ItemSpec, Late, Rounding
from autograder.authoring.specs import CheckSpec
from autograder.grades.records import Attempt, GradePolicy, ScoredItem
from autograder.grades.rubric import Rubric
from autograder.model import FileRecord, Learner, Outcome, Status, SubmissionFacts
from autograder.report import to_json
from autograder.report.scoring import score_item
from autograder.report.totals import outcome_of

DUE = datetime.datetime(2027, 3, 1, 23, 59, tzinfo=datetime.UTC)


def after(**span):
    return DUE + datetime.timedelta(**span)


def scored(name, score, maximum=10, **more):
    value = None if score is None else Decimal(str(score))
    return ScoredItem(id=name, title=name, score=value, maximum=Decimal(maximum), **more)


def attempt(number, *items, at=None, outcome=Outcome.GRADED, again=()):
    return Attempt(
        key=f"k{number}", number=number, submitted_at=at, outcome=outcome, items=items, again=again
    )


def policy(*maxima, due=DUE, **rules):
    """A policy of items called a, b, … with these maxima."""
    items = tuple(scored(name, None, maximum) for name, maximum in zip("abcdefgh", maxima, strict=False))
    return GradePolicy(items=items, due_at=due, **rules)


def check(name, weight=1.0, **more):
    return CheckSpec(kind="files", id=name, weight=weight, **more)


def rubric(*items, sha256="r1", asked=None, **rules):
    """A rubric of items, each an id with its points and its checks."""
    specs = tuple(
        ItemSpec(id=name, title=name, step=1, points=points, checks=checks) for name, points, checks in items
    )
    ids = [one.id for item in specs for one in item.checks]
    rules = {
        "round_to": 0.0001,
        "due_at": DUE.isoformat(),
        "late": Late(),
        "attempts": Attempts(),
        "extra_credit": ExtraCredit(),
        "rounding": Rounding(),
        **rules,
    }
    asked = {name: name for name in ids} | (asked or {})
    return Rubric(config_sha256=sha256, assignment="hw5", items=specs, asked=asked, **rules)


def report(
    learner, rubric, fractions, *, files="a", at=None, generated="2027-03-02T00:00:00+00:00", number=1
):
    """A report by a rubric; `fractions` has a share or a status for each check."""
    findings = {
        name: msgspec.structs.replace(
            finding(name, 0.0, value) if isinstance(value, Status) else finding(name, value),
            asked=rubric.asked[name],
        )
        for name, value in fractions.items()
    }
    items = tuple(score_item(item, findings, rubric.round_to) for item in rubric.items)
    made = make_report(
        items=items,
        learner=Learner(id=learner),
        submission=SubmissionFacts(
            id=learner.replace(" + ", "-").replace(" ", "-"),
            origin=learner,
            files=(FileRecord(path="n.ipynb", bytes=1, sha256=files),),
            attempt=number,
            submitted_at=None if at is None else at.isoformat(),
        ),
        outcome=outcome_of(items),
        generated_at=generated,
    )
    grader = msgspec.structs.replace(made.grader, config_sha256=rubric.config_sha256)
    facts = msgspec.structs.replace(made.assignment, id=rubric.assignment)
    return msgspec.structs.replace(made, grader=grader, assignment=facts)


def write(folder, *reports):
    """Write reports to files, and give their paths."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number, one in enumerate(reports):
        path = folder / f"{one.learner.id}-{number}.json"
        path.write_text(to_json(one))
        paths.append(path)
    return paths
