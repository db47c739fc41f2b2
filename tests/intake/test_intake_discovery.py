"""Submissions are found in every layout of files that a person may name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples import code_cell, make_assignment, notebook_bytes, write_files, write_zip

from autograder.errors import UsageError
from autograder.intake import Candidate, SourceKind, candidate_for, discover, read
from autograder.intake.candidates import safe_id, with_unique_ids
from autograder.intake.layout import find_groups

NB, PDF = notebook_bytes(code_cell(metadata={"nbgrader": {"grade_id": "one"}})), b"%PDF-1.4"
ONE = {"HW5.ipynb": NB, "HW5.pdf": PDF}
A = make_assignment()


def under(folder, files):
    return {f"{folder}/{name}": content for name, content in files.items()}


def found(*paths):
    """Give each submission's learner and files by its id; each must have a notebook."""
    discovery = discover(paths, A)
    submissions = [read(candidate, A) for candidate in discovery.candidates]
    assert all(s.problem is None for s in submissions), [s.problem for s in submissions]
    return {s.id: (s.learner, [f.path for f in s.files]) for s in submissions}


def notices(*paths):
    return [notice.code for notice in discover(paths, A).notices]


BOTH = ["HW5.ipynb", "HW5.pdf"]


# --- one submission ------------------------------------------------------------------------------


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


# --- a class -------------------------------------------------------------------------------------


def test_a_class_of_folders_notebooks_and_zips(tmp_path):
    write_files(
        tmp_path, {**under("s001", ONE), "s002.ipynb": NB, "s002.pdf": PDF, "s004/deep/HW5.ipynb": NB}
    )
    write_zip(tmp_path / "s003.zip", ONE)
    (tmp_path / "grades.csv").write_bytes(b"")
    assert found(tmp_path) == {
        "s001": ("s001", BOTH),
        "s002": ("s002", ["s002.ipynb", "s002.pdf"]),
        "s003": ("s003", BOTH),
        "s004": ("s004", ["deep/HW5.ipynb"]),
    }
    (notice,) = discover([tmp_path], A).notices
    assert notice.code == "not-a-submission"
    assert notice.message == "grades.csv: not named like a submission in a class's folder; left out."


def test_a_class_of_notebooks(tmp_path):
    write_files(tmp_path, {"s001.ipynb": NB, "s002.ipynb": NB})
    assert list(found(tmp_path)) == ["s001", "s002"]


def test_a_zip_of_a_class(tmp_path):
    files = {**under("all/s001", ONE), **under("all/s002", ONE)}
    assert found(write_zip(tmp_path / "all.zip", files)) == {"s001": ("s001", BOTH), "s002": ("s002", BOTH)}


def test_an_empty_folder_in_a_class_is_a_submission_with_a_problem(tmp_path):
    write_files(tmp_path, under("s001", ONE))
    (tmp_path / "s002").mkdir()
    candidates = discover([tmp_path], A).candidates
    assert [c.id for c in candidates] == ["s001", "s002"]
    assert read(candidates[1], A).problem.code == "no-files"


def test_a_broken_zip_in_a_class_costs_only_itself(tmp_path):
    write_files(tmp_path, {**under("s001", ONE), "s002.zip": b"broken"})
    candidates = discover([tmp_path], A).candidates
    assert [c.id for c in candidates] == ["s001", "s002"]
    assert read(candidates[1], A).problem.code == "broken-zip"


# --- nbgrader ------------------------------------------------------------------------------------


def nbgrader_course(root):
    write_files(
        root / "submitted", {**under("s001/hw5", ONE), **under("s002/hw5", ONE), **under("s001/hw4", ONE)}
    )
    write_files(
        root / "submitted", {**under("s003/hw4", ONE), "s001/hw5/timestamp.txt": b"2024-05-31 23:59:00 UTC"}
    )
    return root


@pytest.mark.parametrize(
    ("where", "learners"),
    [
        ("", ["s001", "s002"]),
        ("submitted", ["s001", "s002"]),
        ("submitted/s001", ["s001"]),
        ("submitted/s002/hw5", ["s002"]),
    ],
)
def test_an_nbgrader_course_at_every_level(tmp_path, where, learners):
    assert found(nbgrader_course(tmp_path) / where) == {who: (who, BOTH) for who in learners}


def test_nbgraders_students_without_the_assignment_are_named(tmp_path):
    (notice,) = discover([nbgrader_course(tmp_path)], A).notices
    assert (notice.code, notice.where) == ("not-submitted", "s003")
    assert notice.message == "s003: has no folder hw5, so there is nothing to grade."


@pytest.mark.parametrize("where", ["submitted/s003", "submitted"])
def test_a_place_with_only_other_assignments_is_an_error(tmp_path, where):
    write_files(tmp_path / "submitted", under("s003/hw4", ONE))
    with pytest.raises(UsageError, match="has submissions of hw4, none of hw5"):
        discover([tmp_path / where], A)


# --- Canvas --------------------------------------------------------------------------------------

CANVAS = {
    "onestudent_111_9001_HW5.ipynb": NB,
    "onestudent_111_9002_HW5.pdf": PDF,
    "twostudent_LATE_222_9003_HW5-1.ipynb": NB,
    "twostudent_LATE_222_9004_HW5-1.pdf": PDF,
    "onestudent_333_9005_my work.ipynb": NB,
}
CANVAS_FOUND = {
    "onestudent_111": ("111", BOTH),
    "onestudent_333": ("333", ["my work.ipynb"]),
    "twostudent_222": ("222", ["HW5-1.ipynb", "HW5-1.pdf"]),
}


