"""Where submissions are found: every layout of files that a person may point at."""

import re
import shutil

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
    """Each submission's id, learner, and files; reading them must find a notebook."""
    discovery = discover(paths, A)
    submissions = [read(candidate, A) for candidate in discovery.candidates]
    assert all(s.problem is None for s in submissions), [s.problem for s in submissions]
    return {s.id: (s.learner, [f.path for f in s.files]) for s in submissions}


def notices(*paths):
    return [notice.code for notice in discover(paths, A).left_out]


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
    (notice,) = discover([tmp_path], A).left_out
    assert notice.code == "not-a-submission"
    assert notice.message == "grades.csv: is no submission."


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
    course = nbgrader_course(tmp_path)
    shutil.rmtree(course / "submitted/s003")
    assert found(course / where) == {who: (who, BOTH) for who in learners}


def test_nbgraders_students_without_the_assignment_are_named(tmp_path):
    left = discover([nbgrader_course(tmp_path)], A).candidates[-1]
    submission = read(left, A)
    assert (left.learner, submission.problem.code, submission.notebook) == ("s003", "not-submitted", None)
    assert submission.problem.message == "s003: has no folder hw5, so there is nothing of theirs to grade."


@pytest.mark.parametrize("where", ["submitted/s003", "submitted"])
def test_a_place_with_only_other_assignments_is_an_error(tmp_path, where):
    write_files(tmp_path / "submitted", under("s003/hw4", ONE))
    with pytest.raises(UsageError, match=r"(has no folder hw5|holds nothing of hw5, only hw4)\."):
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


# --- what is wrong -------------------------------------------------------------------------------


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


@given(paths)
def test_any_list_of_names_has_a_layout(listed):
    for group in find_groups(listed, A).groups:
        assert not (group.inside and group.members)
        assert all(member.name in listed for member in group.members)


# --- the same at any depth -----------------------------------------------------------------------

CLASS = {**under("s001", ONE), **under("s002", ONE)}
CLASS_FOUND = {"s001": ("s001", BOTH), "s002": ("s002", BOTH)}


@pytest.mark.parametrize(
    "around", ["", "submissions/submissions", "a/b/c/d", "hw5", "hw5/hw5", "HW5 submissions"]
)
@pytest.mark.parametrize("beside", [{}, {"grades.csv": b""}, {"s003.pdf": PDF, "readme/notes.txt": b""}])
def test_a_class_is_found_at_any_depth(tmp_path, around, beside):
    files = {**under(f"{around}/x", {}), **{f"{around}/{name}".strip("/"): c for name, c in CLASS.items()}}
    top = write_files(tmp_path / "top", files)
    if around:
        write_files(top, beside)
        assert {notice.where for notice in discover([top], A).left_out} == {n.split("/")[0] for n in beside}
        assert found(write_zip(tmp_path / "all.zip", {**files, **beside})) == CLASS_FOUND
    assert found(top) == CLASS_FOUND


def test_a_class_of_one_is_named_after_the_learner(tmp_path):
    write_files(tmp_path / "submissions", under("submissions/s001", ONE))
    assert found(tmp_path / "submissions") == {"s001": ("s001", BOTH)}
    write_files(tmp_path / "class", under("s004/deep", ONE))
    assert found(tmp_path / "class") == {"s004": ("s004", BOTH)}
    write_files(tmp_path / "s005", under("hw5", ONE))
    assert found(tmp_path / "s005") == {"s005": ("s005", BOTH)}


def test_sections_are_opened_and_a_learner_s_versions_are_not(tmp_path):
    sections = {
        **under("a/s001", ONE),
        **under("a/s002", ONE),
        **under("b/s003", ONE),
        **under("b/s004", ONE),
    }
    assert list(found(write_files(tmp_path / "sections", sections))) == ["s001", "s002", "s003", "s004"]
    versions = {
        **under("s001/v1", ONE),
        **under("s001/v2", ONE),
        **under("s002/v1", ONE),
        **under("s002/v2", ONE),
    }
    assert list(found(write_files(tmp_path / "versions", versions))) == ["s001", "s002"]
    mixed = {**under("s001/v1", ONE), **under("s001/v2", ONE), **under("s002", ONE)}
    assert list(found(write_files(tmp_path / "mixed", mixed))) == ["s001", "s002"]


def test_sections_that_a_platform_named_are_opened(tmp_path):
    files = {**under("monday", CANVAS), "tuesday/four_444_9010_HW5.ipynb": NB}
    assert found(write_files(tmp_path, files)) == {**CANVAS_FOUND, "four_444": ("444", ["HW5.ipynb"])}


