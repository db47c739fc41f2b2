"""The examples for several machines and for every night, as docs/clusters.md gives them."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from autograder.cli import cli
from autograder.cli.grade import command as grade
from autograder.errors import SandboxError
from autograder.report import newest_reports
from autograder.sandbox import Policy, self_test

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/clusters.md"
EXAMPLES = ROOT / "docs/clusters"
LEARNERS = ("s001", "s002", "s003", "s004", "s005")

# Puts the profile's filter on this process, then tests the sandbox as `autograder doctor` does.
UNDER_THE_PROFILE = """
import json, sys
import pyseccomp
from autograder.sandbox import Policy, self_test

profile = json.loads(open(sys.argv[1]).read())
assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
wall = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
for rule in profile["syscalls"]:
    for name in rule["names"]:
        try:
            wall.add_rule(pyseccomp.ERRNO(rule["errnoRet"]), name)
        except (RuntimeError, OSError):
            pass  # this machine's architecture has no such call
wall.load()
print(self_test(Policy()).kind)
"""


def commands(title):
    """The commands below a title of the page."""
    (block,) = re.search(rf"### {title}\n+```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S).groups()
    return block


def test_gnu_parallel_grades_the_shards_of_a_class(tmp_path, small_course, hand_in):
    if shutil.which("parallel") is None:
        pytest.skip("GNU parallel is not installed")
    for learner in LEARNERS:
        hand_in(tmp_path / "inbox" / learner / "lab6.ipynb")
    course = shlex.quote(str(small_course))
    script = commands("GNU parallel").replace("submissions.zip", f"inbox --course {course}")
    assert script.count("inbox") == 1
    script = script.replace("$(seq 8)", "$(seq 2)").replace("{}/8", "{}/2")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(newest_reports(tmp_path / "reports")) == sorted(LEARNERS)
    assert (tmp_path / "reports/summary.csv").read_text().count("\n") == 1 + len(LEARNERS)


def grade_commands():
    """The calls of `autograder grade` in the page and in the examples, by place."""
    manifest = yaml.safe_load((EXAMPLES / "kubernetes.yaml").read_text(encoding="utf-8"))
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*[!n]"))}
    texts["kubernetes.yaml"] = container["command"][-1].partition(" || ")[0]
    texts["clusters.md"] = PAGE.read_text(encoding="utf-8")
    for name, text in texts.items():
        for call in re.findall(
            r"autograder grade (.*-o.*?)(?:#|2>>|:::|\n\n|$)", text.replace("\\\n", ""), re.M
        ):
            yield pytest.param(call, id=f"{name}: {call[:30].strip()}")


@pytest.mark.parametrize("call", list(grade_commands()))
def test_every_call_has_options_that_there_are(call):
    known = {name for option in grade.params for name in option.opts}
    used = {word for word in shlex.split(call) if word.startswith("-") and word != "-"}
    assert used <= known
    assert "-o" in used


def test_the_page_names_commands_that_there_are():
    named = set(re.findall(r"autograder ([a-z]+)\b", PAGE.read_text(encoding="utf-8")))
    assert {"grade", "merge", "status"} <= named <= set(cli.list_commands(None))


def test_slurm_s_script_is_sound():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", EXAMPLES / "slurm.sh"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_slurm_s_script_grades_the_task_s_shard(tmp_path):
    """A stand-in for the command prints what it was called with; Slurm itself is not here."""
    command = tmp_path / ".venv/bin/autograder"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\nprintf "%s " "$@"\n')
    command.chmod(0o755)
    task = {"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8", "SLURM_SUBMIT_DIR": str(tmp_path)}
    done = subprocess.run(
        ["bash", EXAMPLES / "slurm.sh", "inbox.zip", "4711"],
        env={**os.environ, **task},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == shlex.split(
        "grade inbox.zip -o shards/3 --jobs 2 --resume --shard 3/8 --seed 4711"
    )


def test_the_sandbox_stands_under_the_profile():
    try:
        self_test(Policy())
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error.message}")
    done = subprocess.run(
        [sys.executable, "-c", UNDER_THE_PROFILE, EXAMPLES / "seccomp.json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "bubblewrap" in done.stdout


def test_the_profile_names_each_call_once():
    (rule,) = json.loads((EXAMPLES / "seccomp.json").read_text())["syscalls"]
    assert len(set(rule["names"])) == len(rule["names"])


def test_systemd_takes_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for unit in EXAMPLES.glob("autograder-nightly.*"):
        text = unit.read_text(encoding="utf-8").replace("/srv/course/.venv/bin/autograder", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.glob("*.timer")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
