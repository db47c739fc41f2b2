"""A short `tools/measure soak`, and each fault that it looks for."""

import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from bench import soak as soaking
from bench.soak import (
    Plan,
    Usage,
    compare,
    growth,
    moments,
    soak,
    without_slow_checks,
)

from autograder.course import find_course
from autograder.errors import SandboxError, UsageError
from autograder.report import report_path
from autograder.sandbox import Policy, self_test

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests/samples/hw5"
HOSTILE = Path(__file__).parent / "hostile"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


def plan(**options):
    samples = tuple(SAMPLES / name for name in ("s001", "s002", "s006", "s010", "s003", "s015"))
    return Plan(**{"root": ROOT, "samples": samples, "hostile": HOSTILE, **options})


@pytest.fixture(scope="module")
def walls():
    try:
        self_test(Policy())
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error.message}")


@pytest.mark.slow
def test_graders_that_are_killed_end_with_the_reports_of_one_that_was_not(walls):
    said = []
    done = soak(plan(count=5, hostile_every=5, kills=2, seed=6), said.append)
    assert done.wrong == ()
    assert sum("killed" in line for line in said) == 2
    assert done.files[0] > 10


KILLED_AT_ONCE = """
import os, signal, sys
sys.path.insert(0, {root!r})
from autograder.sandbox import Policy, box, open_session
box.Box._wait_until_ready = lambda self: os.kill(os.getpid(), signal.SIGKILL)
open_session(Policy()).__enter__()
"""


def test_a_grader_that_is_killed_while_a_sandbox_starts_leaves_none(walls):
    command = [sys.executable, "-c", KILLED_AT_ONCE.format(root=str(ROOT))]
    with soaking._adopting_orphans():
        for _ in range(5):
            killed = subprocess.run(command, check=False, capture_output=True)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        until = time.monotonic() + 20
        while soaking._running() and time.monotonic() < until:
            soaking._reap()
            time.sleep(0.05)
        left = soaking._running()
        for child in soaking._children():
            child.kill()
    assert left == []


def test_submissions_are_mixed_and_a_tenth_is_hostile(tmp_path):
    course = find_course(ROOT)
    soaking.make_submissions(plan(count=42), course, tmp_path)
    assert len(list(tmp_path.iterdir())) == 42
    assert len(list(tmp_path.glob("*.zip"))) == 42 // soaking.ZIPPED_EVERY
    changed = 0
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        sample = plan().samples[number % 6] / "HW5.ipynb"
        if path.suffix == ".zip":
            notebook = zipfile.ZipFile(path).read("HW5.ipynb")
        else:
            notebook = (path / "HW5.ipynb").read_bytes()
        changed += notebook != sample.read_bytes()
    assert changed == 4


def test_every_attack_is_used(tmp_path):
    attacks = [path for path in HOSTILE.iterdir() if path.suffix in (".py", ".ipynb")]
    orders = [soaking.attacks(plan(seed=seed)) for seed in (1, 2)]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(attacks)
    assert orders[0] != orders[1]


@pytest.mark.parametrize("missing", ["samples", "hostile"])
def test_nothing_to_make_submissions_of(tmp_path, missing):
    empty = {"samples": (), "hostile": tmp_path}
    with pytest.raises(UsageError, match="nothing to make submissions of"):
        soaking.make_submissions(plan(**{missing: empty[missing]}), find_course(ROOT), tmp_path / "made")


