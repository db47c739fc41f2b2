"""The benchmark of the review page measures every page, on a class of any size."""

from bench import review
from classroom import RUBRIC, report


def test_every_page_is_measured(monkeypatch):
    monkeypatch.setattr(review, "RUNS", 2)
    figures = {one.name: one for one in review.measure(report("s001"), RUBRIC, 3)}
    assert list(figures) == [
        "the first look at the gradebook",
        "the start page",
        "the list of an item",
        "a submission",
        "to the next",
        "a save",
    ]
    assert all(0 < one.least <= one.median <= one.greatest for one in figures.values())
