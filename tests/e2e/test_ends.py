"""Every command ends with a sentence: on full and read-only disks, closed pipes, plain terminals."""

import errno
import os
import re
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.cli import COMMANDS
from autograder.cli.ends import as_usage_error

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples" / "hw5"
SAMPLE = str(SAMPLES / "s009")
# The arguments of each command; OUT stands for a folder that it may write to, SMALL for a small course.
ARGUMENTS = {
    "check": [f"{ROOT}/release/hw5/HW5.ipynb"],
    "dashboard": ["--db", "sqlite:///OUT/g.sqlite3", "-o", "OUT/class.html"],
    "data": ["where"],
    "doctor": [],
    "export": ["csv", "OUT/reports"],
    "feedback": ["OUT/reports", "-o", "OUT/pages"],
    "freeze": ["hw5"],
    "grade": [SAMPLE, "--dry-run"],
    "gradebook": ["grades", "--db", "sqlite:///OUT/g.sqlite3"],
    "merge": ["OUT/course", "-o", "OUT/all"],
    "new": ["hw7", "--course", "OUT/course"],
    "review": ["--db", "sqlite:///OUT/g.sqlite3", "--no-browser"],
    "release": ["lab6", "--check", "--course", "SMALL"],
    "show": ["OUT/reports"],
    "send": ["ours", "OUT/reports", "--course", "OUT/course", "--dry-run"],
    "sign": ["--new-key", "OUT/key"],
    "similarity": [SAMPLE, str(SAMPLES / "s008"), "-o", "OUT/page.html"],
    "status": ["OUT"],
    "validate": ["OUT/reports"],
    "verify": ["OUT/reports", "--key", "OUT/none.pub"],
}


# Runs a command in a mount namespace in which a folder is read-only.
READ_ONLY = [
    *("unshare", "--mount", "sh", "-c"),
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$PWD" && exec "$@"',
]


@pytest.fixture(scope="session")
def read_only_disks():
    """Skip where nothing can be made read-only for root, whom no rights of files hold."""
    try:
        done = subprocess.run([*READ_ONLY, "/", "true"], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no `unshare` here")
    if done.returncode:
        pytest.skip(f"this user can't make a read-only mount: {done.stderr.strip()}")


@pytest.fixture(autouse=True)
def _with_a_small_course(small_course, monkeypatch):
    words = [word.replace("SMALL", str(small_course)) for word in ARGUMENTS["release"]]
    monkeypatch.setitem(ARGUMENTS, "release", words)


def run(name, folder, before=(), **more):
    (folder / "reports").mkdir(parents=True, exist_ok=True)
    (folder / "reports" / "a.json").write_text("{}")
    (folder / "course" / "source").mkdir(parents=True, exist_ok=True)
    words = [word.replace("OUT", str(folder)) for word in ARGUMENTS[name]]
    command = [*before, sys.executable, "-m", "autograder", name, *words]
    given = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "cwd": ROOT,
        "timeout": 300,
    }
    return subprocess.run(command, check=False, **(given | more))


def without_files():
    """From here on no file may grow, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def require_a_sentence(done):
    said = (done.stderr or b"").decode()
    assert "Traceback" not in said
    assert done.returncode in (0, 1, 2, 3), said
    return said


def test_all_commands_are_walked():
    assert sorted(ARGUMENTS) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_output_on_a_full_disk_is_a_sentence(tmp_path, name):
    with Path("/dev/full").open("wb") as full:
        said = require_a_sentence(run(name, tmp_path, stdout=full))
    if said.startswith("error: The system:"):
        assert "No space left on device" in said
        assert "make room" in said


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_closed_pipe_is_no_error(tmp_path, name):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        require_a_sentence(run(name, tmp_path, stdout=writing))
    finally:
        os.close(writing)


@pytest.mark.parametrize("name", ["new", "sign", "similarity"])
def test_a_command_that_can_not_write_says_so_and_leaves_no_half_file(tmp_path, name):
    done = run(name, tmp_path, preexec_fn=without_files)
    said = require_a_sentence(done)
    assert done.returncode == 2
    assert "error: " in said
    assert [path.name for path in tmp_path.rglob("*.half")] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_machine_whose_disk_is_read_only_is_a_sentence(tmp_path, name, read_only_disks):
    done = run(name, tmp_path, before=[*READ_ONLY, "/"])
    said = require_a_sentence(done)
    if done.returncode == 2:
        assert said.startswith(("error: ", "Usage: "))


@pytest.mark.parametrize("name", ["grade", "new", "similarity"])
def test_a_place_that_is_read_only_is_named(tmp_path, name, read_only_disks, monkeypatch):
    monkeypatch.setitem(ARGUMENTS, "grade", [SAMPLE, "-o", "OUT/reports", "--no-training"])
    done = run(name, tmp_path, before=[*READ_ONLY, str(tmp_path)])
    said = require_a_sentence(done)
    assert done.returncode == 2
    assert "Read-only file system" in said
    assert str(tmp_path) in said


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_terminal_without_unicode_gets_plain_characters(tmp_path, name, encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = run(name, tmp_path, env=environment)
    require_a_sentence(done)
    for text in (done.stdout, done.stderr):
        assert re.search(r"\\[ux][0-9a-f]{2}", text.decode(encoding)) is None
    if name == "check":
        assert done.stderr == b""
        assert b"conv-forward" in done.stdout


def test_reports_are_for_their_owner_alone(tmp_path, small_course, hand_in):
    output, inbox = tmp_path / "out", hand_in(tmp_path / "inbox/s001/lab6.ipynb").parents[1]
    command = [sys.executable, "-m", "autograder", "grade", str(inbox), "-o", str(output)]
    subprocess.run(command, cwd=small_course, check=True, capture_output=True)
    assert stat.S_IMODE(output.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in output.rglob("*") if path.is_file()}
    assert set(modes) >= {"1.json", "summary.csv", "ledger.sqlite3", ".lock"}
    assert set(modes.values()) == {0o600}
    with sqlite3.connect(output / "ledger.sqlite3") as ledger:
        ledger.execute("PRAGMA locking_mode=EXCLUSIVE")
        ledger.execute("BEGIN EXCLUSIVE")
        again = subprocess.run(command, cwd=small_course, check=False, capture_output=True, text=True)
    assert again.returncode == 2
    assert "can't be used now: database is locked" in again.stderr
    assert "Move it away" not in again.stderr
    shutil.rmtree(output)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.csv"), "a.csv: No space left on device"),
        (OSError(errno.EROFS, "Read-only file system", b"b.csv"), "b.csv: Read-only file system"),
        (PermissionError(errno.EACCES, "Permission denied", "c"), "c: Permission denied"),
        (OSError("odd"), "The system: odd"),
        (sqlite3.OperationalError("database is locked"), "the database can't be used: database is locked"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "a text can't be read or written:"),
    ],
)
def test_an_error_of_the_system_names_its_file(error, says):
    assert as_usage_error(error).message.startswith(says)
