"""Folders and zips of every kind are read within the caps, and hostile ones do no harm."""

import hashlib
import io
import os
import pickle
import socket
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_samples import code_cell, make_assignment, notebook_bytes, write_files, write_zip

from autograder.intake import Candidate, SourceKind, candidate_for, fingerprint, read
from autograder.intake import archive as archive_module

PDF = b"%PDF-1.4 a page"
GOOD = notebook_bytes(code_cell(metadata={"nbgrader": {"grade_id": "one"}}))
A = make_assignment()


def candidate(path, place=None, **more):
    place = place or (SourceKind.ZIP if path.suffix == ".zip" else SourceKind.FOLDER)
    return Candidate(id="s001", learner="s001", origin=str(path), path=path, place=place, **more)


def read_folder(tmp_path, files, assignment=A):
    return read(candidate(write_files(tmp_path, files)), assignment)


def read_zip(tmp_path, files, assignment=A):
    return read(candidate(write_zip(tmp_path / "s.zip", files)), assignment)


def codes(submission):
    return [notice.code for notice in submission.notices]


def message(submission, code):
    return next(n.message for n in submission.notices if n.code == code)


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [read_folder, read_zip])
def test_files_are_listed_and_hashed_and_expected_ones_are_kept(tmp_path, reader):
    found = reader(tmp_path, {"HW5.ipynb": GOOD, "HW5.pdf": PDF, "notes/extra.txt": b"abc"})
    assert found.problem is None
    assert found.notices == ()
    assert [(f.path, f.bytes) for f in found.files] == [
        ("HW5.ipynb", len(GOOD)),
        ("HW5.pdf", len(PDF)),
        ("notes/extra.txt", 3),
    ]
    assert found.files[2].sha256 == hashlib.sha256(b"abc").hexdigest()
    assert found.contents == {"HW5.pdf": PDF}
    assert found.notebook.cells[0].source == "x = 1"
    assert (found.id, found.learner, found.attempt) == ("s001", "s001", 1)


@pytest.mark.parametrize("reader", [read_folder, read_zip])
def test_leftovers_of_systems_and_editors_are_ignored(tmp_path, reader):
    noise = {
        "__MACOSX/._HW5.ipynb": b"x",
        ".DS_Store": b"x",
        "._HW5.pdf": b"x",
        ".ipynb_checkpoints/HW5-checkpoint.ipynb": GOOD,
        "HW5-checkpoint.ipynb": GOOD,
        "code/__pycache__/a.pyc": b"x",
        "Thumbs.db": b"x",
    }
    found = reader(tmp_path, {"HW5.ipynb": GOOD, **noise})
    assert [f.path for f in found.files] == ["HW5.ipynb"]
    assert found.notices == ()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-31 23:59:00.123456 UTC", "2024-05-31T23:59:00+00:00"),
        ("2024-05-31 23:59:00.123456 America/Los_Angeles\n", "2024-06-01T06:59:00+00:00"),
        ("2024-05-31T23:59:00+02:00", "2024-05-31T21:59:00+00:00"),
        ("2024-05-31 23:59 UTC", "2024-05-31T23:59:00+00:00"),
    ],
)
def test_nbgraders_time_stamp(tmp_path, text, moment):
    found = read_folder(tmp_path, {"HW5.ipynb": GOOD, "timestamp.txt": text.encode()})
    assert found.submitted_at == moment
    assert [f.path for f in found.files] == ["HW5.ipynb"]
    assert found.notices == ()


@pytest.mark.parametrize(
    "text", ["yesterday", "2024-13-31 23:59:00 UTC", "2024-05-31 23:59:00 No/Where", "", "\0"]
)
def test_a_malformed_time_stamp(tmp_path, text):
    found = read_folder(tmp_path, {"HW5.ipynb": GOOD, "timestamp.txt": text.encode()})
    assert found.submitted_at is None
    assert "expected a time such as 2024-05-31 23:59:00 UTC" in message(found, "bad-timestamp")


def test_a_time_stamp_without_a_zone_is_unknown_and_said(tmp_path):
    found = read_folder(tmp_path, {"HW5.ipynb": GOOD, "timestamp.txt": b"2024-05-31 23:59"})
    assert found.submitted_at is None
    said = message(found, "bad-timestamp")
    assert "holds '2024-05-31 23:59' without a zone, so nobody knows whether it was in time" in said


