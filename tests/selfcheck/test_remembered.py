"""What a check found is remembered as long as nothing changes that decides it, unless it may be chance."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from autograder.assignment import Files, Speed
from autograder.authoring.kinds import CheckKind
from autograder.model import Finding, Status
from autograder.selfcheck import check
from autograder.selfcheck.remembered import MOST, Memory

ROOT = Path(__file__).parents[2]
SPEC = Files(kind="files", id="a")


def finding(status, **more):
    return Finding(check="a", status=status, fraction=0.0, message="m", **more)


def kept(tmp_path, found, spec=SPEC):
    """What is remembered of a finding by whoever comes next."""
    kind = CheckKind(spec=type(spec), run=lambda spec, context: found)
    memory = Memory(tmp_path / "m.json", "key")
    assert memory.remembering({"k": kind})["k"].run(spec, None) is found
    memory.write()
    return Memory(tmp_path / "m.json", "key").before


def test_what_passed_or_failed_is_kept_with_its_pictures(tmp_path):
    found = finding(Status.FAILED, pictures=(b"<svg/>",), metrics={"cases": 3})
    assert kept(tmp_path, found) == {"a": found}
    assert Memory(tmp_path / "m.json", "another").before == {}
    assert (tmp_path / "m.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.ERROR, Status.MANUAL, Status.SKIPPED])
def test_what_the_machine_may_have_caused_is_not_kept(tmp_path, status):
    assert kept(tmp_path, finding(status)) == {}
    assert not (tmp_path / "m.json").exists()


def test_a_speed_that_was_lost_may_be_won_another_time(tmp_path):
    spec = Speed(kind="speed", id="a", question="q", min_ratio=2.0)
    slow = {"forward_speedup": 1.4, "forward_speedup_range": "1 to 2"}
    assert kept(tmp_path, finding(Status.FAILED, metrics=slow), spec) == {}
    wrong = finding(Status.FAILED, metrics={"forward_speedup": 900.0})
    assert kept(tmp_path, wrong, spec) == {"a": wrong}


@pytest.mark.parametrize("content", [b"", b"{}", b'{"key": "key", "findings": 3}', b"\xff"])
def test_a_damaged_file_counts_as_none(tmp_path, content):
    (tmp_path / "m.json").write_bytes(content)
    assert Memory(tmp_path / "m.json", "key").before == {}


def test_a_cache_that_can_not_be_written_to_is_no_error(tmp_path):
    (tmp_path / "file").touch()
    memory = Memory(tmp_path / "file" / "m.json", "key")
    memory.keep(SPEC, finding(Status.PASSED))
    memory.write()


def test_only_the_newest_are_kept(tmp_path):
    for number in range(MOST + 3):
        memory = Memory(tmp_path / f"{number}.json", "key")
        memory.keep(SPEC, finding(Status.PASSED))
        memory.write()
    assert len(list(tmp_path.iterdir())) == MOST


# --- a notebook ----------------------------------------------------------------------------------


@pytest.fixture
def release(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = Path(shutil.copytree(ROOT / "release" / "hw5", tmp_path / "hw5"))
    shutil.copy(ROOT / "tests" / "samples" / "hw5" / "s005" / "HW5.ipynb", folder)
    return folder


def said(found):
    items = msgspec.to_builtins(found.report.items)
    for one in items:
        one.pop("duration")
        for each in one["checks"]:
            each.pop("duration")
    return items


def test_an_unchanged_notebook_is_not_run_again_and_gets_the_same_report(release, monkeypatch):
    path = release / "HW5.ipynb"
    began = []
    monkeypatch.setattr(subprocess, "Popen", recording(subprocess.Popen, began))
    first = check(path, "conv-forward")
    assert began
    began.clear()
    again = check(path, "conv-forward")
    assert began == []
    assert said(again) == said(first)
    assert again.pictures == first.pictures != {}
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    check(path, "conv-forward")
    assert began


def test_changed_support_code_is_judged_again(release, monkeypatch):
    path = release / "HW5.ipynb"
    check(path, "conv-forward")
    with (release / "HW5_code" / "layers.py").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    began = []
    monkeypatch.setattr(subprocess, "Popen", recording(subprocess.Popen, began))
    check(path, "conv-forward")
    assert began


def recording(real, began):
    """Popen itself, which notes what it starts."""

    class Recording(real):
        def __init__(self, *arguments, **more):
            began.append(arguments)
            super().__init__(*arguments, **more)

    return Recording


def test_a_cache_that_was_deleted_or_filled_by_others_changes_nothing(release, tmp_path):
    command = [sys.executable, "-m", "autograder", "check", "--item", "run-order", "--json"]
    run = lambda: json.loads(subprocess.run(command, cwd=release, capture_output=True, check=False).stdout)  # noqa: E731
    first = run()
    (file,) = (tmp_path / "cache" / "autograder" / "self-check").iterdir()
    file.write_bytes(b"not ours")
    assert run()["items"][0]["message"] == first["items"][0]["message"]
    shutil.rmtree(tmp_path / "cache")
    assert run()["items"][0]["message"] == first["items"][0]["message"]
