"""Batches into one folder: the same files are the same attempt, and nothing of others is lost."""

import multiprocessing
import sqlite3
import time
from collections.abc import Mapping
from functools import partial

import pytest
from steered import Steered, batch_of, graded_so_far, report

from autograder.authoring.context import Reading
from autograder.batch import Batch, Done, Ledger, grade_all
from autograder.batch.attempts import attempt_among
from autograder.errors import UsageError
from autograder.grading.submission import Graded
from autograder.model import Finding, Submission
from autograder.report import (
    attempts_of,
    newest_reports,
    pictures_path,
    read_report,
    report_files,
    report_path,
    write_report,
)


@pytest.fixture
def make(tmp_path):
    return partial(batch_of, tmp_path)


def points(folder):
    """The points of each attempt, as the reports in the folder have them."""
    reports = [read_report(path) for path in report_files([folder])]
    return {(one.submission.id, one.submission.attempt): one.score.final for one in reports}


@pytest.mark.parametrize(
    ("known", "files", "named", "number"),
    [
        ({}, "a", 1, 1),
        ({}, "", 1, 1),
        ({}, "a", 3, 3),
        ({1: "a"}, "a", 1, 1),
        ({1: "a"}, "b", 1, 2),
        ({1: "a", 2: "b"}, "a", 1, 1),
        ({1: "a"}, "a", 3, 1),  # an old batch's report, and the platform's number
        ({1: "a", 2: "b"}, "a", 3, 3),  # back to an earlier version
        ({1: "a", 3: "c"}, "b", 2, 2),  # the platform's number is free
        ({1: "a", 2: "b"}, "c", 2, 3),  # it is taken by other files
        ({1: "a", 2: ""}, "b", 1, 2),  # nobody knows what attempt 2 was
        ({1: "", 2: "b"}, "c", 1, 3),
        ({1: "a"}, "", 1, 2),
    ],
)
def test_an_attempt_is_told_by_its_files(known, files, named, number):
    hashes = {attempt: tuple(theirs) for attempt, theirs in known.items()}
    assert attempt_among(hashes, tuple(files), named) == number


def test_changed_files_are_the_next_attempt_and_unchanged_ones_the_same(make, tmp_path):
    list(grade_all(make({"s001": "1", "s002": "2"})))
    first = report_path(tmp_path / "out", "s001", 1).read_bytes()
    done = {d.id: d.attempt for d in grade_all(make({"s001": "7", "s002": "2"}))}
    assert done == {"s001": 2, "s002": 1}
    assert points(tmp_path / "out") == {("s001", 1): 1, ("s001", 2): 7, ("s002", 1): 2}
    assert report_path(tmp_path / "out", "s001", 1).read_bytes() == first
    pictures = (tmp_path / "out/pictures").rglob("*.png")
    assert sorted(str(p.relative_to(tmp_path / "out")) for p in pictures) == [
        "pictures/s001/1/p-1.png",
        "pictures/s001/2/p-1.png",
        "pictures/s002/1/p-1.png",
    ]


def test_the_same_files_handed_in_again_keep_their_first_time(make, tmp_path):
    said = []
    for hour in ("13", "11", "14", None, "10"):
        at = f"2027-03-01T{hour}:00:00+00:00" if hour else None
        list(grade_all(make({"s001": "1"}, times={"s001": at})))
        facts = read_report(report_path(tmp_path / "out", "s001", 1)).submission
        said.append((facts.submitted_at[11:13], facts.late is not None))
    assert said == [("13", True), ("11", False), ("11", False), ("11", False), ("10", False)]


def test_who_goes_back_to_an_earlier_version_has_another_attempt(make, tmp_path):
    for text, hour in (("1", "10"), ("7", "11"), ("1", "13"), ("7", "11"), ("1", "13")):
        list(grade_all(make({"s001": text}, times={"s001": f"2027-03-01T{hour}:00:00+00:00"})))
    assert points(tmp_path / "out") == {("s001", 1): 1, ("s001", 2): 7, ("s001", 3): 1}


