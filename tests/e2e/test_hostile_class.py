"""One student's notebook is made to stop or swell the grader: the rest of the class has its verdicts."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.report import read_report

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples" / "hw5"
HONEST = "s009"

DOUBLED = "x = 'a'\n" + "x += x\n" * 40
CELLS = {
    "newlines": "%%bash\n" + "\n" * 1_000_000,
    "indents": "%%bash\n" + " \n" * 190_000,
    "semicolons": "a;" * 100_000,
    "print": "print(" * 30_000 + ")" * 200_000,
    "quotes": "a b\n" + "'\\" * 190_000,
    "laughs": "x = [0]\n" + "x = [x, x]\n" * 60 + "Solver(model, data, update_rule=x)\n",
    "blocks": "a b\n" * 99_000,
    "doubled": DOUBLED + "def conv_forward_naive(a, w, b, p):\n    return x\n",
    "nested": "x = " + "-" * 100_000 + "1",
    "brackets": "x = " + "(" * 199_000 + ")" * 199_000,
}


def with_cell(source):
    """Give the release's notebook with one more cell."""
    notebook = json.loads((ROOT / "release/hw5/HW5.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [], "source": source}
    return json.dumps({**notebook, "cells": [*notebook["cells"], cell]})


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    inbox, output = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("out")
    for name, source in CELLS.items():
        (inbox / name).mkdir()
        (inbox / name / "HW5.ipynb").write_text(with_cell(source), encoding="utf-8")
    with zipfile.ZipFile(inbox / "flood.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20_000):
            archive.writestr(f"n{number}.ipynb", b'{"cells": []}')
    (inbox / HONEST).symlink_to(SAMPLES / HONEST) if False else _copied(inbox)
    command = [sys.executable, "-m", "autograder", "grade", str(inbox), "-o", str(output), "--no-training"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    return done, output


def _copied(inbox):
    (inbox / HONEST).mkdir()
    for path in (SAMPLES / HONEST).iterdir():
        (inbox / HONEST / path.name).write_bytes(path.read_bytes())


def test_everybody_has_a_report_and_none_is_the_grader_s_fault(graded):
    done, output = graded
    reports = {path.stem: read_report(path) for path in (output / "reports").iterdir()}
    assert set(reports) == {*CELLS, "flood", HONEST}, done.stderr
    outcomes = {name: report.outcome.value for name, report in reports.items()}
    assert set(outcomes.values()) <= {"graded", "pending_manual", "ungradable"}, outcomes
    for report in reports.values():
        assert len(report.notices) < 100
