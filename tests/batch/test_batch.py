"""Batches with real worker processes, in which the content of a file steers the pipeline."""

import multiprocessing
import os
import pickle
import sqlite3
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from steered import RUN, Steered, batch_of, graded_so_far

from autograder.authoring.context import Reading
from autograder.batch import Batch, GradingRun, Ledger, grade_all, run
from autograder.errors import AutograderError, UsageError
from autograder.grading.submission import Graded
from autograder.model import Finding
from autograder.report import report_path


def broken_build(run: GradingRun) -> Steered:
    raise AutograderError("no sandbox today", "come back tomorrow")


@pytest.fixture
def make(tmp_path):
    return partial(batch_of, tmp_path)


def test_every_submission_ends_with_one_report(make, tmp_path):
    batch = make({f"s{n:03}": str(n) for n in range(5)}, jobs=2)
    done = {d.id: d.final for d in grade_all(batch)}
    assert done == {f"s{n:03}": n for n in range(5)}
    assert sorted(p.name for p in (tmp_path / "out/reports").iterdir()) == sorted(done)
    assert (tmp_path / "out/pictures/s003/1/p-1.png").read_bytes() == b"x"


def test_a_worker_that_dies_is_replaced_and_its_submission_given_up(make, tmp_path):
    batch = make({"s001": "1", "s002": "die", "s003": "3"}, jobs=2)
    done = {d.id: d for d in grade_all(batch)}
    assert (done["s001"].final, done["s003"].final) == (1, 3)
    assert done["s002"].outcome == "grader_error"
    assert "died 2 times" in done["s002"].message
    assert graded_so_far(tmp_path).count("s002") == 2


def test_a_reason_that_would_meet_all_ends_the_batch(make):
    with pytest.raises(AutograderError, match="no sandbox today"):
        list(grade_all(make({"s001": "1"}, open_pipeline=broken_build)))


def test_a_report_that_can_not_be_made_costs_no_other_submission(make, tmp_path):
    done = {d.id: d for d in grade_all(make({"s001": "odd", "s002": "unfit", "s003": "3"}))}
    assert [done[one].outcome for one in sorted(done)] == ["grader_error", "grader_error", "graded"]
    assert done["s001"].message.endswith("nothing was scored. ZeroDivisionError: of ours")
    assert "report of s002: Out of range float values are not JSON compliant" in done["s002"].message
    assert graded_so_far(tmp_path) == ["s001", "s001", "s002", "s002", "s003"]
    assert len(list((tmp_path / "out/reports").iterdir())) == 3


def test_a_fault_of_the_grader_is_met_by_a_second_try(make, tmp_path):
    (done,) = grade_all(make({"s001": "once"}))
    assert (done.outcome, done.final) == ("graded", 1)
    assert graded_so_far(tmp_path) == ["s001", "s001"]


def test_a_file_that_is_edited_while_it_is_graded_is_graded_again(make):
    batch = make({"s001": "edited"}, resume=True)
    assert [d.final for d in grade_all(batch)] == [5]
    assert [d.final for d in grade_all(batch)] == [6]


def test_a_run_can_be_pickled():
    assert pickle.loads(pickle.dumps(RUN)) == RUN


def test_an_error_that_all_submissions_would_meet_ends_the_batch(make):
    with pytest.raises(AutograderError, match="data/x: is not there"):
        list(grade_all(make({"s001": "no data", "s002": "2"})))