def test_a_notebook_named_on_its_own_may_be_a_link(tmp_path):
    (tmp_path / "real.ipynb").write_bytes(GOOD)
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real.ipynb")
    os.link(tmp_path / "real.ipynb", tmp_path / "HW5.ipynb")
    for name in ("link.ipynb", "HW5.ipynb"):
        found = read(candidate_for(tmp_path / name), A)
        assert found.problem is None
        assert [f.path for f in found.files] == [name]
    assert found.notices == ()


def test_names_in_any_script(tmp_path):
    raw = os.fsdecode(b"bad\xff.txt")
    found = read_folder(tmp_path, {"HW5 ünï✓.ipynb": GOOD, "e\u0301.txt": b"", raw: b"", "a\nb.txt": b""})
    assert [f.path for f in found.files] == ["HW5 ünï✓.ipynb", "a?b.txt", "bad?.txt", "é.txt"]
    assert codes(found) == ["notebook-name"]


def test_names_in_a_zip_are_read_as_utf_8_even_if_undeclared(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("HW5é.ipynb", GOOD)
    plain = data.getvalue().replace(struct.pack("<H", 0x800), struct.pack("<H", 0))
    (tmp_path / "s.zip").write_bytes(plain)
    assert [f.path for f in read(candidate(tmp_path / "s.zip"), A).files] == ["HW5é.ipynb"]


# --- the choice of a notebook --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["HW5.ipynb", "Untitled.ipynb"], "HW5.ipynb"),
        (["hw5.ipynb", "A.ipynb"], "hw5.ipynb"),
        (["HW5 (1).ipynb", "A.ipynb"], "HW5 (1).ipynb"),
        (["Copy of HW5.ipynb", "A.ipynb"], "Copy of HW5.ipynb"),
        (["HW5-2.ipynb", "old/HW5.ipynb"], "old/HW5.ipynb"),
        (["my_hw5_work.ipynb", "A.ipynb"], "my_hw5_work.ipynb"),
        (["deep/er/A.ipynb", "B.ipynb"], "B.ipynb"),
    ],
)
def test_the_best_named_of_several_notebooks_is_read(tmp_path, names, chosen):
    found = read_folder(tmp_path, dict.fromkeys(names, GOOD))
    assert found.notebook.path == chosen
    assert f"{chosen} was read" in message(found, "several-notebooks")


UNWORKED = notebook_bytes(code_cell("as given", metadata={"nbgrader": {"grade_id": "one"}}))


def is_given(notebook):
    return notebook.cells[0].source == "as given"


@pytest.mark.parametrize("good", ["HW5 (1).ipynb", "final/HW5.ipynb", "own name.ipynb"])
def test_the_notebook_as_handed_out_gives_way_to_one_with_work(tmp_path, good):
    folder = write_files(tmp_path, {"HW5.ipynb": UNWORKED, good: GOOD})
    found = read(candidate(folder), A, is_given)
    assert found.notebook.path == good
    said = message(found, "notebook-as-given")
    assert said == "HW5.ipynb: is the notebook as it was handed out, so another one was read."


@pytest.mark.parametrize(("minutes", "chosen"), [(0, "HW5.ipynb"), (5, "HW5 (1).ipynb"), (-5, "HW5.ipynb")])
def test_of_two_worked_notebooks_the_later_is_read_and_the_other_named(tmp_path, minutes, chosen):
    folder = write_files(tmp_path, {"HW5.ipynb": GOOD, "HW5 (1).ipynb": GOOD, "A.ipynb": GOOD})
    os.utime(folder / "HW5.ipynb", (1e9, 1e9))
    os.utime(folder / "HW5 (1).ipynb", (1e9 + 60 * minutes, 1e9 + 60 * minutes))
    found = read(candidate(folder), A, is_given)
    (other,) = {"HW5.ipynb", "HW5 (1).ipynb"} - {chosen}
    assert found.notebook.path == chosen
    assert found.saved_at.startswith("2001-09-09T01:")
    assert message(found, "several-worked") == (
        f"{chosen} was read; {other} has work in it, too. Check which one counts."
    )


def test_among_notebooks_as_handed_out_the_best_named_is_read(tmp_path):
    folder = write_files(tmp_path, {"HW5.ipynb": UNWORKED, "A.ipynb": UNWORKED})
    found = read(candidate(folder), A, is_given)
    assert (found.notebook.path, "notebook-as-given" in codes(found)) == ("HW5.ipynb", False)


