"""Folders and half-written files of processes that were killed are removed by the next; others' are left."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.data.places import made_once
from autograder.execution.tempdirs import PREFIX, TempDir, lock_folder
from autograder.files import HALF, sweep_halves, write_atomically

pytest.importorskip("fcntl")

MAKER = """
import sys, tempfile, time
from pathlib import Path
tempfile.tempdir = sys.argv[1]
from autograder.execution.tempdirs import TempDir
made = TempDir()
Path(made.name, "inside").write_text("x")
print(made.name, flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_there_until_it_is_cleaned_up(temporary):
    made = TempDir()
    Path(made.name, "file").write_text("x")
    other = TempDir()
    assert Path(made.name, "file").exists()
    made.cleanup()
    made.cleanup()
    assert names(temporary) == [Path(other.name).name]
    other.cleanup()


def test_a_killed_maker_s_folder_is_removed_by_the_next(temporary):
    with subprocess.Popen([sys.executable, "-c", MAKER, str(temporary)], stdout=subprocess.PIPE) as maker:
        left = Path(maker.stdout.readline().decode().strip())
        TempDir().cleanup()
        assert (left / "inside").exists()
        maker.send_signal(signal.SIGKILL)
        maker.wait()
    assert left.exists()
    TempDir().cleanup()
    assert names(temporary) == []


def test_what_only_looks_like_one_is_left(temporary):
    (temporary / "elsewhere").mkdir()
    (temporary / "elsewhere" / "file").write_text("x")
    (temporary / f"{PREFIX}link").symlink_to(temporary / "elsewhere")
    (temporary / f"{PREFIX}file").write_text("x")
    TempDir().cleanup()
    assert names(temporary) == [f"{PREFIX}file", f"{PREFIX}link", "elsewhere"]
    assert names(temporary / "elsewhere") == ["file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_user_s_folder_is_left(temporary):
    other = temporary / f"{PREFIX}other"
    other.mkdir()
    os.chown(other, 12345, 12345)
    TempDir().cleanup()
    assert other.exists()


def test_a_lock_is_one_s_own_and_ends_with_its_descriptor(tmp_path):
    first = lock_folder(tmp_path)
    assert first >= 0
    assert lock_folder(tmp_path) is None
    os.close(first)
    os.close(lock_folder(tmp_path))
    assert lock_folder(tmp_path / "missing") is None


def test_without_locks_a_folder_is_made_and_nothing_is_swept(temporary, monkeypatch):
    (temporary / f"{PREFIX}left").mkdir()
    monkeypatch.setitem(sys.modules, "fcntl", None)
    made = TempDir()
    assert (temporary / f"{PREFIX}left").exists()
    made.cleanup()
    assert names(temporary) == [f"{PREFIX}left"]


def test_halves_of_files_are_removed_and_nothing_else(tmp_path):
    write_atomically(tmp_path / "report.json", "{}")
    (tmp_path / f".report.json.abc{HALF}").write_text("{")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / f"named{HALF}").write_text("")
    sweep_halves(tmp_path)
    sweep_halves(tmp_path / "missing")
    assert names(tmp_path) == [".hidden", f"named{HALF}", "report.json"]


def test_half_a_data_set_is_removed_by_who_makes_it_next(tmp_path):
    (tmp_path / ".data[1]-left").mkdir()
    (tmp_path / ".data2-left").mkdir()
    made_once(tmp_path / "data[1]", lambda folder: (folder / "x").write_text("x"))
    assert names(tmp_path) == [".data2-left", ".data[1].lock", "data[1]"]