def test_a_platform_s_number_is_the_attempt_s_unless_other_files_have_it(make, tmp_path):
    for text, named in (("1", 1), ("3", 3), ("2", 2), ("4", 3)):
        list(grade_all(make({"s001": text}, attempts={"s001": named})))
    assert points(tmp_path / "out") == {("s001", n): n for n in (1, 2, 3, 4)}


def test_a_batch_of_one_learner_leaves_the_class_s_reports(make, tmp_path):
    list(grade_all(make({f"s{n:03}": str(n) for n in range(4)})))
    list(grade_all(make({"s002": "9"})))
    newest = {identity: path.stem for identity, path in newest_reports(tmp_path / "out").items()}
    assert newest == {"s000": "1", "s001": "1", "s002": "2", "s003": "1"}


def test_resume_skips_every_attempt_that_is_done(make, tmp_path):
    for text in ("1", "7", "1"):
        list(grade_all(make({"s001": text}, resume=True)))
    assert graded_so_far(tmp_path) == ["s001", "s001"]
    assert points(tmp_path / "out") == {("s001", 1): 1, ("s001", 2): 7}


def test_a_fault_of_the_grader_is_of_the_attempt_with_these_files(make, tmp_path):
    list(grade_all(make({"s001": "1"})))
    list(grade_all(make({"s001": "die"})))
    fault = read_report(report_path(tmp_path / "out", "s001", 2))
    assert (fault.outcome.value, len(fault.submission.files)) == ("grader_error", 1)
    (again,) = grade_all(make({"s001": "die"}))
    assert (again.attempt, len(attempts_of(tmp_path / "out", "s001"))) == (2, 2)


def test_a_report_that_can_not_be_read_gives_way_where_it_is_the_newest(make, tmp_path):
    list(grade_all(make({"s001": "1"})))
    list(grade_all(make({"s001": "2"})))
    report_path(tmp_path / "out", "s001", 2).write_text("{")
    list(grade_all(make({"s001": "3"})))
    assert points(tmp_path / "out") == {("s001", 1): 1, ("s001", 2): 3}


# --- folders of version 0.1 ----------------------------------------------------------------------


OLD_LEDGER = """
CREATE TABLE graded (
    id TEXT PRIMARY KEY, run_key TEXT NOT NULL, fingerprint TEXT NOT NULL, outcome TEXT NOT NULL,
    final REAL, report_sha256 TEXT NOT NULL, seconds REAL NOT NULL
)
"""


def old_folder(batch: Batch) -> None:
    """Grade, then turn the folder into one as version 0.1 wrote it."""
    list(grade_all(batch))
    folder = batch.folder
    for identity, path in newest_reports(folder).items():
        path.rename(folder / "reports" / f"{identity}.json")
        (folder / "reports" / identity).rmdir()
        (folder / "pictures" / identity / "1/p-1.png").rename(folder / "pictures" / identity / "p-1.png")
        (folder / "pictures" / identity / "1").rmdir()
    with sqlite3.connect(folder / "ledger.sqlite3") as ledger:
        rows = ledger.execute("SELECT * FROM graded").fetchall()
        ledger.execute("DROP TABLE graded")
        ledger.execute(OLD_LEDGER)
        ledger.executemany("INSERT INTO graded VALUES (?, ?, ?, ?, ?, ?, ?)", [(r[0], *r[2:]) for r in rows])


def test_a_report_of_the_old_layout_is_attempt_1_and_stays_where_it_is(make, tmp_path):
    old_folder(make({"s001": "1", "s002": "2"}))
    done = list(grade_all(make({"s001": "1", "s002": "7"}, resume=True)))
    assert {(d.id, d.attempt): d.seconds > 0 for d in done} == {("s001", 1): False, ("s002", 2): True}
    files = [str(p.relative_to(tmp_path / "out")) for p in report_files([tmp_path / "out"])]
    assert files == ["reports/s001.json", "reports/s002.json", "reports/s002/2.json"]
    assert (tmp_path / "out/pictures/s002/2/p-1.png").exists()
    assert points(tmp_path / "out") == {("s001", 1): 1, ("s002", 1): 2, ("s002", 2): 7}


