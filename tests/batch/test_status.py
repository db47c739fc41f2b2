"""The log of a batch, and what it says of one that runs, has ended or was killed."""

import json
import multiprocessing
import os
import signal
import time
from functools import partial

import pytest
from steered import batch_of

from autograder.batch import BatchState, grade_all, status_of
from autograder.batch.folder import alone_in
from autograder.batch.log import BatchLog, read_log
from autograder.errors import UsageError

GRADED = ("graded",)


def events(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_batch_says_what_it_does(tmp_path):
    list(grade_all(batch_of(tmp_path, {"s001": "1", "s002": "odd", "s003": "once"})))
    told = events(tmp_path / "out")
    assert [one["event"] for one in told] == [
        "started",
        "done",
        "retried",
        "done",
        "retried",
        "done",
        "ended",
    ]
    assert (told[0]["submissions"], told[0]["jobs"], told[0]["key"]) == (3, 1, "key")
    assert told[2]["reason"] == "ZeroDivisionError: of ours"
    assert told[4]["reason"] == "the sandbox did not start"
    status = status_of(tmp_path / "out", GRADED)
    assert (status.state, status.done, status.left, status.reason) == (BatchState.ENDED, 3, 0, "")
    assert status.outcomes == {"graded": 2, "grader_error": 1}
    assert [one.id for one in status.ungraded] == ["s002"]
    assert [one.id for one in status.retried] == ["s002", "s003"]
    assert {one.id for one in status.slowest} == {"s001", "s002", "s003"}
    assert status.seconds_left is None


def test_a_resumed_batch_says_what_it_kept(tmp_path):
    list(grade_all(batch_of(tmp_path, {"s001": "1", "s002": "2"})))
    list(grade_all(batch_of(tmp_path, {"s001": "1", "s002": "2", "s003": "3"}, resume=True)))
    status = status_of(tmp_path / "out", GRADED)
    assert (status.submissions, status.done, status.kept) == (3, 3, 2)


def test_an_interrupted_batch_says_so(tmp_path):
    work = grade_all(batch_of(tmp_path, {"s001": "1", "s002": "2"}))
    next(work)
    work.close()
    status = status_of(tmp_path / "out", GRADED)
    assert (status.state, status.done, status.left) == (BatchState.STOPPED, 1, 1)
    assert status.reason == "interrupted"


def test_an_error_that_ends_a_batch_is_the_reason(tmp_path):
    with pytest.raises(Exception, match="data/x: is not there"):
        list(grade_all(batch_of(tmp_path, {"s001": "no data"})))
    status = status_of(tmp_path / "out", GRADED)
    assert (status.state, status.reason) == (BatchState.STOPPED, "data/x: is not there")


def _grade(folder, says):
    for _ in grade_all(batch_of(folder, says)):
        time.sleep(0.2)


def test_a_running_batch_says_the_time_left_and_a_killed_one_that_it_was(tmp_path):
    says = {f"s{n:03}": "1" for n in range(40)}
    process = multiprocessing.get_context("spawn").Process(target=partial(_grade, tmp_path, says))
    process.start()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        log = tmp_path / "out/log.jsonl"
        if log.exists() and log.read_text().count('"done"') > 2:
            break
        time.sleep(0.05)
    running = status_of(tmp_path / "out", GRADED)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert running.state is BatchState.RUNNING
    assert running.seconds_left > 0
    killed = status_of(tmp_path / "out", GRADED)
    assert (killed.state, killed.reason) == (BatchState.STOPPED, "it was killed")
    assert 0 < killed.done < killed.submissions


def test_half_a_line_is_skipped_and_the_next_batch_goes_on_below_it(tmp_path):
    path = tmp_path / "log.jsonl"
    with BatchLog(path) as log:
        log.started(1, jobs=1, resume=False, key="k")
    path.write_bytes(path.read_bytes() + b'{"event":"done","ti')
    with BatchLog(path) as log:
        log.started(2, jobs=1, resume=True, key="k")
    assert [type(one).__name__ for one in read_log(path)] == [
        "BatchStarted",
        "BatchEnded",
        "BatchStarted",
        "BatchEnded",
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_without_a_batch_is_named(tmp_path):
    with pytest.raises(UsageError, match="no log of a batch there: No such file"):
        status_of(tmp_path, GRADED)
    (tmp_path / "log.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match=r"log\.jsonl: tells of no batch"):
        status_of(tmp_path, GRADED)


def test_asking_keeps_nobody_out(tmp_path):
    list(grade_all(batch_of(tmp_path, {"s001": "1"})))
    for _ in range(3):
        status_of(tmp_path / "out", GRADED)
        with alone_in(tmp_path / "out"):
            pass