def test_a_folder_that_can_not_be_written_to_ends_the_batch_with_the_reason(make, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/reports").write_text("a file")
    with pytest.raises(AutograderError, match="the report of s001 can't be written: ") as caught:
        list(grade_all(make({"s001": "1"})))
    assert "--resume" in caught.value.hint


def test_an_interrupted_batch_goes_on(make, tmp_path):
    says = {f"s{n:03}": str(n) for n in range(4)}
    work = grade_all(make(says))
    first = {next(work).id, next(work).id}
    work.close()
    before = graded_so_far(tmp_path)
    done = {d.id: d for d in grade_all(make(says, resume=True))}
    assert set(done) == set(says)
    assert {d.id for d in done.values() if d.seconds == 0} >= first
    again = graded_so_far(tmp_path)
    assert all(again.count(one) == before.count(one) for one in first)


def test_unchanged_submissions_are_not_graded_twice(make, tmp_path):
    batch = make({"s001": "1", "s002": "2"}, resume=True)
    list(grade_all(batch))
    assert [d.seconds for d in grade_all(batch)] == [0, 0]
    assert graded_so_far(tmp_path) == ["s001", "s002"]


@pytest.mark.parametrize("change", ["key", "report", "file"])
def test_a_report_counts_only_for_the_files_that_it_was_made_from(make, tmp_path, change):
    batch = make({"s001": "1"}, resume=True)
    list(grade_all(batch))
    if change == "report":
        report_path(tmp_path / "out", "s001", 1).write_text("{}")
    if change == "file":
        (tmp_path / "s001.ipynb").write_text("7")
    again = replace(batch, run=replace(RUN, key="other" if change == "key" else "key"))
    assert [d.final for d in grade_all(again)] == [7 if change == "file" else 1]
    assert graded_so_far(tmp_path) == ["s001", "s001"]


def test_a_submission_that_could_not_be_read_is_graded_again(make, tmp_path, monkeypatch):
    """Two files whose fingerprints could not be taken are not the same file."""
    batch = make({"s001": "1"}, resume=True)
    (done,) = grade_all(batch)
    with Ledger(batch.folder / "ledger.sqlite3") as ledger:
        ledger.record(replace(done, fingerprint=""), batch.run.key)
    monkeypatch.setattr(run.SubmissionReader, "fingerprint", lambda *_: "")
    (tmp_path / "s001.ipynb").write_text("7")
    assert [d.final for d in grade_all(batch)] == [7]


def test_the_reader_is_forked_before_the_first_submission_is_asked_for(make, monkeypatch):
    made = []
    monkeypatch.setattr(run, "open_reader", made.append)
    batch = make({"s001": "1"})
    work = grade_all(batch)
    assert made == [batch.run]
    work.close()


def test_a_worker_whose_reader_is_gone_is_replaced(make, tmp_path):
    done = list(grade_all(make({"s001": "reader gone", "s002": "2"})))
    assert sorted((d.id, d.outcome, d.final) for d in done) == [("s001", "graded", 1), ("s002", "graded", 2)]
    assert graded_so_far(tmp_path) == ["s001", "s001", "s002"]


def test_two_batches_never_write_to_one_folder(make, tmp_path):
    first = grade_all(make({"s001": "1", "s002": "2"}))
    next(first)
    with pytest.raises(UsageError, match="another batch is writing its reports there"):
        next(grade_all(make({"s003": "3"})))
    first.close()
    assert len(list(grade_all(make({"s003": "3"})))) == 1


def test_half_written_files_of_a_killed_batch_are_removed(make, tmp_path):
    places = ("", "reports", "reports/s001", "pictures/s001", "pictures/s001/1")
    left = [tmp_path / "out" / place / ".1.json.x.half" for place in places]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{")
    list(grade_all(make({"s001": "1"})))
    assert not any(path.exists() for path in left)


class Slow(Steered):
    """Writes the number of its process, then takes a long time."""

    def grade_reading(self, reading: Reading, kept: Mapping[str, Finding]) -> Graded:
        self.counter.write_text(str(os.getpid()))
        time.sleep(60)
        return super().grade_reading(reading, kept)


def killed_batch(batch: Batch) -> None:
    list(grade_all(batch))


def test_workers_end_with_a_batch_that_is_killed(make, tmp_path):
    batch = make({"s001": "1"}, open_pipeline=partial(Slow, tmp_path / "worker"))
    grader = multiprocessing.get_context("fork").Process(target=killed_batch, args=(batch,))
    grader.start()
    assert within(30, lambda: (tmp_path / "worker").exists() and (tmp_path / "worker").read_text() != "")
    worker = Path("/proc", (tmp_path / "worker").read_text())
    assert worker.exists()
    grader.kill()
    grader.join()
    assert within(10, lambda: not worker.exists())
    assert not (tmp_path / "out/reports").exists()


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    path.write_text("not a database at all, but long enough to be looked at " * 20)
    with pytest.raises(UsageError, match="is not a ledger of a batch"):
        Ledger(path)
    other = tmp_path / "other.sqlite3"
    sqlite3.connect(other).execute("CREATE TABLE graded (x)").connection.commit()
    with pytest.raises(UsageError, match="is not a ledger of a batch"):
        Ledger(other)
