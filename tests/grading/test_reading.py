"""Submissions read in a process of its own: what meets a limit there is that submission's problem alone."""

import os
import signal
from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.authoring.context import Reading
from autograder.course import find_course
from autograder.errors import GraderFault
from autograder.grading import reading as module
from autograder.grading.reading import SubmissionReader, read_candidate
from autograder.grading.setup import given_notebook, kinds_of
from autograder.intake import candidate_for, fingerprint
from autograder.intake.isolation import ReadingLimits

ROOT = Path(__file__).parents[2]
COURSE = find_course(ROOT)
GIVEN = given_notebook(COURSE)
KINDS = kinds_of(COURSE)
CANDIDATE = candidate_for(ROOT / "tests/samples/hw5/s001/HW5.ipynb")


def reader_that(monkeypatch, does, **limits):
    """Give a reader whose child does something else instead of reading."""
    monkeypatch.setattr(module, "read_candidate", lambda candidate, course, given, kinds: does(candidate))
    return SubmissionReader(COURSE, GIVEN, KINDS, ReadingLimits(**limits))


def test_a_submission_reads_the_same_behind_limits_as_without():
    behind = SubmissionReader(COURSE, GIVEN, KINDS).read(CANDIDATE)
    assert behind == read_candidate(CANDIDATE, COURSE, GIVEN, KINDS)


def test_a_reader_that_crashes_makes_its_submission_ungradable(monkeypatch):
    reader = reader_that(monkeypatch, lambda candidate: os.kill(os.getpid(), signal.SIGSEGV))
    submission = reader.read(CANDIDATE).submission
    assert submission.problem is not None
    assert submission.problem.message == (
        "Reading it made Python itself crash (SIGSEGV), so it was not graded. "
        "Look for a cell that is nested very deep."
    )
    assert (submission.problem.code, submission.problem.where) == ("reading-limit", CANDIDATE.origin)
    assert submission.fingerprint == fingerprint(CANDIDATE, COURSE.assignment)


def test_a_fingerprint_that_can_not_be_taken_is_empty(monkeypatch):
    monkeypatch.setattr(module, "fingerprint", lambda candidate, assignment: "x" * (2 << 20))
    assert reader_that(monkeypatch, None, answer_mb=1).fingerprint(CANDIDATE) == ""


def test_an_answer_about_another_submission_is_a_fault(monkeypatch):
    reader = reader_that(
        monkeypatch, lambda candidate: Reading(submission=replace(candidate.unread(), id="s002"))
    )
    with pytest.raises(GraderFault, match="the reader's answer is about s002, not HW5"):
        reader.read(CANDIDATE)


def test_what_kinds_have_read_is_held_to_their_types(monkeypatch):
    (name, *_) = (check.id for check in COURSE.assignment.checks if KINDS[check.kind].read is not None)

    def answer(candidate):
        return Reading(submission=candidate.unread(), readings={name: "no facts"})

    with pytest.raises(
        GraderFault,
        match="the reading of a check is not what its kind declares: Expected `object`, got `str`",
    ):
        reader_that(monkeypatch, answer).read(CANDIDATE)
