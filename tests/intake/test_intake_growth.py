"""Each reader of names and notebooks takes linear time, and a notice says if a cap is met."""

import json
import warnings
import zipfile
from pathlib import Path

import pytest
from growth import grows_linearly
from intake_samples import code_cell, make_assignment, notebook_bytes, notebook_json, write_files, write_zip

from autograder.intake import candidate_for, discover, discovery, outputs, parse_notebook, read
from autograder.intake.archive import open_archive, repeated_names
from autograder.intake.candidates import Candidate, SourceKind, with_unique_ids
from autograder.intake.layout import find_groups
from autograder.model import Notice, capped

A = make_assignment()


def candidates(names):
    return [
        Candidate(id=name, learner="l", origin=str(n), path=Path("p"), place=SourceKind.FILE)
        for n, name in enumerate(names)
    ]


@pytest.mark.parametrize("name", [lambda n: "s001", lambda n: f"s{n}", lambda n: f"s-{n % 3}"])
def test_ids_are_kept_apart_in_linear_time(name):
    assert grows_linearly(with_unique_ids, lambda n: candidates(map(name, range(n))), 1_000)


def test_ids_that_look_numbered_stay_apart():
    ids = [one.id for one in with_unique_ids(candidates(["a", "A", "a-2", "a", "a-2"]))]
    assert len({one.casefold() for one in ids}) == 5


@pytest.mark.parametrize(
    "name",
    [
        "s{}.ipynb",
        "s{}.zip",
        "s{}.pdf",
        "s{}/HW5.ipynb",
        "name_{}_9_HW5.ipynb",
        "Name_{}_assignsubmission_file_/HW5.ipynb",
        "s{}/hw5/HW5.ipynb",
        "all/s{}.ipynb",
        "a/b/c/d/s{}/HW5.ipynb",
        "12-{} - Name - Sep 3, 2024 1159 PM/HW5.ipynb",
        "HW5_s{}_attempt_2024-05-01-12-00-00_HW5.ipynb",
        "s{0}/{0}a/HW5.ipynb",
        "s1.ipynb s{}.txt",
    ],
)
def test_a_layout_is_found_in_linear_time(name):
    assert grows_linearly(
        lambda names: find_groups(names, A), lambda n: [name.format(i) for i in range(n)], 1_000
    )


CELLS = {
    "cells with one grade id": lambda i: code_cell(metadata={"nbgrader": {"grade_id": "same"}}),
    "cells with their own grade ids": lambda i: code_cell(metadata={"nbgrader": {"grade_id": f"g{i}"}}),
    "cells with one id": lambda i: code_cell(id="same"),
    "cells with ids as they are made up": lambda i: code_cell(id=f"cell-{i + 1}"),
    "outputs": lambda i: code_cell(outputs=[{"output_type": "stream", "text": "x\x1b[1m"}] * 20),
    "damaged cells": lambda i: code_cell() if i % 2 else 5,
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_notebook_is_parsed_in_linear_time(cell):
    def make(n):
        return notebook_bytes(*map(CELLS[cell], range(n)))

    assert grows_linearly(lambda data: parse_notebook(data, "n.ipynb"), make, 300)


def test_repeated_names_in_an_archive_are_found_in_linear_time(tmp_path):
    def make(n):
        path = tmp_path / f"{n}.zip"
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile warns of each name that it has already
            for i in range(n):
                archive.writestr(f"{i // 2}.ipynb", b"")
        return path

    def work(path):
        with open_archive(path, "x") as archive:
            return list(repeated_names(archive))

    assert grows_linearly(work, make, 500)


def test_of_many_notices_the_first_are_kept_and_the_rest_are_counted():
    notices = [Notice(code="odd" if i % 2 else "even", message=str(i)) for i in range(2_448)]
    kept = capped(notices)
    assert len(kept) == 42
    assert [one.message for one in kept[-2:]] == ["and 1,204 more of this kind."] * 2
    assert capped(notices[:40]) == tuple(notices[:40])


def test_a_submission_of_broken_files_has_few_notices(tmp_path):
    files = {f"{i}.zip": b"broken" for i in range(30)}
    write_files(tmp_path, {**files, "HW5.ipynb": notebook_bytes()})
    (candidate,) = discover([tmp_path], A).candidates
    notices = read(candidate, make_assignment(max_files=50)).notices
    assert len(notices) <= 22


def test_a_zip_of_very_many_submissions_counts_as_one_and_is_not_graded(tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "MAX_SUBMISSIONS", 30)
    content = notebook_bytes()
    write_zip(tmp_path / "s001.zip", {f"n{i}.ipynb": content for i in range(31)})
    write_zip(tmp_path / "s002.zip", {"HW5.ipynb": content})
    found = discover([tmp_path / "s001.zip", tmp_path / "s002.zip"], A)
    assert [one.id for one in found.candidates] == ["s001", "s002"]
    assert found.left_out[0].message == "s001.zip: holds 31 submissions, more than 30; it counts as one."
    problem = read(found.candidates[0], A).problem
    assert problem == Notice(
        code="too-many-notebooks", message="It holds 20 notebooks or more. Hand in only HW5.ipynb."
    )
    assert read(found.candidates[1], A).problem is None


def test_a_folder_of_very_many_files_hides_no_other_submission(tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "MAX_BELOW", 5)
    junk = {f"s001/deep/{i}.txt": b"" for i in range(50)}
    write_files(tmp_path, {**junk, "s001/HW5.ipynb": b"{}", "s002/HW5.ipynb": b"{}"})
    assert [one.id for one in discover([tmp_path], A).candidates] == ["s001", "s002"]


def test_a_notebook_of_very_many_outputs_is_kept_in_part(monkeypatch):
    monkeypatch.setattr(outputs, "MAX_ALL_OUTPUTS", 30)
    cell = code_cell(outputs=[{"output_type": "stream", "text": "x"}] * 20)
    notebook, notices = parse_notebook(json.dumps(notebook_json(cell, cell, cell)).encode(), "n.ipynb")
    assert [len(one.outputs) for one in notebook.cells] == [20, 10, 0]
    assert [one.message for one in notices if one.code == "outputs-capped"] == [
        "n.ipynb: 30 stored outputs are too large or too many; only a part is kept."
    ]


def test_files_beside_a_candidate_are_found(tmp_path):
    write_files(tmp_path, {"HW5.ipynb": notebook_bytes(), "HW5.pdf": b"%PDF"})
    assert [one.name for one in candidate_for(tmp_path / "HW5.ipynb", A.files.rules).members] == ["HW5.pdf"]
