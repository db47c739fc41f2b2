"""Gradescope's export says who handed in what and when; its record is a file with learners' text in it."""

import resource
import time

import pytest
from intake_samples import make_assignment, notebook_bytes, write_files, write_zip

from autograder.intake import discover, read
from autograder.intake.gradescope import MAX_BYTES, MAX_PEOPLE, HandedIn, Record, read_record
from autograder.intake.isolation import limited_search
from autograder.intake.moments import moment_of
from autograder.intake.platforms import RECORD

A, NB = make_assignment(), notebook_bytes()
PEOPLE = """---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '00101'
    :email: ada@example.edu
  :created_at: 2024-05-01 12:00:00.123456789 Z
  :score: 10.0
  :results:
    tests: &1
    - output: ":submitters: [{:sid: forged}]"
      score: 10.0
  :history:
  - :id: 4
    :results: *1
submission_12:
  :submitters:
  - :name: Böb Doe
    :sid: 00102
    :email: bob@example.edu
  - :name: Zoë
    :sid:
    :email: zoe@example.edu
  - :name: No Address
    :sid: ~
    :email: ''
  :created_at: 2024-05-01 23:59:59.5 -07:00
submission_13:
  :submitters: []
  :created_at: yesterday
"""


def export(record, *around, folders=(11, 12, 13, 14)):
    files = {f"submission_{number}/HW5.ipynb": NB for number in folders}
    files |= {} if record is None else {RECORD: record}
    return {"".join((*around, name)): content for name, content in files.items()}


def found(place, search=discover):
    return {c.id: (c.learner, c.submitted_at) for c in search([place], A).candidates}


@pytest.mark.parametrize("around", [(), ("assignment_9_export/",), ("all/", "assignment_9_export/")])
def test_the_record_names_learners_groups_and_times(tmp_path, around):
    files = export(PEOPLE.encode(), *around)
    for place in (write_zip(tmp_path / "all.zip", files), write_files(tmp_path / "unpacked", files)):
        assert found(place) == {
            "submission_11": ("00101", "2024-05-01T12:00:00+00:00"),
            "submission_12": ("00102 + zoe@example.edu + No Address", "2024-05-02T06:59:59+00:00"),
            "submission_13": ("submission_13", None),
            "submission_14": ("submission_14", None),
        }
        one, group, *_ = discover([place], A, *limited_search()).candidates
        assert read(one, A).submitted_at == one.submitted_at
        notices = {notice.code: notice.message for notice in read(group, A).notices}
        assert notices["group"] == "A group handed it in: Böb Doe, Zoë, No Address."
        assert discover([place], A).left_out == ()


def test_each_export_has_its_own_record(tmp_path):
    other = PEOPLE.replace("00101", "00999")
    files = export(PEOPLE.encode(), "a/", folders=(11, 12)) | export(other.encode(), "b/", folders=(11, 12))
    place = write_files(tmp_path / "both", files)
    learners = {c.origin.removeprefix(f"{place}/"): c.learner for c in discover([place], A).candidates}
    assert (learners["a/submission_11"], learners["b/submission_11"]) == ("00101", "00999")


def test_an_export_without_a_record_goes_by_its_folders(tmp_path):
    for place in (write_zip(tmp_path / "a.zip", export(None)), write_files(tmp_path / "a", export(None))):
        assert discover([place], A, *limited_search()).left_out == ()
        assert found(place)["submission_11"] == ("submission_11", None)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
    for before, name in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"- a list",
        b"[" * 100_000,
        b"submission_11: &a [*a]",
        b"submission_11: !!python/object/apply:os.system ['touch /tmp/never']",
        b"? [a]\n: b",
        b"x" * (MAX_BYTES + 1),
        BOMB.encode(),
        MERGES.encode(),
    ],
    ids=lambda record: repr(record[:12]),
)
def test_a_record_that_says_nothing_leaves_the_folders_names(tmp_path, record):
    place = write_files(tmp_path / "a", export(record))
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    search = discover([place], A, *limited_search())
    assert {c.learner for c in search.candidates} == {f"submission_{n}" for n in (11, 12, 13, 14)}
    assert all(c.submitted_at is None for c in search.candidates)
    assert {notice.message for notice in search.left_out} <= {
        f"{RECORD}: can't be read, so learners are called as their folders are."
    }
    assert time.monotonic() - start < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_record_that_can_not_be_read_is_named(tmp_path):
    place = write_files(tmp_path / "a", export(b"{"))
    (notice,) = discover([place], A).left_out
    assert notice.message == f"{RECORD}: can't be read, so learners are called as their folders are."


def test_a_link_in_the_record_s_place_is_not_followed(tmp_path):
    (tmp_path / "secret.yml").write_text(PEOPLE)
    place = write_files(tmp_path / "a", export(None))
    (place / RECORD).symlink_to(tmp_path / "secret.yml")
    assert found(place)["submission_11"] == ("submission_11", None)
    assert len(discover([place], A).left_out) == 1


def test_the_people_of_one_submission_are_counted(tmp_path):
    people = "".join(f"  - :sid: s{n}\n" for n in range(500))
    record = f"submission_11:\n  :submitters:\n{people}  :created_at: 2024-05-01 12:00:00 UTC\n"
    place = write_files(tmp_path / "a", {RECORD: record.encode()})
    assert len(read_record(place, RECORD).folders["submission_11"].ids) == MAX_PEOPLE


def test_text_of_a_stranger_in_the_record_is_harmless(tmp_path):
    record = 'submission_11:\n  :submitters:\n  - {":sid": "a\\e[31m\\u202eb"}\n'
    place = write_files(tmp_path / "a", {RECORD: record.encode()})
    handed_in = HandedIn(ids=("a?[31m?b",), names=("",))
    assert read_record(place, RECORD) == Record(is_there=True, folders={"submission_11": handed_in})


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2024-05-01 12:00:00.123456789 Z", "2024-05-01T12:00:00.123456+00:00"),
        ("2017-06-01T14:22:32.365935-07:00", "2017-06-01T21:22:32.365935+00:00"),
        ("2024-05-01 12:00:00 UTC", "2024-05-01T12:00:00+00:00"),
        ("2024-05-01 12:00:001", None),
        ("2024-13-01 12:00:00", None),
    ],
)
def test_times_as_platforms_write_them(text, means):
    moment = moment_of(text)
    assert (moment and moment.isoformat()) == means