def test_a_candidate_that_holds_a_class_is_not_graded_and_says_so(tmp_path):
    many = {f"x{i}/HW5.ipynb": NB for i in range(4)}
    write_files(tmp_path, {**under("s001", ONE), **under("s002", many), **under("s003", CANVAS)})
    write_zip(tmp_path / "s004.zip", many)
    problems = {c.id: read(c, A).problem for c in discover([tmp_path], A).candidates}
    assert list(problems) == ["s001", "s002", "s003", "s004"]
    assert problems.pop("s001") is None
    assert {problem.code for problem in problems.values()} == {"several-learners"}
    assert "the work of 4 learners" in problems["s002"].message
    assert "the work of 3 learners" in problems["s003"].message


def test_a_zip_in_a_class_is_one_submission_whatever_it_holds(tmp_path):
    write_files(tmp_path, {**under("s010", ONE), **under("s002", ONE)})
    write_zip(tmp_path / "s009.zip", {"s010/HW5.ipynb": NB, "s002/HW5.ipynb": NB, "=cmd'!A0/HW5.ipynb": NB})
    write_zip(tmp_path / "s011.zip", {"one.ipynb": NB, "two.ipynb": NB})
    assert {who: learner for who, (learner, _) in found(tmp_path).items()} == {
        who: who for who in ("s002", "s009", "s010", "s011")
    }


def test_one_learner_s_folder_of_the_assignment_hides_nobody(tmp_path):
    write_files(tmp_path, {**under("s001", ONE), **under("s002/hw5", ONE), **under("s003/work", ONE)})
    assert found(tmp_path) == {
        "s001": ("s001", BOTH),
        "s002": ("s002", BOTH),
        "s003": ("s003", [f"work/{name}" for name in BOTH]),
    }


@pytest.mark.parametrize("count", [3, 4, 9])
def test_many_copies_in_one_folder_are_a_class_whose_names_say_no_learner(tmp_path, count):
    names = ["HW5.ipynb", *(f"HW5 ({i}).ipynb" for i in range(1, count))]
    assert len(found(write_files(tmp_path, dict.fromkeys(names, NB)))) == (1 if count == 3 else count)


def test_a_print_of_another_name_does_not_make_a_class_one_submission(tmp_path):
    files = {"s001.ipynb": NB, "s001.pdf": PDF, "s002.ipynb": NB, "s003.ipynb": NB, "my report.pdf": PDF}
    write_files(tmp_path, {**files, "s002 print.pdf": PDF, "s0.pdf": PDF})
    candidates = {c.id: read(c, A) for c in discover([tmp_path], A).candidates}
    assert list(candidates) == ["my-report", "s0", "s001", "s002", "s003"]
    assert [f.path for f in candidates["s002"].files] == ["s002 print.pdf", "s002.ipynb"]
    assert candidates["my-report"].problem.code == candidates["s0"].problem.code == "no-notebook"


def test_two_notebooks_beside_the_homework_s_print_are_one_learner_s(tmp_path):
    write_files(tmp_path / "s001", {"my work.ipynb": NB, "scratch.ipynb": NB, "HW5.pdf": PDF})
    assert list(found(tmp_path / "s001")) == ["s001"]


@pytest.mark.parametrize("name", ["s004.7z", "s004.rar", "s004.tar.gz"])
def test_an_archive_of_another_kind_is_a_submission_with_a_problem(tmp_path, name):
    write_files(tmp_path, {**under("s001", ONE), name: b"x"})
    other = discover([tmp_path], A).candidates[1]
    assert (
        read(other, A).problem.message
        == f"There is no notebook (.ipynb) in it, only {name}. Hand in HW5.ipynb."
    )


def test_the_folder_of_an_earlier_batch_s_reports_is_no_submission(tmp_path):
    write_files(tmp_path, {**CLASS, "reports/ledger.sqlite3": b"x", "reports/reports/s001.json": b"{}"})
    assert found(tmp_path) == CLASS_FOUND
    assert notices(tmp_path) == ["not-a-submission"]
    with pytest.raises(UsageError, match="holds the reports of a batch"):
        discover([tmp_path / "reports"], A)


# --- single files --------------------------------------------------------------------------------


def test_single_notebooks_get_their_learner_and_companions_as_folders_do(tmp_path):
    write_files(tmp_path / "submitted", {**under("s001/hw5", ONE), **under("s002/hw5", ONE)})
    assert found(*sorted(tmp_path.glob("submitted/*/hw5/HW5.ipynb"))) == CLASS_FOUND


def test_two_single_notebooks_of_one_learner_are_refused(tmp_path):
    write_files(tmp_path, {"a/s001.ipynb": NB, "b/s001.ipynb": NB})
    with pytest.raises(UsageError, match=r"b/s001.ipynb: is of the learner `s001`, as .*a/s001.ipynb is"):
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


# --- checkpoints ---------------------------------------------------------------------------------


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


# --- other platforms -----------------------------------------------------------------------------

