"""The short form of tools/fuzz: the seeds, all that was ever found, and some thousand changes of them."""

import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seeds import SEEDS
from targets import TARGETS, BrokenPromise, fuzz_archive, fuzz_wire, nothing_written
from unguided import changed

CORPUS = Path(__file__).parent / "corpus"
FOUND = sorted(path for path in CORPUS.rglob("*") if path.is_file())
CHANGED = {"wire": 3000, "conversation": 250, "notebook": 700, "code": 500, "archive": 150, "files": 150}


def test_each_target_has_seeds_and_each_finding_a_target():
    assert SEEDS.keys() == TARGETS.keys() == CHANGED.keys()
    assert {path.parent.name for path in FOUND} <= TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name):
    for data in SEEDS[name]():
        TARGETS[name](data)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_stays_mended(path):
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_that_were_changed(name):
    draw = random.Random(name)
    seeds = list(SEEDS[name]())
    for number in range(CHANGED[name]):
        data = changed(seeds, draw)
        try:
            TARGETS[name](data)
        except Exception as error:
            error.add_note(f"change {number} of {name}: {data[:2000]!r}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name):
    @settings(max_examples=60, deadline=None, database=None)
    @given(st.binary(max_size=400))
    def any_bytes(data):
        TARGETS[name](data)

    any_bytes()


# --- the command -----------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]


def fuzz(*arguments):
    command = [sys.executable, str(ROOT / "tools/fuzz"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_searches_and_says_so():
    done = fuzz("1", "wire", "--unguided", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert "== wire: 1 s, unguided, seed 3" in done.stdout
    assert "nothing was found" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("0",), "SECONDS is 0, expected 1 or more"),
        (("5", "wires"), "TARGET is `wires`, expected one of wire, conversation"),
        (("soon",), "invalid int value: 'soon'"),
    ],
)
def test_a_wrong_command_is_said(arguments, said):
    done = fuzz(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


# --- the net itself: what breaks a promise is seen ----------------------------------------------------


def test_a_write_is_seen(tmp_path):
    with pytest.raises(BrokenPromise, match="it wrote"), nothing_written():
        (tmp_path / "x").write_bytes(b"")
    with pytest.raises(BrokenPromise, match="it wrote"), nothing_written():
        (tmp_path / "y").mkdir()


def test_an_archive_that_is_unpacked_is_seen(monkeypatch, tmp_path):
    def unpack(self, *_, **__):
        return (tmp_path / "unpacked").open("w+b")

    data = next(SEEDS["archive"]())
    monkeypatch.setattr(zipfile.ZipFile, "open", unpack)
    with pytest.raises(BrokenPromise, match="it wrote"):
        fuzz_archive(data)


def test_another_error_is_seen(monkeypatch):
    text = next(data for data in SEEDS["wire"]() if b"text" in data)
    fuzz_wire(text)
    monkeypatch.setattr("autograder.guest.wire.MAX_TEXT", "much")
    with pytest.raises(TypeError):
        fuzz_wire(text)
