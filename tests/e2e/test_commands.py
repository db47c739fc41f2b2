"""The command line as its users meet it: statuses, messages, interruptions."""

import csv
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_course import CODE

from autograder.cli import COMMANDS
from autograder.report import newest_reports, read_report, report_path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples" / "hw5"
# Long enough for an interrupt to come between two submissions.
SLOW = CODE.replace("    return", "    __import__('time').sleep(0.3)\n    return")
TOOL = [sys.executable, "-m", "autograder"]


def run(*arguments, cwd=ROOT, **environment):
    command = [*TOOL, *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A release as a student unpacks it."""
    folder = tmp_path_factory.mktemp("student") / "hw5"
    shutil.copytree(ROOT / "release" / "hw5", folder)
    return folder


def test_help_lists_every_command():
    shown = run("--help").stdout
    for name in COMMANDS:
        assert name in shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_is_documented(name):
    done = run(name, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 3
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"autograder {name}" in page.read_text() for page in pages)


# --- grading: statuses ---------------------------------------------------------------------------


def grade(folder, output, *more, cwd=ROOT, **environment):
    return run("grade", folder, "-o", output, "--no-training", *more, cwd=cwd, **environment)


@pytest.fixture
def graded(small_course):
    """A function that grades submissions of the small course."""
    return functools.partial(grade, cwd=small_course)


def test_an_ungradable_submission_has_a_report_and_the_rest_goes_on(tmp_path, graded, hand_in):
    inbox = tmp_path / "inbox"
    hand_in(inbox / "s001/lab6.ipynb").write_text("this is no notebook")
    hand_in(inbox / "s002/lab6.ipynb")
    done = graded(inbox, tmp_path / "out")
    assert done.returncode == 1
    first, second = (read_report(report_path(tmp_path / "out", n, 1)) for n in ("s001", "s002"))
    assert (first.outcome.value, first.score) == ("ungradable", None)
    assert "JSON" in first.message
    assert (second.outcome.value, second.score.final) == ("graded", 10)
    assert "s001: ungradable:" in done.stderr


@pytest.fixture
def a_class(tmp_path, hand_in):
    """A function that makes the folder of a class, with each learner's file."""

    def make(**learners):
        for who, name in learners.items():
            hand_in(tmp_path / "inbox" / who / name)
        return tmp_path / "inbox"

    return make


def test_a_dry_run_lists_learners_files_and_times_and_writes_nothing(tmp_path, a_class, small_course):
    inbox = a_class(s001="lab6.ipynb", s002="lab6.ipynb.json")
    (inbox / "grades.csv").write_text("")
    (inbox / "s003").mkdir()
    done = run("grade", inbox, "-o", tmp_path / "out", "--dry-run", cwd=small_course, COLUMNS="200")
    assert done.returncode == 1
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "lab6.ipynb" in rows["s001"]
    assert "was read as a notebook" in rows["s002"]
    assert "There are no files in it" in rows["s003"]
    assert time.strftime("%Y-", time.gmtime()) in rows["s001"]
    assert "3 submissions, 1 left out\n  left out: grades.csv: is not a submission.\n" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_roster_names_who_handed_in_nothing(tmp_path, a_class, graded):
    inbox = a_class(s001="lab6.ipynb", s009="lab6.ipynb")
    (tmp_path / "class.csv").write_text("id,name\ns001,One\ns002,Two\n")
    done = graded(inbox, tmp_path / "out", "--roster", tmp_path / "class.csv")
    assert done.returncode == 0
    assert "1 of 2 on the roster handed in nothing: s002" in done.stderr
    assert "1 not on the roster: s009" in done.stderr
    one, other = (json.loads(path.read_text()) for path in sorted((tmp_path / "out/reports").rglob("*.json")))
    assert (one["learner"]["ids"], other["learner"]["ids"]) == (["s001", "One"], [])
    assert re.fullmatch("[0-9a-f]{16}", one["run_id"])
    assert one["run_id"] == other["run_id"]
    rows = (tmp_path / "out/summary.csv").read_text(encoding="utf-8-sig").splitlines()
    about = [(row.split(",")[0], row.split(",")[5]) for row in rows[1:]]
    assert about == [("s001", "graded"), ("s009", "graded"), ("s002", "not_submitted")]


def test_the_summary_is_of_all_reports_in_the_folder(a_class, graded):
    inbox = a_class(s001="lab6.ipynb", s002="lab6.ipynb")
    assert graded(inbox, inbox / "reports").returncode == 0
    again = graded(inbox / "s002", inbox / "reports")
    assert again.returncode == 0
    rows = (inbox / "reports/summary.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in rows] == ["learner", "s001", "s002"]
    (inbox / "reports/reports/broken").mkdir()
    (inbox / "reports/reports/broken/1.json").write_text("{")
    whole = graded(inbox, inbox / "reports", "--resume")
    assert whole.returncode == 0
    assert "2 submissions, 1 left out" in whole.stderr
    assert "broken/1.json: is not JSON" in whole.stderr
    checked = run("validate", inbox / "reports")
    assert (checked.returncode, "2 of 3 reports are valid." in checked.stdout) == (1, True)
    assert "no reports (*.json) there" in run("validate", inbox / "s001").stderr


def test_a_second_hand_in_is_a_second_attempt_and_the_summary_has_the_newest(
    tmp_path, a_class, graded, hand_in
):
    inbox, output = a_class(s001="lab6.ipynb", s002="lab6.ipynb"), tmp_path / "out"
    (tmp_path / "class.csv").write_text("s001\ns002\ns003\n")
    assert graded(inbox, output).returncode == 0
    hand_in(inbox / "s001/lab6.ipynb", None)
    assert graded(inbox / "s001", output, "--roster", tmp_path / "class.csv").returncode == 0
    rows = list(csv.DictReader((output / "summary.csv").open(encoding="utf-8-sig")))
    assert [(row["learner"], row["attempt"], row["final"], row["outcome"]) for row in rows] == [
        ("s001", "2", "0", "graded"),
        ("s002", "1", "10", "graded"),
        ("s003", "", "", "not_submitted"),
    ]
    exported = run("export", "csv", output).stdout
    assert [row.split(",")[1:3] for row in exported.splitlines()[1:]] == [["s001", "2"], ["s002", "1"]]
    exported = run("export", "csv", output, "--all-attempts").stdout
    assert [row.split(",")[2] for row in exported.splitlines()[1:]] == ["1", "2", "1"]
    run("export", "gradescope", output, "--all-attempts", "-o", tmp_path / "all")
    written = [str(path.relative_to(tmp_path / "all")) for path in (tmp_path / "all").rglob("*.json")]
    assert sorted(written) == [f"{name}/results.json" for name in ("s001/1", "s001/2", "s002/1")]
    hand_in(inbox / "s001/lab6.ipynb")
    again = graded(inbox / "s001", output)
    assert "s001: these are the files of attempt 1; 2 is the newest" in again.stderr


def test_old_reports_are_upgraded_where_it_is_asked_for(tmp_path):
    old = tmp_path / "reports" / "s009.json"
    old.parent.mkdir()
    shutil.copy(ROOT / "tests/report/report-1.1.json", old)
    assert run("validate", tmp_path).stdout == "1 of 1 reports are valid.\n"
    assert json.loads(old.read_text())["schema_version"] == "1.1"
    said = "1 of 1 reports are valid.\n{} were written anew.\n"
    assert run("validate", "--upgrade", tmp_path).stdout == said.format(1)
    assert json.loads(old.read_text())["schema_version"] == "2.1"
    assert run("validate", "--upgrade", tmp_path).stdout == said.format(0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "nowhere-at-all"], "nowhere-at-all"),
        (["grade"], "Missing argument"),
        (["grade", "x", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["grade", "tests/samples", "--assignment", "hw9"], "has no assignment `hw9`"),
        (["export", "fax", "README.md"], "no format `fax`"),
        (["export", "csv", "docs"], ""),
        (["release", "hw9"], "has no assignment `hw9`"),
        (["check", "nowhere.ipynb"], "check/assignment.toml"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_usage_is_status_2_with_a_message_and_no_traceback(arguments, says):
    done = run(*arguments)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


# The command in a process that may make no user namespace, as in many containers.
NO_NAMESPACES = """
import errno, sys
import pyseccomp
refused = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
for name in ("clone", "unshare"):
    new_user = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 1 << 28, 1 << 28)
    refused.add_rule(pyseccomp.ERRNO(errno.EPERM), name, new_user)
refused.load()
from autograder.cli import main
main()
"""


def test_no_sandbox_is_status_3_and_nothing_runs(tmp_path):
    arguments = ["grade", str(SAMPLES / "s009"), "-o", str(tmp_path / "out"), "--no-training"]
    command = [sys.executable, "-c", NO_NAMESPACES, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "error:" in done.stderr
    assert not (tmp_path / "out" / "reports").exists()


def test_a_loss_that_is_no_number_costs_its_item_and_no_other_submission(tmp_path):
    inbox, output = tmp_path / "inbox", tmp_path / "out"
    losses = {
        "s001": "float('nan')",
        "s002": "float('inf')",
        "s003": "loss if W1.shape[0] == 32 else float('nan')",
        "s004": "loss",
    }
    for name, loss in losses.items():
        shutil.copytree(SAMPLES / "s001", inbox / name)
        notebook = inbox / name / "HW5.ipynb"
        source = notebook.read_text(encoding="utf-8")
        assert source.count("return loss, grads") == 1
        notebook.write_text(source.replace("return loss, grads", f"return {loss}, grads"), encoding="utf-8")
    done = grade(inbox, output, "--jobs", "2")
    assert done.returncode == 0, done.stderr
    *spoilt, right = (read_report(report_path(output, name, 1)) for name in losses)
    wanted = {item.id: item.score for item in right.items if item.id != "net"}
    for report in spoilt:
        assert {item.id: item.score for item in report.items if item.id != "net"} == wanted
        (net,) = (item for item in report.items if item.id == "net")
        assert {check.id: check.score for check in net.checks}["net-gradients"] == 0


def test_the_output_of_the_code_is_in_the_first_lost_check(tmp_path):
    shutil.copytree(SAMPLES / "s005", tmp_path / "inbox" / "s001")
    notebook = tmp_path / "inbox/s001/HW5.ipynb"
    text = notebook.read_text(encoding="utf-8")
    assert text.count("    cache = (x, w, b, conv_param)") == 1
    said = text.replace(
        "    cache = (x, w, b, conv_param)", "    print('images:', x.shape); cache = (x, w, b, conv_param)"
    )
    notebook.write_text(said, encoding="utf-8")
    assert grade(tmp_path / "inbox", tmp_path / "out").returncode == 0
    report = read_report(tmp_path / "out/reports/s001/1.json")
    printed = {c.id: c.output.text for item in report.items for c in item.checks if c.output is not None}
    assert printed["forward-notebook"].startswith("images: (2, 3, 4, 4)\n")
    # one check for each question with a wrong answer, and each text once
    assert list(printed) == [
        "forward-notebook",
        "forward-basic",
        "forward-integers",
        "forward-again",
    ]


def seeds(output):
    return {name: read_report(path).grader.seed for name, path in newest_reports(output).items()}


def test_a_seed_is_drawn_for_each_batch_and_a_resumed_one_goes_on_with_its_own(tmp_path, a_class, graded):
    inbox, output = a_class(s009="lab6.ipynb", s010="lab6.ipynb"), tmp_path / "out"
    assert graded(inbox, output).returncode == 0
    (first,) = set(seeds(output).values())
    report_path(output, "s010", 1).unlink()
    kept = report_path(output, "s009", 1).stat().st_mtime_ns
    assert graded(inbox, output, "--resume").returncode == 0
    assert seeds(output) == {"s009": first, "s010": first}
    assert report_path(output, "s009", 1).stat().st_mtime_ns == kept
    assert graded(inbox, output).returncode == 0
    (second,) = set(seeds(output).values())
    assert second != first
    assert graded(inbox, output, "--resume", "--seed", str(first)).returncode == 0
    assert seeds(output) == {"s009": first, "s010": first}


def test_an_interrupted_batch_keeps_what_is_done(tmp_path, graded, hand_in, small_course):
    inbox, output = tmp_path / "inbox", tmp_path / "out"
    for name in ("s001", "s005", "s006", "s009", "s010"):
        hand_in(inbox / name / "lab6.ipynb", SLOW)
    # a shell has its background processes ignore interrupts
    command = ["env", "--default-signal=INT", *TOOL, "grade", str(inbox), "-o", str(output), "--no-training"]
    process = subprocess.Popen(
        command,
        cwd=small_course,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not newest_reports(output):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    kept = {p: p.read_bytes() for p in newest_reports(output).values()}
    for path in kept:
        read_report(path)
    done = graded(inbox, output, "--resume", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert sorted(newest_reports(output)) == sorted(p.name for p in inbox.iterdir())
    assert all(path.read_bytes() == before for path, before in kept.items())
    assert not list(output.rglob(".*.json*"))


# --- the student's side --------------------------------------------------------------------------


def test_a_check_of_the_untouched_release_lists_the_work_to_do(release):
    done = run("check", cwd=release)
    assert done.returncode == 1
    assert "parts need work" in done.stdout
    assert "hidden ones remain" not in done.stdout


def test_a_solved_notebook_passes_and_is_told_of_hidden_checks(release):
    for name in ("HW5.ipynb", "HW5.pdf"):
        shutil.copy(SAMPLES / "s001" / name, release / name)
    done = run("check", cwd=release)
    assert "visible checks passed; hidden ones remain" in done.stdout, done.stdout
    assert done.returncode == 0
    as_json = json.loads(run("check", "--json", cwd=release).stdout)
    assert as_json["schema_version"] == "2.1"


def test_it_checks_from_within_a_notebook(release):
    code = "import autograder; autograder.check()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=release, capture_output=True, text=True, check=False
    )
    assert "Convolution, forward pass" in done.stdout
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "docs", capture_output=True, text=True, check=False
    )
    assert "unpacked homework folder" in elsewhere.stdout


def test_doctor_says_what_works():
    done = run("doctor")
    assert done.returncode == 0
    for part in ("python", "sandbox", "fast layers", "data", "release"):
        assert part in done.stdout


def test_doctor_names_a_broken_assignment(tmp_path):
    (tmp_path / "source" / "hw5").mkdir(parents=True)
    (tmp_path / "source" / "hw5" / "assignment.toml").write_text("id = ")
    done = run("doctor", "--course", tmp_path)
    assert "not valid TOML" in done.stdout


def test_the_committed_release_is_not_stale(tmp_path):
    # files that this machine has built do not count
    ignore = shutil.ignore_patterns("__pycache__", "*.so", "build", "*.whl", "*.zip", "SHA256SUMS")
    for name in ("source", "reference", "ext", "release"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    for name in ("nbgrader_config.py", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    done = run("release", "hw5", "--check", "--course", tmp_path)
    assert done.returncode == 0, done.stderr


def test_too_small_a_budget_of_images_leaves_the_training_open(tmp_path):
    arguments = [SAMPLES / "s001", "-o", tmp_path / "out", "--training-images", "400"]
    done = run("grade", *arguments)
    assert done.returncode == 0, done.stderr
    report = read_report(tmp_path / "out/reports/s001/1.json")
    (training,) = (item for item in report.items if item.id == "training")
    assert (training.status.value, training.score) == ("skipped", None)
    assert "Grade with more training images." in training.checks[0].message
    assert report.score.pending >= training.max_score
    assert report.outcome.value == "partial"
    assert report.message.endswith(f", {training.max_score:g} not judged.")
