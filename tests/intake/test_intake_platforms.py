"""Downloads of learning platforms: who handed in what, from the names that each platform gives."""

import shutil

import pytest
from intake_samples import (
    BOTH,
    CANVAS,
    CANVAS_FOUND,
    NB,
    ONE,
    PDF,
    A,
    found,
    notices,
    under,
    write_files,
    write_zip,
)

from autograder.errors import UsageError
from autograder.intake import discover, read

# --- nbgrader -------------------------------------------------------------------------------------


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


# --- Canvas ---------------------------------------------------------------------------------------


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


# --- Moodle ---------------------------------------------------------------------------------------


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


# --- other platforms ------------------------------------------------------------------------------


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
