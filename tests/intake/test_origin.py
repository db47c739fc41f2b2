"""A submission is found again at the origin that its report names."""

import shutil
import zipfile
from pathlib import Path

import pytest

from autograder.course import find_course
from autograder.intake import discover
from autograder.intake.origin import finder

ROOT = Path(__file__).parents[2]
ASSIGNMENT = find_course(ROOT).assignment
NOTEBOOK = ROOT / "release" / ASSIGNMENT.id / ASSIGNMENT.notebook


def in_folders(root):
    for name in ("s001", "s002"):
        folder = root / name / ASSIGNMENT.id
        folder.mkdir(parents=True)
        shutil.copy(NOTEBOOK, folder)
    return root


def in_one_folder(root):
    """As Canvas names the files of a class."""
    root.mkdir()
    for name in ("ada_1_2", "bob_3_4"):
        shutil.copy(NOTEBOOK, root / f"{name}_{ASSIGNMENT.notebook}")
    return root


def in_a_zip(root):
    in_folders(root)
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for one in sorted(root.rglob("*.ipynb")):
            archive.write(one, one.relative_to(root))
    shutil.rmtree(root)
    return path


def in_one_notebook(root):
    root.mkdir()
    return Path(shutil.copy(NOTEBOOK, root / "s001.ipynb"))


@pytest.mark.parametrize("layout", [in_folders, in_one_folder, in_a_zip, in_one_notebook])
def test_every_candidate_is_found_where_it_was(tmp_path, layout):
    candidates = discover([layout(tmp_path / "class")], ASSIGNMENT).candidates
    assert len(candidates) == (1 if layout is in_one_notebook else 2)
    find = finder(ASSIGNMENT)
    for one in candidates:
        found = list(find(one.origin))
        assert any(again.path / again.inside == one.path / one.inside for again in found), found


def test_what_is_gone_is_not_looked_for_elsewhere(tmp_path):
    root = in_folders(tmp_path / "class")
    origin = str(root / "s001" / ASSIGNMENT.id)
    shutil.rmtree(origin)
    assert list(finder(ASSIGNMENT)(origin)) == []


def test_a_folder_with_nothing_in_it_gives_nothing(tmp_path):
    assert list(finder(ASSIGNMENT)(str(tmp_path))) == []
