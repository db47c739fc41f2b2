"""Odd but honest code, and code that is odd on purpose: each has its verdict, and no terminal obeys it."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from once import once

from autograder.publish.toml import to_toml
from autograder.report import newest_reports, read_report

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "samples" / "hw5" / "s001"
FULL, NO_FORWARD = (20, 12, 8, 5), (0, 12, 8, 5)
ITEMS = ("conv-forward", "conv-backward-dx", "conv-backward-dw", "conv-backward-db")
FORWARD, CACHE = "def conv_forward_naive(", "    cache = (x, w, b, conv_param)\n"
SIZES = ("1 + (H + 2 * pad - HH) // stride", "1 + (W + 2 * pad - WW) // stride")
PLACES = "                for j in range(W_out):\n                    # the"
ESCAPES = "\x1b]0;PWNED\x07\x1b[2J\x1b[31mall 100 / 100\x1b[0m\x9b31m\u202egnp.\u2066 [red]x[/red] [link=http://e]y[/link]"
LONG = "A" * 70_000


def within(line):
    """A line in the forward function, before it returns."""
    return (CACHE, f"    {line}\n{CACHE}")


def above(code):
    return (FORWARD, f"{code}\n\n{FORWARD}")


RECORDS = """from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple


class Mode(Enum):
    SUM = 1


class Sizes(NamedTuple):
    h: int
    w: int


@dataclass(slots=True, frozen=True)
class Cache:
    x: Any
    rest: Any = field(default=None)