def test_a_best_named_notebook_that_is_broken_gives_way(tmp_path):
    found = read_folder(tmp_path, {"HW5.ipynb": b"broken", "HW5-1.ipynb": GOOD})
    assert found.problem is None
    assert found.notebook.path == "HW5-1.ipynb"
    assert codes(found) == ["not-json", "several-notebooks"]


def test_an_unexpected_name_gets_a_notice_unless_it_is_the_learners(tmp_path):
    found = read_folder(tmp_path / "a", {"final work.ipynb": GOOD})
    assert found.problem is None
    assert "expected to be called HW5.ipynb" in message(found, "notebook-name")
    assert codes(read_folder(tmp_path / "b", {"s001.ipynb": GOOD})) == []


# --- nothing to grade ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({}, "no-files", "There are no files in it. Hand in HW5.ipynb."),
        ({".DS_Store": b"x"}, "no-files", "There are no files in it"),
        ({"HW5.pdf": PDF}, "no-notebook", "There is no notebook (.ipynb) in it, only HW5.pdf."),
        ({f"{i}.txt": b"" for i in range(7)}, "no-notebook", "4.txt and 2 more"),
        ({"HW5.ipynb": b"no"}, "not-json", "HW5.ipynb: is not JSON"),
        ({"HW5.ipynb": b""}, "empty-file", "HW5.ipynb: is empty"),
        ({"HW5.ipynb": b" " * 600_000}, "file-too-large", "has 0.6 MB, at most 0.5 MB are read"),
        ({"HW5.ipynb": b" " * 3_000_000}, "too-large", "holds more than 2 MB"),
    ],
)
@pytest.mark.parametrize("reader", [read_folder, read_zip])
def test_a_submission_that_cannot_be_graded_says_why(tmp_path, reader, files, code, words):
    if files:
        found = reader(tmp_path, files)
    else:
        tmp_path.joinpath("empty").mkdir()
        found = read(candidate(tmp_path / "empty"), A)
    assert found.problem.code == code
    assert words in found.problem.message
    assert found.notebook is None
    assert found.problem not in found.notices


def test_a_missing_place_is_a_problem_without_a_traceback(tmp_path):
    for place in SourceKind:
        found = read(candidate(tmp_path / "gone.ipynb", place), A)
        assert found.problem.message.endswith(".")


# --- hostile folders -----------------------------------------------------------------------------