def test_a_download_from_canvas_as_a_zip_and_unpacked(tmp_path):
    assert found(write_zip(tmp_path / "submissions.zip", CANVAS)) == CANVAS_FOUND
    assert found(write_files(tmp_path / "unpacked", CANVAS)) == CANVAS_FOUND
    assert found(write_zip(tmp_path / "again.zip", under("submissions", CANVAS))) == CANVAS_FOUND


def test_lateness_and_attempts_in_canvas(tmp_path):
    candidates = discover([write_zip(tmp_path / "s.zip", CANVAS)], A).candidates
    late = candidates[-1]
    assert (late.id, late.attempt) == ("twostudent_222", 2)
    assert [n.message for n in late.notices] == ["Canvas marked the submission as late."]
    assert read(late, A).attempt == 2
    assert [c.attempt for c in candidates[:-1]] == [1, 1]


def test_a_zip_that_a_student_handed_in_through_canvas(tmp_path):
    inner = write_zip(tmp_path / "inner.zip", ONE).read_bytes()
    files = {**CANVAS, "three_444_9009_all.zip": inner}
    paths = ["all.zip/HW5.ipynb", "all.zip/HW5.pdf"]
    for path in (write_zip(tmp_path / "s.zip", files), write_files(tmp_path / "unpacked", files)):
        assert found(path)["three_444"] == ("444", paths)


def test_files_that_canvas_did_not_name_are_left_out_with_a_notice(tmp_path):
    assert notices(write_zip(tmp_path / "s.zip", {**CANVAS, "readme.txt": b""})) == ["not-a-submission"]


# --- Moodle --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gap", ["_assignsubmission_file_/", "_assignsubmission_file/", "_assignsubmission_file_"]
)
def test_a_download_from_moodle_with_and_without_folders(tmp_path, gap):
    files = {**under("x", {}), f"One Student_11{gap}HW5.ipynb": NB, f"One Student_11{gap}HW5.pdf": PDF}
    files[f"Zwei Müller_22{gap}HW5.ipynb"] = NB
    files["One Student_11_assignsubmission_onlinetext_/onlinetext.html"] = b"typed"
    expected = {"One-Student_11": ("11", BOTH), "Zwei-Muller_22": ("22", ["HW5.ipynb"])}
    assert found(write_zip(tmp_path / "hw5.zip", files)) == expected
    assert found(write_files(tmp_path / "unpacked", files)) == expected


def test_a_text_typed_into_moodle_is_not_a_notebook(tmp_path):
    files = {"One Student_11_assignsubmission_onlinetext_/onlinetext.html": b"typed"}
    (candidate,) = discover([write_zip(tmp_path / "hw5.zip", files)], A).candidates
    assert read(candidate, A).problem.message.startswith(
        "There is no notebook (.ipynb) in it, only onlinetext.html"
    )


# --- wrong paths ---------------------------------------------------------------------------------


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
    assert [n.code for n in discovery.notices] == ["nothing-found"]


def test_no_path_at_all():
    with pytest.raises(UsageError, match="No place to look for submissions was named"):
        discover([], A)


# --- ids -----------------------------------------------------------------------------------------


def test_equal_ids_are_numbered_with_a_notice(tmp_path):
    write_files(tmp_path, {**under("a/s001", ONE), **under("b/S001", ONE), **under("c/s001", ONE)})
    candidates = discover([tmp_path / "b", tmp_path / "a", tmp_path / "c"], A).candidates
    assert [c.id for c in candidates] == ["s001", "S001-2", "s001-3"]
    assert [n.code for n in candidates[1].notices] == ["same-id"]
    assert "so this one is called `S001-2`" in candidates[1].notices[0].message
    assert [c.learner for c in candidates] == ["s001", "S001", "s001"]


def test_the_same_place_twice_is_one_submission(tmp_path):
    write_files(tmp_path / "s001", ONE)
    assert len(discover([tmp_path / "s001", tmp_path / "s001/../s001"], A).candidates) == 1


@given(st.text(max_size=200))
def test_an_id_is_always_safe_as_a_file_name(text):
    made = safe_id(text)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,80}", made)
    assert not made.startswith((".", "-"))
    assert safe_id(text) == made


def test_names_without_latin_letters_get_distinct_ids():
    assert safe_id("王") != safe_id("李")


names = st.lists(st.sampled_from(["s001", "S001", "s001-2", "x"]), max_size=6)


@given(names)
def test_ids_always_become_unique(ids):
    made = with_unique_ids(
        Candidate(id=one, learner=one, origin=str(place), path=f"/{place}", place=SourceKind.FOLDER)
        for place, one in enumerate(ids)
    )
    assert len({c.id.casefold() for c in made}) == len(ids)


paths = st.lists(
    st.lists(
        st.sampled_from(
            ["HW5.ipynb", "a_1_2_HW5.ipynb", "hw5", "s001", "x.zip", "y.pdf", "N_1_assignsubmission_file_"]
        ),
        min_size=1,
        max_size=4,
    ).map("/".join),
    max_size=6,
)


@given(paths, st.booleans())
def test_any_list_of_names_has_a_layout(listed, wrapped):
    for group in find_groups(listed, "hw5", "HW5.ipynb", wrapped)[0]:
        assert not (group.inside and group.members)
        assert all(member.name in listed for member in group.members)
