"""Classes at any depth: folders, sections and archives around the submissions change nothing."""

import pytest
from intake_samples import (
    BOTH,
    CANVAS,
    CANVAS_FOUND,
    CLASS,
    CLASS_FOUND,
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

# --- a class --------------------------------------------------------------------------------------


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
    assert notice.message == "grades.csv: is not a submission."


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


# --- the same at any depth ------------------------------------------------------------------------


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
    write_files(tmp_path, {**CLASS, "reports/ledger.sqlite3": b"x", "reports/reports/s001/1.json": b"{}"})
    assert found(tmp_path) == CLASS_FOUND
    assert notices(tmp_path) == ["not-a-submission"]
    with pytest.raises(UsageError, match="holds the reports of a batch"):
        discover([tmp_path / "reports"], A)