def test_only_plain_files_are_opened(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    folder = write_files(tmp_path / "s", {"HW5.ipynb": GOOD})
    os.mkfifo(folder / "fifo.ipynb")
    (folder / "link.pdf").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "dangling").symlink_to("nowhere")
    os.link(tmp_path / "secret", folder / "hard.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        found = read(candidate(folder), A)
    assert found.problem is None
    assert [f.path for f in found.files] == ["HW5.ipynb"]
    assert found.contents == {}
    assert {n.where: n.code for n in found.notices} == {
        "fifo.ipynb": "not-a-file",
        "link.pdf": "symlink",
        "linked": "symlink",
        "dangling": "symlink",
        "hard.txt": "hard-link",
        "socket": "unreadable-file",
    }
    assert message(found, "not-a-file") == (
        "fifo.ipynb: is a named pipe, expected a plain file; it was not opened."
    )
    assert "hand in a copy" in message(found, "hard-link")
    assert "links are not followed" in message(found, "symlink")


def test_a_notebook_that_is_a_link_is_the_problem(tmp_path):
    (tmp_path / "real").write_bytes(GOOD)
    folder = write_files(tmp_path / "s", {"HW5.pdf": PDF})
    (folder / "HW5.ipynb").symlink_to(tmp_path / "real")
    found = read(candidate(folder), A)
    assert found.problem.code == "symlink"
    assert codes(found) == []


def test_a_file_of_a_terabyte_is_not_read_to_the_end(tmp_path):
    folder = write_files(tmp_path, {"HW5.ipynb": GOOD})
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(1 << 40)
    found = read(candidate(folder), A)
    assert found.problem is None
    assert "holds more than 2 MB" in message(found, "too-large")


@pytest.mark.parametrize("reader", [read_folder, read_zip])
def test_a_flood_of_files_hides_no_notebook(tmp_path, reader):
    found = reader(tmp_path, {**{f"{i:03}.txt": b"" for i in range(60)}, "zz.ipynb": GOOD})
    assert found.problem is None
    assert len(found.files) == A.files.max_files
    assert "more than 20 files" in message(found, "too-many-files")


def test_a_file_above_its_cap_is_listed_with_a_notice(tmp_path):
    found = read_folder(tmp_path, {"HW5.ipynb": GOOD, "HW5.pdf": b"x" * 200_000})
    assert [f.path for f in found.files] == ["HW5.ipynb", "HW5.pdf"]
    assert found.contents == {}
    assert message(found, "file-too-large").startswith(
        "HW5.pdf: has 0.2 MB, at most 0.1 MB are read. Make it"
    )


def test_folders_too_deep_are_left_out(tmp_path):
    found = read_folder(tmp_path, {"HW5.ipynb": GOOD, "/".join("abcdefghijkl") + "/x.txt": b""})
    assert codes(found) == ["folder-not-read"]
    assert "lies too deep" in found.notices[0].message


# --- hostile zips --------------------------------------------------------------------------------


def patched_zip(tmp_path, files, *changes):
    """Read a zip with some bytes of its headers changed."""
    data = write_zip(tmp_path / "s.zip", files).read_bytes()
    for old, new in changes:
        assert old in data
        data = data.replace(old, new)
    (tmp_path / "s.zip").write_bytes(data)
    return read(candidate(tmp_path / "s.zip"), A)


@pytest.mark.parametrize(
    "name", ["../HW5.ipynb", "/etc/HW5.ipynb", "a/../../HW5.ipynb", "C:/HW5.ipynb", "..\\HW5.ipynb"]
)
def test_paths_that_lead_out_of_the_archive_are_not_read(tmp_path, name):
    found = read_zip(tmp_path, {name: GOOD})
    assert found.problem.code == "unsafe-path"
    assert "leads out of the archive" in found.problem.message
    assert read_zip(tmp_path, {name: b"", "HW5.ipynb": GOOD}).problem is None


def test_a_link_in_a_zip_is_not_followed(tmp_path):
    link = zipfile.ZipInfo("HW5.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    found = read(candidate(tmp_path / "s.zip"), A)
    assert found.problem.code == "symlink"
    assert "symbolic link in the archive" in found.problem.message


def test_a_password_is_refused_with_a_reason(tmp_path):
    local, central = b"PK\x03\x04\x14\x00", b"PK\x01\x02\x14\x03\x14\x00"
    found = patched_zip(
        tmp_path,
        {"HW5.ipynb": GOOD},
        (local + b"\x00", local + b"\x01"),
        (central + b"\x00", central + b"\x01"),
    )
    assert found.problem.code == "encrypted"
    assert "pack it again without one" in found.problem.message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_without_a_bound_is_not_read(tmp_path, method):
    found = read(candidate(write_zip(tmp_path / "s.zip", {"HW5.ipynb": GOOD}, method)), A)
    assert found.problem.code == "unknown-compression"
    assert f"compressed by method {method}" in found.problem.message


def test_a_zip_bomb_is_stopped_by_its_ratio(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "RATIO_COUNTS_FROM", 100_000)
    found = read_zip(tmp_path, {"HW5.ipynb": b" " * 400_000})
    assert found.problem.code == "zip-bomb"
    assert "more than 250 times its size" in found.problem.message


def test_a_zip_bomb_is_stopped_by_its_unpacked_size_whatever_its_header_claims(tmp_path):
    found = read_zip(tmp_path, {"HW5.ipynb": GOOD, "big.bin": os.urandom(1000) * 3000})
    assert found.problem is None
    assert "too-large" in codes(found)
    size = 1_500_000
    lying = patched_zip(
        tmp_path, {"HW5.ipynb": b" " * size}, (struct.pack("<I", size), struct.pack("<I", 100))
    )
    assert lying.problem.code == "broken-zip"


def test_of_two_members_with_one_name_the_later_is_read_with_a_notice(tmp_path):
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("HW5.ipynb", notebook_bytes(code_cell("old = 1")))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("HW5.ipynb", GOOD)
    found = read(candidate(tmp_path / "s.zip"), A)
    assert found.notebook.cells[0].source == "x = 1"
    assert message(found, "repeated-name") == "HW5.ipynb: is in the archive twice; the later one is taken."


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + b"\xff" * 18, b"PK\x03\x04" + b"\0" * 40])
def test_a_file_that_is_not_a_zip(tmp_path, data):
    (tmp_path / "s.zip").write_bytes(data)
    found = read(candidate(tmp_path / "s.zip"), A)
    assert found.problem.code == "broken-zip"
    assert found.problem.message.startswith("s.zip: can't be opened as a zip (")


