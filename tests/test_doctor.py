"""What `autograder doctor` says about the install."""

import importlib.metadata

import pytest

from autograder import doctor
from autograder.doctor import FOREIGN, STUDENTS, WHOLE, judge_install


@pytest.mark.parametrize("name", [WHOLE, STUDENTS])
def test_one_of_our_distributions_is_well(name):
    symptom = judge_install({name: "0.1.0"})
    assert (symptom.state, symptom.finding) == ("ok", f"{name} 0.1.0")


def test_an_engine_that_is_not_installed_runs_from_its_sources():
    assert judge_install({}).finding == "not installed: run from its sources"


@pytest.mark.parametrize(
    ("others", "remedy"),
    [
        ({}, "pip install -e '.[instructor]'"),
        ({WHOLE: "0.1.0"}, "pip install -e '.[instructor]'"),
        ({STUDENTS: "0.1.0"}, "pip install --force-reinstall --no-deps numerical_autograder_check-*.whl"),
    ],
)
def test_the_foreign_distribution_is_named_with_what_to_do(others, remedy):
    symptom = judge_install({**others, FOREIGN: "3.7.7"})
    assert symptom.state == "missing"
    assert "autograder 3.7.7" in symptom.finding
    assert "`autograder` is another project with the same module and command" in symptom.finding
    assert symptom.remedy.startswith("pip uninstall autograder; then ")
    assert remedy in symptom.remedy


def test_two_of_ours_in_one_environment_are_a_note():
    symptom = judge_install({WHOLE: "0.1.0", STUDENTS: "0.1.0"})
    assert symptom.state == "note"
    assert symptom.remedy.startswith(f"pip uninstall {STUDENTS}; then ")


def test_the_foreign_distribution_is_found_where_it_is_installed(tmp_path, monkeypatch):
    info = tmp_path / "autograder-3.7.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: autograder\nVersion: 3.7.7\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.metadata.version("autograder") == "3.7.7"
    (symptom,) = [s for s in doctor.examine(tmp_path) if s.part == "install"]
    assert "autograder 3.7.7" in symptom.finding
