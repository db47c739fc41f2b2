"""Where a submission is found: every folder, zip or file that a person may point at."""

import os
import re
import time

import pytest
from intake_samples import BOTH, CLASS_FOUND, NB, ONE, PDF, A, found, under, write_files, write_zip

from autograder.errors import UsageError
from autograder.intake import SourceKind, candidate_for, discover, read

# --- one submission -------------------------------------------------------------------------------


def test_a_notebook_is_named_by_its_folder_or_by_its_id(tmp_path):
    write_files(tmp_path, {"s001/HW5.ipynb": NB, "s002/HW5 (1).ipynb": NB, "x/s003.ipynb": NB})
    paths = [tmp_path / "s001/HW5.ipynb", tmp_path / "s002/HW5 (1).ipynb", tmp_path / "x/s003.ipynb"]
    assert found(*paths) == {
        "s001": ("s001", ["HW5.ipynb"]),
        "s002": ("s002", ["HW5 (1).ipynb"]),
        "s003": ("s003", ["s003.ipynb"]),
    }
    assert candidate_for(tmp_path / "s001/HW5.ipynb").place is SourceKind.FILE


@pytest.mark.parametrize(
    ("beside", "taken"),
    [
        (["HW5.pdf", "notes.pdf", "a.whl"], ["HW5.pdf"]),
        (["mine.pdf", "notes.pdf"], ["mine.pdf"]),
        (["print.PDF"], ["print.PDF"]),
        (["notes.pdf", "other.pdf"], []),
        (["HW5.txt"], []),
    ],
)
def test_a_notebook_comes_with_the_requested_files_beside_it(tmp_path, beside, taken):
    write_files(tmp_path, {"mine.ipynb": NB, "HW5.ipynb": NB, **dict.fromkeys(beside, PDF)})
    submission = read(candidate_for(tmp_path / "mine.ipynb", A.files.rules), A)
    assert [f.path for f in submission.files] == sorted(["mine.ipynb", *taken])
    assert submission.notebook.path == "mine.ipynb"
    assert list(submission.contents) == taken


@pytest.mark.parametrize(
    "files",
    [
        ONE,
        {**ONE, "HW5_code/layers.py": b""},
        {**ONE, "Untitled.ipynb": NB, "old/HW5.ipynb": NB},
        {"my work.ipynb": NB},
        {"my work.ipynb": NB, "HW5.pdf": PDF, "images/a.png": b""},
        {"HW5_2024_11_final.ipynb": NB, "HW5.pdf": PDF},
    ],
)
def test_a_folder_that_is_one_submission(tmp_path, files):
    write_files(tmp_path / "s001", files)
    assert found(tmp_path / "s001") == {"s001": ("s001", sorted(files))}


def test_a_folder_named_by_a_dot_and_by_a_link(tmp_path, monkeypatch):
    write_files(tmp_path / "s001", ONE)
    (tmp_path / "alias").symlink_to(tmp_path / "s001")
    monkeypatch.chdir(tmp_path / "s001")
    assert found(tmp_path.cwd() / ".") == {"s001": ("s001", BOTH)}
    assert found(tmp_path / "alias") == {"alias": ("alias", BOTH)}


@pytest.mark.parametrize("files", [ONE, under("work", ONE), under("HW5", ONE)])
def test_a_zip_of_one_submission_may_have_a_folder_around_it(tmp_path, files):
    assert found(write_zip(tmp_path / "s001.zip", files)) == {"s001": ("s001", BOTH)}


def test_a_folder_with_only_a_zip_is_one_submission_unless_the_zip_holds_a_class(tmp_path):
    (tmp_path / "s001").mkdir()
    write_zip(tmp_path / "s001/hand-in.zip", ONE)
    assert found(tmp_path / "s001") == {"s001": ("s001", [f"hand-in.zip/{name}" for name in BOTH])}
    (tmp_path / "downloads").mkdir()
    write_zip(tmp_path / "downloads/hand-in.zip", {**under("s001", ONE), **under("s002", ONE)})
    assert found(tmp_path / "downloads") == {"s001": ("s001", BOTH), "s002": ("s002", BOTH)}


# --- what is wrong --------------------------------------------------------------------------------


def test_a_missing_path(tmp_path):
    with pytest.raises(UsageError, match=re.escape(f"{tmp_path / 'gone'}: does not exist.")) as caught:
        discover([tmp_path / "gone"], A)
    assert "Expected a notebook (.ipynb), a zip, a folder" in caught.value.hint


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "HW5.pdf").write_bytes(PDF)
    with pytest.raises(UsageError, match="neither a notebook, a zip nor a folder"):
        discover([tmp_path / "HW5.pdf"], A)