def test_the_command_says_what_is_missing(tmp_path):
    command = [sys.executable, str(ROOT / "tools/measure"), "soak", "--course", str(ROOT)]
    places = ["--samples", str(tmp_path), "--hostile", str(HOSTILE), "--count", "1", "--kills", "0"]
    done = subprocess.run([*command, *places], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no sample was named: nothing to make submissions of" in done.stderr


def test_a_calm_run_that_fails_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(soaking.sys, "executable", "/bin/false")
    run = soaking._Run(plan(), tmp_path)
    # 1 is also the status of a batch with a submission that could not be graded: the comparison sees the rest
    monkeypatch.setattr(soaking, "ENDED_WELL", (0,))
    with pytest.raises(UsageError, match="the undisturbed run ended with 1"):
        run.in_peace()


def test_moments_are_drawn_by_turns_from_the_seed():
    drawn = moments(plan(kills=5, seed=7))
    assert drawn == moments(plan(kills=5, seed=7)) != moments(plan(kills=5, seed=8))
    assert [bool(moment.graded) for moment in drawn] == [True, False, True, False, True]
    assert [moment.graded for moment in drawn][::2] == sorted(moment.graded for moment in drawn[::2])
    assert str(drawn[0]).startswith("when ")
    assert str(drawn[1]).startswith("after ")


def test_only_slow_checks_are_left_out():
    table = {
        "limits": {"default": {"memory_mb": 7}},
        "items": [
            {"id": "a", "checks": [{"kind": "outputs"}, {"kind": "speed"}]},
            {"id": "b", "checks": [{"kind": "training"}]},
        ],
    }
    quick = without_slow_checks(table)
    assert quick["items"] == [
        {"id": "a", "checks": [{"kind": "outputs"}]},
        {"id": "b", "checks": [{"kind": "files", "id": "b-files"}]},
    ]
    assert quick["limits"]["default"] == {"memory_mb": 7, "cpu_seconds": 2}
    assert table["limits"]["default"] == {"memory_mb": 7}


# --- what is wrong is seen ----------------------------------------------------------------------------


def report(**changes):
    return {
        "outcome": "graded",
        "message": "",
        "generated_at": "1",
        "items": [{"id": "a", "duration": 1}],
        **changes,
    }


@pytest.fixture
def runs(tmp_path):
    def make(calm, disturbed):
        for kind, reports in {"calm": calm, "disturbed": disturbed}.items():
            for name, content in reports.items():
                path = report_path(tmp_path / kind, name, 1)
                path.parent.mkdir(parents=True)
                path.write_text(json.dumps(content))
        return tmp_path / "calm", tmp_path / "disturbed"

    return make


def test_reports_that_differ_in_their_times_only_are_equal(runs):
    other = report(generated_at="2", items=[{"id": "a", "duration": 2}])
    assert list(compare(*runs({"n": report()}, {"n": other}), ["n"])) == []


@pytest.mark.parametrize(
    ("disturbed", "said"),
    [
        ({}, "disturbed: no reports/n/1.json"),
        ({"n": report(message="x")}, "n: the reports differ in message"),
        ({"n": report(), "m": report()}, "disturbed: reports/m/1.json belongs to no submission"),
        ({"n": report(outcome="grader_error", message="no")}, "n: the grader failed: no"),
    ],
)
def test_differences_are_reported(runs, disturbed, said):
    assert said in list(compare(*runs({"n": report()}, disturbed), ["n"]))


def test_an_extra_file_is_reported(runs):
    calm, disturbed = runs({"n": report()}, {"n": report()})
    (disturbed / "reports/n/.1.json.x.half").touch()
    assert list(compare(calm, disturbed, ["n"])) == [
        "reports/n/.1.json.x.half: is in only one of the two runs"
    ]


def test_growth_is_reported():
    flat = [Usage(memory=100, files=10)] * 40
    assert list(growth(flat)) == []
    more_memory, more_files = Usage(memory=150, files=10), Usage(memory=100, files=20)
    assert "memory grew: 100 MB" in next(growth(flat[:30] + [more_memory] * 10))
    assert "open files grew: 10 in" in next(growth(flat[:30] + [more_files] * 10))
    assert list(growth([])) == []


def test_orphans_files_and_mounts_that_are_left_are_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(soaking, "SETTLE_SECONDS", 0.2)
    run = soaking._Run(plan(), tmp_path)
    with soaking._adopting_orphans():
        # its parent ends at once, so this process adopts it
        subprocess.run(["sh", "-c", "sleep 31 & exit 0"], check=True, stdout=subprocess.DEVNULL)
        (tmp_path / "temporary" / "left").touch()
        found = run.left()
        assert "left running: sleep 31" in found
        assert f"left: {tmp_path / 'temporary' / 'left'}" in found
        for child in soaking._children():
            child.kill()
        (tmp_path / "temporary" / "left").unlink()
        until = time.monotonic() + 10
        while run.left() and time.monotonic() < until:
            time.sleep(0.05)
        assert run.left() == []