PLATFORMS = {
    "Canvas, anonymous": (
        {
            "anon_aB3dE_9001_HW5.ipynb": NB,
            "LATE_anon_Zz9yX_9002_HW5.ipynb": NB,
            "anon_12345_9003_HW5.ipynb": NB,
        },
        {"12345": "12345", "Zz9yX": "Zz9yX", "aB3dE": "aB3dE"},
    ),
    "Canvas, groups": (
        {"team1_55_9001_HW5.ipynb": NB, "team_two_LATE_66_9002_HW5.ipynb": NB},
        {"team1_55": "55", "team_two_66": "66"},
    ),
    "Canvas, a typed text": (
        {"a_55_text.html": b"", "b_66_9002_HW5.ipynb": NB, "b_66_text.html": b"", "c_77_9003_HW5.ipynb": NB},
        {"a_55": "55", "b_66": "66", "c_77": "77"},
    ),
    "Moodle, anonymous": (
        {
            "Participant_11_assignsubmission_file_/HW5.ipynb": NB,
            "Participant_12_assignsubmission_file_/HW5.ipynb": NB,
        },
        {"Participant_11": "11", "Participant_12": "12"},
    ),
    "Blackboard": (
        {
            "HW 5_s001_attempt_2024-05-01-12-00-00_HW5.ipynb": NB,
            "HW 5_s001_attempt_2024-05-01-12-00-00.txt": b"Name: s001",
            "HW 5_s002_attempt_2024-05-01-12-00-00_work.ipynb": NB,
            "HW 5_s003_attempt_2024-05-01-12-00-00.txt": b"Name: s003",
        },
        {"s001": "s001", "s002": "s002", "s003": "s003"},
    ),
    "Brightspace": (
        {
            "index.html": b"",
            "123-45 - S001 Doe - Sep 3, 2024 1159 PM/HW5.ipynb": NB,
            "124-45 - S002 Roe - 3 September, 2024 2359/HW5.ipynb": NB,
        },
        {"S001-Doe_123-45": "S001 Doe", "S002-Roe_124-45": "S002 Roe"},
    ),
    "Brightspace, flat": (
        {
            "123-45 - S001 Doe - Sep 3, 2024 1159 PM - HW5.ipynb": NB,
            "123-45 - S001 Doe - Sep 3, 2024 1159 PM - HW5.pdf": PDF,
            "124-45 - S002 Roe - Sep 4, 2024 101 AM - HW5.ipynb": NB,
        },
        {"S001-Doe_123-45": "S001 Doe", "S002-Roe_124-45": "S002 Roe"},
    ),
    "Gradescope": (
        {
            "assignment_9_export/submission_metadata.yml": b"",
            "assignment_9_export/submission_11/HW5.ipynb": NB,
            "assignment_9_export/submission_12/HW5.ipynb": NB,
        },
        {"submission_11": "submission_11", "submission_12": "submission_12"},
    ),
    "Google Classroom": (
        {"S001 Doe - HW5.ipynb": NB, "S002 Roe - HW5 (1).ipynb": NB, "S001 Doe - HW5.pdf": PDF},
        {"S001-Doe": "S001 Doe", "S002-Roe": "S002 Roe"},
    ),
}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("around", ["", "submissions/"])
def test_a_platform_s_download_as_a_zip_and_unpacked(tmp_path, platform, around):
    files, learners = PLATFORMS[platform]
    files = {around + name: content for name, content in files.items()}
    for place in (write_zip(tmp_path / "all.zip", files), write_files(tmp_path / "unpacked", files)):
        assert {c.id: c.learner for c in discover([place], A).candidates} == learners


@pytest.mark.parametrize(
    "name",
    [
        "HW5_s001_attempt_2024-05-{:02}-12-00-00_HW5 {}.ipynb",
        "1-2 - s001 - May {}, 2024 1130 AM/HW5 {}.ipynb",
    ],
)
def test_of_several_attempts_the_last_notebook_is_read_with_all_else(tmp_path, name):
    write_files(tmp_path, {name.format(day, day): NB for day in (2, 10, 9)})
    write_files(tmp_path, {name.format(3, 3).replace("ipynb", "pdf"): PDF})
    (candidate,) = discover([tmp_path], A).candidates
    submission = read(candidate, A)
    assert [f.path for f in submission.files] == ["HW5 10.ipynb", "HW5 3.pdf"]
    assert (submission.attempt, submission.problem) == (4, None)
    assert submission.notices[0].message.startswith("There are 4 attempts; the last notebook, of ")


def test_a_learner_whom_the_platform_did_not_name_is_found_beside_the_others(tmp_path):
    files = {**CANVAS, "by mail/HW5.ipynb": NB, "s009.ipynb": NB}
    assert found(write_files(tmp_path, files)) == {
        **CANVAS_FOUND,
        "by-mail": ("by mail", ["HW5.ipynb"]),
        "s009": ("s009", ["s009.ipynb"]),
    }