def test_an_empty_folder_by_itself_and_beside_another(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is empty"):
        discover([tmp_path / "empty"], A)
    write_files(tmp_path / "s001", ONE)
    discovery = discover([tmp_path / "empty", tmp_path / "s001"], A)
    assert [c.id for c in discovery.candidates] == ["s001"]
    assert [n.code for n in discovery.left_out] == ["nothing-found"]


def test_no_path_at_all():
    with pytest.raises(UsageError, match="No place was named"):
        discover([], A)


# --- single files ---------------------------------------------------------------------------------


def test_single_notebooks_get_their_learner_and_companions_as_folders_do(tmp_path):
    write_files(tmp_path / "submitted", {**under("s001/hw5", ONE), **under("s002/hw5", ONE)})
    assert found(*sorted(tmp_path.glob("submitted/*/hw5/HW5.ipynb"))) == CLASS_FOUND


def test_two_single_notebooks_of_one_learner_are_refused(tmp_path):
    write_files(tmp_path, {"a/s001.ipynb": NB, "b/s001.ipynb": NB})
    with pytest.raises(
        UsageError, match=r"b/s001.ipynb: belongs to the learner `s001`, as .*a/s001.ipynb does"
    ):
        discover([tmp_path / "a/s001.ipynb", tmp_path / "b/s001.ipynb"], A)


@pytest.mark.parametrize("name", ["HW5.ipynb.json", "HW5.ipynb.txt", "HW5.ipynb (1).txt", "HW5.json"])
def test_a_notebook_with_another_suffix_is_read_with_a_note(tmp_path, name):
    write_files(tmp_path, {f"s001/{name}": NB, "s001/HW5.pdf": PDF, **under("s002", ONE)})
    first = read(discover([tmp_path], A).candidates[0], A)
    assert (first.problem, first.notebook.path) == (None, name)
    assert "whose name ends in .ipynb" in " ".join(n.message for n in first.notices)


def test_a_flat_class_with_notebooks_of_other_suffixes(tmp_path):
    write_files(tmp_path, {"s004.ipynb.txt": NB, "s005.ipynb": NB, "fay.ipynb": NB})
    assert {who: learner for who, (learner, _) in found(tmp_path).items()} == {
        "fay": "fay",
        "s004": "s004",
        "s005": "s005",
    }


def test_a_json_file_that_is_no_notebook_hides_none(tmp_path):
    write_files(tmp_path / "a", {**ONE, "HW5.json": b"{}"})
    assert read(discover([tmp_path / "a"], A).candidates[0], A).notebook.path == "HW5.ipynb"
    write_files(tmp_path / "b", {"HW5.json": b"{}"})
    assert read(discover([tmp_path / "b"], A).candidates[0], A).problem.code == "not-a-notebook"


# --- checkpoints ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["HW5-checkpoint.ipynb", ".ipynb_checkpoints/HW5-checkpoint.ipynb"])
def test_a_checkpoint_by_itself_is_graded_with_a_note(tmp_path, name):
    write_files(tmp_path, {f"s001/{name}": NB, **under("s002", ONE), f"s002/{name}": NB})
    first, second = (read(c, A) for c in discover([tmp_path], A).candidates)
    assert (first.problem, first.notebook.path) == (None, name)
    assert [n.code for n in first.notices] == ["checkpoint"]
    assert ([f.path for f in second.files], second.notices) == (BOTH, ())


def test_checkpoints_in_downloads(tmp_path):
    canvas = {"does011_11_21_HW5-checkpoint.ipynb": NB, "roes012_12_22_HW5.ipynb": NB}
    assert list(found(write_zip(tmp_path / "canvas.zip", canvas))) == ["does011_11", "roes012_12"]
    moodle = {
        "S011 Doe_11_assignsubmission_file_/HW5-checkpoint.ipynb": NB,
        "S012 Roe_12_assignsubmission_file_/HW5.ipynb": NB,
        "Max Poe_13_assignsubmission_file_/.ipynb_checkpoints/HW5-checkpoint.ipynb": NB,
    }
    assert list(found(write_zip(tmp_path / "m.zip", moodle))) == ["Max-Poe_13", "S011-Doe_11", "S012-Roe_12"]


# --- names that spreadsheets and terminals read in their own way ---------------------------------

ODD = {
    "00123": "00123",
    "007": "007",
    "=HYPERLINK(1)": "HYPERLINK-1",
    "-5": "5",
    "Zoë Müller_9": "Zoe-Muller_9",
    "李雷_10": "_10",
    "O'Brien, Mary": "O-Brien-Mary",
    "a;b": "a-b",
    "1e5": "1e5",
    "new\nline": "new-line",
    "rtl\u202egnp": "rtl-gnp",
    "dot.": "dot",
    "long" * 60: "long" * 20,
}


def test_odd_names_are_learners_and_their_ids_are_plain(tmp_path):
    place = write_files(tmp_path / "class", {f"{name}/HW5.ipynb": NB for name in ODD})
    found = {c.id: c.learner for c in discover([place], A).candidates}
    assert set(found) == set(ODD.values())
    assert (found["00123"], found["007"], found["1e5"], found["_10"]) == ("00123", "007", "1e5", "李雷_10")
    assert found["new-line"] == "new?line"
    assert found["rtl-gnp"] == "rtl?gnp"


def test_a_name_in_another_encoding_is_a_learner_s(tmp_path):
    odd = os.fsdecode(b"\xd5\xc5\xc8\xfd_77")
    place = write_files(tmp_path / "class", {"s001/HW5.ipynb": NB, f"{odd}/HW5.ipynb": NB})
    candidates = discover([place], A).candidates
    assert {c.learner for c in candidates} == {"s001", "????_77"}
    assert all(read(c, A).notebook is not None for c in candidates)


def test_six_hundred_learners_of_a_download_are_found_at_once(tmp_path):
    files = {}
    for n in range(600):
        late = "_LATE" if n % 7 == 0 else ""
        again = f"-{n % 3}" if n % 3 else ""
        files[f"student{n:03d}{late}_{10_000 + n}_{20_000 + n}_HW5{again}.ipynb"] = NB
        files[f"student{n:03d}{late}_{10_000 + n}_{30_000 + n}_HW5.pdf"] = b"%PDF-1.4"
    place = write_zip(tmp_path / "canvas.zip", files)
    start = time.monotonic()
    candidates = discover([place], A).candidates
    assert time.monotonic() - start < 20
    assert [c.learner for c in candidates] == [str(10_000 + n) for n in range(600)]
    assert [c.attempt for c in candidates] == [1 + n % 3 for n in range(600)]
    late = [any(notice.code == "marked-late" for notice in c.notices) for c in candidates]
    assert late == [n % 7 == 0 for n in range(600)]