def test_the_old_layout_s_attempt_is_replaced_in_its_place(make, tmp_path):
    old_folder(make({"s001": "1"}))
    before = (tmp_path / "out/reports/s001.json").stat().st_mtime_ns
    list(grade_all(make({"s001": "1"})))
    assert (tmp_path / "out/reports/s001.json").stat().st_mtime_ns > before
    assert [p.name for p in (tmp_path / "out/reports").iterdir()] == ["s001.json"]
    assert [p.name for p in (tmp_path / "out/pictures/s001").iterdir()] == ["p-1.png"]
    assert pictures_path(tmp_path / "out", "s001", 1) == tmp_path / "out/pictures/s001"


def test_an_old_ledger_keeps_its_rows_in_their_order(tmp_path):
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as old:
        old.execute(OLD_LEDGER)
        rows = [("s002", "k-1", "f", "graded", 1.0, "0", 1.0), ("s001", "k-2", "f", "graded", 2.0, "0", 1.0)]
        old.executemany("INSERT INTO graded VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    for _ in range(2):
        with Ledger(tmp_path / "ledger.sqlite3") as ledger:
            assert ledger.last_key() == "k-2"
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        done = Done(
            id="s001",
            attempt=2,
            outcome="graded",
            message="",
            final=2.0,
            fingerprint="f",
            report_sha256="0",
            seconds=1.0,
        )
        ledger.record(done, "k-3")
        assert ledger.last_key() == "k-3"


# --- a killed batch ------------------------------------------------------------------------------


class Stopping(Steered):
    """Takes its time over `s003`, so that a batch can be killed there."""

    def grade_reading(self, reading: Reading, kept: Mapping[str, Finding]) -> Graded:
        if reading.submission.id == "s003":
            (self.counter.parent / "at s003").touch()
            time.sleep(60)
        return super().grade_reading(reading, kept)


def to_its_end(batch: Batch) -> None:
    list(grade_all(batch))


def test_a_killed_batch_is_resumed_without_new_attempts(make, tmp_path):
    says = {"s001": "1", "s002": "2", "s003": "3"}
    list(grade_all(make(says)))
    changed = {**says, "s001": "7"}
    stopping = make(changed, open_pipeline=partial(Stopping, tmp_path / "count"))
    grader = multiprocessing.get_context("fork").Process(target=to_its_end, args=(stopping,))
    grader.start()
    until = time.monotonic() + 60
    while not (tmp_path / "at s003").exists() and time.monotonic() < until:
        time.sleep(0.02)
    grader.kill()
    grader.join()
    # as if it had been killed between a report and its row
    with sqlite3.connect(tmp_path / "out/ledger.sqlite3") as ledger:
        ledger.execute("DELETE FROM graded WHERE id = 's001' AND attempt = 2")
    done = {d.id: (d.attempt, d.seconds > 0) for d in grade_all(make(changed, resume=True))}
    assert done == {"s001": (2, True), "s002": (1, False), "s003": (1, False)}
    expected = {("s001", 1): 1, ("s001", 2): 7, ("s002", 1): 2, ("s003", 1): 3}
    assert points(tmp_path / "out") == expected


# --- the list of reports -------------------------------------------------------------------------


def test_reports_are_listed_by_id_and_attempt(tmp_path):
    for identity, numbers in {"12": [1], "9": [1], "s001": [1, 2, 10]}.items():
        for number in numbers:
            one = Submission(id=identity, learner=identity, origin=identity, attempt=number)
            write_report(report_path(tmp_path, identity, number), report(one, number))
    wanted = ["9/1.json", "12/1.json", "s001/1.json", "s001/2.json", "s001/10.json"]
    for place in (tmp_path, tmp_path / "reports"):
        found = report_files([place])
        assert [str(p.relative_to(tmp_path / "reports")) for p in found] == wanted
    assert [p.name for p in report_files([tmp_path / "reports/s001"])] == ["1.json", "2.json", "10.json"]
    assert list(attempts_of(tmp_path, "s001")) == [1, 2, 10]
    assert {name: path.stem for name, path in newest_reports(tmp_path).items()} == {
        "12": "1",
        "9": "1",
        "s001": "10",
    }
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match=r"no reports \(\*.json\) there"):
        report_files([tmp_path / "none"])
