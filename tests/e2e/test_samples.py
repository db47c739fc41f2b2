"""The sample submissions, graded by the command as a TA would, with the points that they must get."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from once import once

from autograder.report import newest_reports, read_report, report_files, report_path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples" / "hw5"
CONVOLUTION = ("conv-forward", "conv-backward-dx", "conv-backward-dw", "conv-backward-db")
FULL = (20, 12, 8, 5)

# points for forward, dx, dw and db; training is graded by itself, as it does not depend on them
EXPECTED = {
    "s001": FULL,
    "s002": FULL,
    "s003": FULL,
    "s004": FULL,
    "s005": (0, 12, 8, 5),  # no bias: nothing of the forward pass is right
    "s006": (20, 7, 4, 5),  # stride ignored in the backward pass
    "s007": (20, 10, 8, 5),  # the crop is empty without a pad
    "s008": (16, 10, 6, 3),  # square kernels only
    "s009": (20, 0, 0, 5),  # unfinished: only db
    "s010": (20, 0, 0, 0),  # a syntax error in the backward pass
    "s011": (0, 12, 8, 5),  # an endless loop, a memory bomb and a socket in the forward pass:
    "s012": (0, 12, 8, 5),  # the backward pass beside it is right
    "s013": (0, 12, 8, 5),
    "s014": (0, 0, 0, 0),  # tampering earns the points that the code deserves
    "s015": FULL,
    "s016": FULL,
}


def grade(folder):
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(SAMPLES),
        "-o",
        str(folder / "out"),
        "--jobs",
        "2",
    ]
    command += ["--seed", "0", "--no-training"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "shown.txt").write_text(done.stdout, encoding="utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The batch's folder, and what the terminal showed."""
    folder = once(tmp_path_factory, "samples", grade)
    return folder / "out", (folder / "shown.txt").read_text(encoding="utf-8")


def reports(graded):
    return {name: read_report(path) for name, path in newest_reports(graded[0]).items()}


def test_every_sample_has_a_report(graded):
    assert sorted(reports(graded)) == sorted(EXPECTED)


@pytest.mark.parametrize("identity", sorted(EXPECTED))
def test_the_convolution_is_judged_as_it_deserves(graded, identity):
    report = reports(graded)[identity]
    scores = {item.id: item.score for item in report.items}
    assert tuple(scores[name] for name in CONVOLUTION) == pytest.approx(EXPECTED[identity], abs=0.01)


def test_each_lost_point_has_a_reason(graded):
    for report in reports(graded).values():
        for item in report.items:
            for check in item.checks:
                if check.score < check.max_score:
                    assert len(check.message) > 10, (report.submission.id, check.id)


def test_an_endless_loop_says_so_and_costs_only_its_checks(graded):
    report = reports(graded)["s011"]
    items = {item.id: item for item in report.items}
    assert items["conv-forward"].status.value == "timeout"
    assert items["net"].checks[1].status.value == "passed"


def test_the_summary_has_a_row_each(graded):
    rows = list(csv.DictReader((graded[0] / "summary.csv").open(encoding="utf-8-sig")))
    assert [row["submission"] for row in rows] == sorted(EXPECTED)


def test_the_terminal_shows_points_and_reasons(graded):
    shown = graded[1]
    for identity in EXPECTED:
        assert identity in shown


def test_passages_to_read_are_named_apart_from_every_score(graded):
    named = {name: report.integrity for name, report in reports(graded).items() if report.integrity}
    assert sorted(named) == ["s013", "s014"]
    assert [(notice.code, notice.message) for notice in named["s013"]] == [
        ("to-read", "`socket` is imported")
    ]
    tampering = [(notice.code, notice.where) for notice in named["s014"]]
    assert {("to-read", "cell 7, line 145"), ("to-read", "cell 7, line 157")} <= set(tampering)
    count = len(tampering)
    assert f"to read, no verdict (`integrity` in the report): s013 (1), s014 ({count})" in graded[1]
    with (graded[0] / "summary.csv").open(newline="", encoding="utf-8-sig") as file:
        to_read = {row["submission"]: row["to_read"] for row in csv.DictReader(file)}
    assert (to_read["s013"], to_read["s014"], to_read["s001"]) == ("1", str(count), "0")


def test_nothing_is_graded_twice_by_resume(graded):
    command = [sys.executable, "-m", "autograder", "grade", str(SAMPLES), "-o", str(graded[0]), "--resume"]
    before = {p: p.stat().st_mtime_ns for p in report_files([graded[0]])}
    done = subprocess.run([*command, "--no-training"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert {p: p.stat().st_mtime_ns for p in report_files([graded[0]])} == before


def test_reports_validate_and_export(graded, tmp_path):
    files = [str(p) for p in report_files([graded[0]])]
    tool = [sys.executable, "-m", "autograder"]
    valid = subprocess.run([*tool, "validate", *files], capture_output=True, text=True, check=False)
    assert valid.stdout == f"{len(files)} of {len(files)} reports are valid.\n"
    target = tmp_path / "results.json"
    one = str(report_path(graded[0], "s005", 1))
    subprocess.run([*tool, "export", "gradescope", one, "-o", str(target)], check=True, capture_output=True)
    assert json.loads(target.read_text())["tests"]