@lru_cache(maxsize=None)
def size_of(n, pad, k, stride):
    return Sizes(1 + (n + 2 * pad - k) // stride, Mode.SUM.value).h
"""
# What is changed in the sample's code, and the points that it then earns.
CODE = {
    # as it is written in courses
    "float-sizes-int": ([(s, f"int({s.replace('//', '/')})") for s in SIZES], FULL),
    "get-with-default": (
        [
            (
                "conv_param['stride'], conv_param['pad']",
                "conv_param.get('stride', 1), conv_param.get('pad', 0)",
            )
        ],
        FULL,
    ),
    "db-loop": (
        [("db = dout.sum(axis=(0, 2, 3))", "db = np.stack([np.sum(dout[:, f]) for f in range(F)])")],
        FULL,
    ),
    "db-wrong-axis": ([("db = dout.sum(axis=(0, 2, 3))", "db = dout.sum(axis=0)")], (20, 12, 8, 0)),
    "flips-filter": ([("np.sum(field * w[f])", "np.sum(field * w[f][:, ::-1, ::-1])")], NO_FORWARD),
    "module-level-test": ([above("print(np.random.randn(2, 3).shape)")], FULL),
    "prints-a-lot": (
        [(PLACES, PLACES.replace("# the", "print(n, f, i, j, 'ok')\n" + " " * 20 + "# the"))],
        FULL,
    ),
    # what it prints, raises and defines
    "emoji": ([within("print('fertig \u2713 \U0001f680 \u5b8c\u6210')")], FULL),
    "half-pair": ([within("print('half \\ud83d')")], FULL),
    "bytes": ([within("import sys; sys.stdout.buffer.write(b'\\xff\\xfe')")], FULL),
    "log": (
        [within("import logging, warnings; logging.warning('%s', out.shape); warnings.warn('für')")],
        FULL,
    ),
    "plots": (
        [
            above("import matplotlib.pyplot as plt"),
            within("plt.figure(); plt.plot(out.ravel()); plt.title('Größe'); plt.show(); plt.close()"),
        ],
        FULL,
    ),
    "own-file": ([within("open('log.txt', 'a').write('x')")], FULL),
    "zero-byte": ([within("note = 'a\\x00b'; print(note)")], FULL),
    "raises-half-pair": ([within("raise ValueError('half \\ud83d and \\x1b[31m red')")], NO_FORWARD),
    "records": (
        [
            above(RECORDS),
            (SIZES[0], "size_of(H, pad, HH, stride)"),
            (CACHE, "    cache = Cache(x, (w, b, conv_param))\n"),
            ("x, w, b, conv_param = cache", "x, (w, b, conv_param) = cache.x, cache.rest"),
        ],
        FULL,
    ),
    # what the grader must not stumble on
    "prints-a-number-sign": ([within("print('# 5')")], FULL),
    "long-module": ([above(f"import numpy.{LONG}"), within("numpy")], NO_FORWARD),
    "many-long-modules": (
        [above("\n".join(f"import numpy.a{n}{'B' * 2000}" for n in range(45))), within("numpy")],
        NO_FORWARD,
    ),
    "bracketed-decorator": ([(FORWARD, f"f = lambda g: g\n@(f)\n@((lambda: f)())\n{FORWARD}")], FULL),
    "bool-array": ([within("out = out > 0")], NO_FORWARD),
    "bool-array-as-cache": (
        [("    return out, cache", "    return out, np.array([True, False])")],
        (20, 9, 6, 4),
    ),
    "huge-integers": ([within(f"out = [[10 ** 5000, 0x{'f' * 5000}]]")], NO_FORWARD),
    "object-array": ([within("out = np.array([[10 ** 5000, None]], dtype=object)")], NO_FORWARD),
    # escapes that a terminal would obey
    "escapes": ([within(f"# {ESCAPES} an honest explanation\n    print({ESCAPES!r})")], FULL),
    "escapes-raised": ([within(f"raise ValueError({ESCAPES!r})")], NO_FORWARD),
    "escapes-class": ([within(f"out = type({ESCAPES!r}, (), {{}})()")], NO_FORWARD),
    "escapes-module": ([within(f"raise ModuleNotFoundError('x', name={ESCAPES!r})")], NO_FORWARD),
    "escapes-file": ([within(f"open('/x' + {ESCAPES!r}, 'w')")], NO_FORWARD),
    "escapes-syntax": ([within(ESCAPES)], NO_FORWARD),
}
# What is changed in stored outputs: a line that is a printed one, but for the count of its numbers.
STORED = {"prints-a-number-sign": ('"Testing conv_forward_naive\\n"', '"5 6\\n"')}
# What no text may hold that is shown: controls but for the end of a line, and turns of direction.
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def changed(*changes):
    notebook = json.loads((SAMPLE / "HW5.ipynb").read_text(encoding="utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if FORWARD in "".join(cell["source"])]
    source = "".join(cell["source"])
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return json.dumps(
        {**notebook, "cells": [{**c, "source": source} if c is cell else c for c in notebook["cells"]]}
    )


SAID = ("status", "stdout", "stderr")


def convolution_alone(folder):
    """Copy the course without what is not looked at here; a training that is switched off is left open."""
    for name in ("source", "reference"):
        shutil.copytree(ROOT / name / "hw5", folder / name / "hw5", ignore=shutil.ignore_patterns("*.so"))
    (folder / "release/hw5").mkdir(parents=True)
    shutil.copy(ROOT / "release/hw5/HW5.ipynb", folder / "release/hw5")
    definition = folder / "source/hw5/assignment.toml"
    table = tomllib.loads(definition.read_text(encoding="utf-8"))
    for item in table["items"]:
        if item["id"] not in (*ITEMS, "training"):
            item["checks"] = [{"kind": "files", "id": f"{item['id']}-files"}]
    definition.write_text(to_toml(table), encoding="utf-8")


def grade(folder):
    """Grade all of it, and keep what the command said."""
    convolution_alone(folder / "course")
    inbox = folder / "class"
    for name, (changes, _) in CODE.items():
        (inbox / name).mkdir(parents=True)
        text = changed(*changes).replace(*STORED.get(name, ("", "")))
        (inbox / name / "HW5.ipynb").write_text(text, encoding="utf-8")
        shutil.copy(SAMPLE / "HW5.pdf", inbox / name)
    (inbox / "escapes" / "\x1b[31m.txt").write_text("x")
    (inbox / "escapes" / "[red]x.md").write_text("x")
    (inbox / "lost").mkdir()
    (inbox / "lost" / "x.txt").write_text("x")
    command = [sys.executable, "-m", "autograder", "grade", str(inbox), "-o", str(folder / "out")]
    done = subprocess.run(
        [*command, "--no-training", "--jobs", "2"],
        cwd=folder / "course",
        capture_output=True,
        check=False,
        timeout=900,
    )
    for name, content in zip(SAID, (str(done.returncode).encode(), done.stdout, done.stderr), strict=True):
        (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return once(tmp_path_factory, "corners", grade) / "out"


def report(graded, name):
    return read_report(newest_reports(graded)[name])


@pytest.mark.parametrize("name", CODE)
def test_each_has_the_points_that_it_deserves(graded, name):
    found = report(graded, name)
    assert found.outcome.value in ("graded", "pending_manual", "partial"), found.message
    scores = {item.id: item.score for item in found.items}
    assert tuple(scores[item] for item in ITEMS) == CODE[name][1]
    said = [check.message for item in found.items for check in item.checks]
    assert [message for message in said if "The grader failed" in message] == []


def test_nothing_that_a_person_or_a_program_reads_holds_an_escape(graded):
    reports = newest_reports(graded).items()
    texts = {name: path.read_text(encoding="utf-8") for name, path in reports}
    texts |= {"summary": (graded / "summary.csv").read_text(encoding="utf-8-sig")}
    texts |= {name: (graded.parent / name).read_text(encoding="utf-8") for name in SAID}
    assert texts["status"] == "1"  # one handed in no notebook
    for name, text in texts.items():
        assert HARMFUL.findall(text.replace("\r", "")) == [], name
        assert "\\u001b" not in text
    assert "PWNED" in texts["escapes-raised"]


def test_reports_of_all_ends_are_exported(graded, tmp_path):
    tool = [sys.executable, "-m", "autograder"]
    done = subprocess.run([*tool, "export", "csv", str(graded)], capture_output=True, check=True, cwd=ROOT)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert {row["learner"] for row in rows} == {*CODE, "lost"}
    (lost,) = [row for row in rows if row["learner"] == "lost"]
    assert (lost["outcome"], lost["final"], lost["conv-forward"]) == ("ungradable", "", "")
    target = tmp_path / "each"
    arguments = ["export", "gradescope", str(graded), "-o", str(target)]
    subprocess.run([*tool, *arguments], capture_output=True, check=True, cwd=ROOT)
    assert "score" not in json.loads((target / "lost" / "results.json").read_text())
    emoji = json.loads((target / "emoji" / "results.json").read_text())
    assert "score" not in emoji  # the training was switched off
    assert emoji["output"].startswith("Some checks have not been run yet, so this is no grade.")


def test_a_report_that_was_tampered_with_is_neither_exported_nor_valid(graded, tmp_path):
    folder = tmp_path / "below" / "reports"
    folder.mkdir(parents=True)
    text = newest_reports(graded)["emoji"].read_text(encoding="utf-8")
    (folder / "good.json").write_text(text, encoding="utf-8")
    (folder / "path.json").write_text(text.replace('"id": "emoji"', '"id": "../../up"'), encoding="utf-8")
    (folder / "nan.json").write_text(re.sub(r'"final": [\d.]+', '"final": NaN', text), encoding="utf-8")
    tool = [sys.executable, "-m", "autograder"]
    checked = subprocess.run(
        [*tool, "validate", str(folder)], capture_output=True, check=False, cwd=ROOT, text=True
    )
    assert (checked.returncode, "1 of 3 reports are valid." in checked.stdout) == (1, True)
    assert "NaN is not a number in JSON" in checked.stderr
    assert "'../../up' does not match" in checked.stderr
    for name in ("path.json", "nan.json"):
        arguments = ["export", "gradescope", str(folder / "good.json"), str(folder / name), "-o", "out"]
        done = subprocess.run([*tool, *arguments], capture_output=True, check=False, cwd=tmp_path / "below")
        assert done.returncode == 1
    assert sorted(path.name for path in tmp_path.rglob("*.json")) == ["good.json", "nan.json", "path.json"]
