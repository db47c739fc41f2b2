"""Notebooks that try to stop or to swell the grader: the rest of the class gets its verdicts."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.extract.code import VERSION
from autograder.report import newest_reports, read_report

ROOT = Path(__file__).parents[2]
HONEST = ROOT / "tests" / "samples" / "hw5" / "s001"

# one cell each, below the cells of the release
CELLS = {
    "newlines": "%%bash\n" + "\n" * 1_000_000,
    "semicolons": "a;" * 100_000,
    "print": "print(" * 30_000 + ")" * 200_000,
    "quotes": "a b\n" + "'\\" * 190_000,
    "laughs": "x = [0]\n" + "x = [x, x]\n" * 60 + "Solver(model, data, update_rule=x)\n",
    "blocks": "a b\n" * 99_000,
    "doubled": "x = 'a'\n" + "x += x\n" * 40 + "Solver(model, data, update_rule=x)\n",
    "nested": "x = " + "-" * 100_000 + "1",
}
INVALID = f"not valid Python {VERSION}"
SAID = {
    "newlines": "cell 53 has 1,000,007 characters; cells of more than 400,000 are not read.",
    "semicolons": "cell 53: its 100,000 statements are not read. A notebook's code is read up to",
    "print": f"cell 53: the statement at line 1 is {INVALID}: line 1: too many nested parentheses",
    "quotes": f"cell 53: the statement at line 2 is {INVALID}: line 2: unterminated string literal",
    "blocks": "and 980 more of this kind.",
    "nested": f"cell 53: the statement at line 1 is {INVALID}: it can't be parsed: MemoryError.",
}


def with_cell(source):
    """Give the release's notebook with one more cell."""
    notebook = json.loads((ROOT / "release/hw5/HW5.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [], "source": source}
    return json.dumps({**notebook, "cells": [*notebook["cells"], cell]})


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    inbox, output = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("out")
    for name, source in CELLS.items():
        (inbox / name).mkdir()
        (inbox / name / "HW5.ipynb").write_text(with_cell(source), encoding="utf-8")
    with zipfile.ZipFile(inbox / "flood.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20_000):
            archive.writestr(f"n{number}.ipynb", b'{"cells": []}')
    shutil.copytree(HONEST, inbox / "honest")
    command = [sys.executable, "-m", "autograder", "grade", str(inbox), "-o", str(output), "--no-training"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1, done.stderr  # one is ungradable
    return {name: read_report(path) for name, path in newest_reports(output).items()}


def test_everybody_has_a_report_and_nobody_one_of_the_grader_s_faults(reports):
    assert set(reports) == {*CELLS, "flood", "honest"}
    outcomes = {name: report.outcome.value for name, report in reports.items()}
    assert outcomes == dict.fromkeys([*CELLS, "honest"], "partial") | {"flood": "ungradable"}
    assert {name for name in CELLS if "A person has yet to judge: " in reports[name].message} == {*CELLS}


def test_the_honest_submission_has_its_full_verdict(reports):
    points = {item.id: item.score for item in reports["honest"].items}
    names = ("conv-forward", "conv-backward-dx", "conv-backward-dw", "conv-backward-db")
    assert [points[name] for name in names] == [20, 12, 8, 5]


@pytest.mark.parametrize("name", SAID)
def test_the_report_says_what_was_not_read(reports, name):
    said = [notice.message for notice in reports[name].notices]
    assert any(message.startswith(SAID[name]) for message in said), said
    assert len(said) <= 25


def test_a_flood_of_notebooks_is_ungradable_and_says_what_to_hand_in(reports):
    assert reports["flood"].message == "It holds 200 notebooks or more. Hand in only HW5.ipynb."