def test_a_directory_that_claims_gigabytes(tmp_path):
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 20_000_000, 0, 0)
    (tmp_path / "s.zip").write_bytes(b"\0" * 20_000_000 + end)
    found = read(candidate(tmp_path / "s.zip"), A)
    assert "directory too large" in found.problem.message


def test_damage_inside_costs_only_that_file(tmp_path):
    path = write_zip(tmp_path / "s.zip", {"HW5.ipynb": GOOD, "HW5.pdf": PDF}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(PDF, b"%PDF-1.4 b page"))
    found = read(candidate(path), A)
    assert found.problem is None
    assert [f.path for f in found.files] == ["HW5.ipynb"]
    assert "is damaged in the archive" in message(found, "broken-zip")


# --- zips in zips --------------------------------------------------------------------------------


def zipped(files):
    data = io.BytesIO()
    write_zip(data, files)
    return data.getvalue()


def test_a_zip_without_a_notebook_beside_it_is_unpacked(tmp_path):
    found = read_folder(tmp_path, {"hw.zip": zipped({"HW5.ipynb": GOOD, "HW5.pdf": PDF})})
    assert [f.path for f in found.files] == ["hw.zip/HW5.ipynb", "hw.zip/HW5.pdf"]
    assert found.contents == {"hw.zip/HW5.pdf": PDF}
    assert message(found, "zip-unpacked") == "hw.zip: was unpacked, since there was no notebook beside it."


def test_a_zip_beside_a_notebook_is_only_a_file(tmp_path):
    found = read_folder(tmp_path, {"HW5.ipynb": GOOD, "more.zip": zipped({"HW5.ipynb": GOOD})})
    assert [f.path for f in found.files] == ["HW5.ipynb", "more.zip"]
    assert found.contents == {}
    assert found.notices == ()


def test_zips_are_unpacked_to_a_depth_and_no_deeper(tmp_path):
    nested = {"HW5.ipynb": GOOD}
    for depth in range(3):
        nested = {f"{depth}.zip": zipped(nested)}
    assert read_folder(tmp_path / "a", nested).notebook.path == "2.zip/1.zip/0.zip/HW5.ipynb"
    found = read_folder(tmp_path / "b", {"3.zip": zipped(nested)})
    assert found.problem.code == "no-notebook"


def test_a_broken_zip_inside_is_the_problem(tmp_path):
    found = read_folder(tmp_path, {"hw.zip": b"broken"})
    assert found.problem.code == "broken-zip"
    assert [f.path for f in found.files] == ["hw.zip"]


def test_all_zips_share_one_budget(tmp_path):
    one = zipped({"a.bin": os.urandom(100) * 10_000})
    found = read_folder(tmp_path, {f"{i}.zip": one for i in range(4)})
    assert found.problem.code == "too-large"


# --- any bytes at all ----------------------------------------------------------------------------

SMALL = zipped({"HW5.ipynb": GOOD, "HW5.pdf": PDF})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(SMALL) - 1), st.binary(min_size=1, max_size=6)).map(
        lambda change: SMALL[: change[0]] + change[1] + SMALL[change[0] + len(change[1]) :]
    )
)
def test_a_zip_of_any_bytes_is_read_or_has_a_problem(tmp_path, data):
    (tmp_path / "s.zip").write_bytes(data)
    found = read(candidate(tmp_path / "s.zip"), A)
    assert (found.notebook is None) == (found.problem is not None)
    assert all(notice.message for notice in found.notices)


# --- pickling and fingerprints -------------------------------------------------------------------


def test_a_candidate_and_its_submission_travel_between_processes(tmp_path):
    write_files(tmp_path, {"HW5.ipynb": GOOD, "HW5.pdf": PDF})
    sent = pickle.loads(pickle.dumps(candidate(tmp_path)))
    assert sent == candidate(tmp_path)
    assert pickle.loads(pickle.dumps(read(sent, A))) == read(candidate(tmp_path), A)


def test_a_fingerprint_changes_only_with_the_files(tmp_path):
    write_files(tmp_path, {"HW5.ipynb": GOOD, "a.txt": b"1"})
    before = fingerprint(candidate(tmp_path), A)
    assert fingerprint(candidate(tmp_path), A) == before
    Path(tmp_path / "a.txt").write_bytes(b"2")
    assert fingerprint(candidate(tmp_path), A) != before
    (tmp_path / "s.zip").write_bytes(b"broken")
    assert len(fingerprint(candidate(tmp_path / "s.zip"), A)) == 64
