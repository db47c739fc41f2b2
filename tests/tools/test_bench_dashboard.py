"""The benchmark of the class page and the similarity page measures every step, on a class of any size."""

from bench.dashboard import measure_dashboard, measure_similarity
from classroom import RUBRIC, report


def test_every_step_of_the_class_page_is_measured():
    (row,) = measure_dashboard([report("s001")], RUBRIC, [3])
    assert (row["students"], row["items"]) == (3, 4)
    steps = {"the command", "read reports", "read the gradebook", "the page", "all CSV", "KiB"}
    assert row.keys() == {"students", "items"} | steps
    assert all(row[step] > 0 for step in steps)


def test_the_similarity_page_is_measured_on_a_class_in_which_some_share():
    small, large = measure_similarity([12, 24])
    assert (small["submissions"], small["groups"]) == (12, 2)
    assert (large["submissions"], large["groups"]) == (24, 3)
    assert small["KiB"] < large["KiB"]
