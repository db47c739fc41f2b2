"""`autograder send` as an instructor types it, against fakes; and killed in the middle."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from delivery.fakes import FakeCanvas, FakeMoodle
from delivery.platforms import FAKES
from grades.making import after, report, write
from msgspec.structs import replace

from autograder.cli import cli
from autograder.cli.place import Place
from autograder.errors import AutograderError, UsageError

COURSE = Path(__file__).parents[1] / "publish/course"


@pytest.fixture
def course(tmp_path, monkeypatch):
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    definition = root / "source/affine/assignment.toml"
    definition.write_text('due_at = "2027-03-01T23:59:00+00:00"\n' + definition.read_text())
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def rubric(course):
    return Place(None, course, None, None).own_rubric()


def maximum(rubric):
    return sum(item.points for item in rubric.items if not item.extra_credit)


def reports(course, rubric, names):
    found = {check.id: float(not item.extra_credit) for item in rubric.items for check in item.checks}
    made = []
    for name in names:
        files = hashlib.sha256(name.encode()).hexdigest()
        one = report(name, rubric, found, files=files, at=after(hours=-1))
        facts = replace(one.assignment, max_score=maximum(rubric))
        made.append(replace(one, assignment=facts, score=replace(one.score, final=maximum(rubric))))
    write(course / "reports", *made)
    return course / "reports"


def place(course, fake, monkeypatch, **changes):
    keys = {"kind": fake.kind, "url": fake.url, "course": 3, "assignment": 7, "token_env": "OUR_TOKEN"}
    if fake.kind == "lti":
        keys = fake.place()
        fake.write_key(course)
    lines = (f"{name} = {value!r}" for name, value in {**keys, **changes}.items())
    (course / "places.toml").write_text("[ours]\n" + "\n".join(lines) + "\n")
    monkeypatch.setenv("OUR_TOKEN", fake.token)


def run(*args):
    done = CliRunner().invoke(cli, ["send", *map(str, args)])
    if isinstance(done.exception, AutograderError):
        raise done.exception
    return done


@pytest.mark.parametrize("kind", sorted(FAKES))
def test_from_reports_and_from_the_gradebook_the_same_grades_go(course, rubric, monkeypatch, kind):
    paths = reports(course, rubric, ["s001", "s002"])
    with FAKES[kind](maximum=maximum(rubric)) as fake:
        place(course, fake, monkeypatch)
        dry = run("ours", paths, "--dry-run")
        assert dry.exit_code == 0
        full = f"{maximum(rubric):g}"
        assert dry.stdout.splitlines() == [
            f"s001  none → {full}  with a comment",
            f"s002  none → {full}  with a comment",
            "2 would be sent, 0 already there, 0 held back, 0 unmatched.",
        ]
        assert "note: 1 learners there have no result here" in dry.stderr
        assert set(fake.points().values()) == {None}
        assert not (course / "sent.jsonl").exists()
        sent = run("ours", paths)
        assert sent.exit_code == 0, sent.output
        assert "2 sent, 0 failed, 0 already there, 0 held back, 0 unmatched." in sent.stdout
        assert fake.points() == {"s001": maximum(rubric), "s002": maximum(rubric), "s003": None}
        assert (course / "sent.jsonl").exists()
        assert CliRunner().invoke(cli, ["gradebook", "import", str(paths)]).exit_code == 0
        assert run("ours").stdout.startswith(f"s001  {full} as before  with a comment\n")  # in other words
        assert run("ours").stdout.startswith("0 sent, 0 failed, 2 already there")


def test_a_learner_who_is_not_there_fails_the_command(course, rubric, monkeypatch):
    paths = reports(course, rubric, ["s001", "s099"])
    with FakeCanvas(maximum=maximum(rubric)) as fake:
        place(course, fake, monkeypatch)
        for more in (["--dry-run"], []):
            done = run("ours", paths, *more)
            assert done.exit_code == 1
            assert "error: s099: Nobody there has one of this learner's ids" in done.stderr
            assert "1 unmatched" in done.stdout
        assert "The same command sends again what failed." in done.stderr


def test_the_log_can_be_elsewhere_and_holds_no_token(course, rubric, monkeypatch):
    paths = reports(course, rubric, ["s001"])
    with FakeMoodle(maximum=maximum(rubric)) as fake:
        place(course, fake, monkeypatch)
        done = run("ours", paths, "--log", course / "logs/sent.jsonl")
        assert fake.token not in done.output
        assert fake.token not in (course / "logs/sent.jsonl").read_text()


def test_mistakes_are_said_before_anything_is_asked(course, rubric, monkeypatch):
    with FakeCanvas() as fake:
        place(course, fake, monkeypatch)
        with pytest.raises(UsageError, match="there is no gradebook"):
            run("ours")
        with pytest.raises(UsageError, match="has no place `our`; did you mean `ours`"):
            run("our")
        monkeypatch.delenv("OUR_TOKEN")
        with pytest.raises(UsageError, match="OUR_TOKEN is not set"):
            run("ours")
        assert fake.requests == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FAKES))
def test_a_send_that_is_killed_goes_on(course, rubric, monkeypatch, kind):
    names = [f"s{n:03}" for n in range(120)]
    paths = reports(course, rubric, names)
    with FAKES[kind](names, maximum=maximum(rubric)) as fake:
        place(course, fake, monkeypatch)
        reached = threading.Event()
        writes = iter(range(10))

        def at_the_second(handler, effect):
            answer = effect()
            if next(writes) == 1:
                reached.set()  # its work is done, and its answer never comes
                fake.gone.wait(30)
            handler.reply(answer)

        fake.plan(at_the_second, fake.is_write, times=2)
        command = [sys.executable, "-m", "autograder", "send", "ours", str(paths)]
        killed = subprocess.Popen(command, cwd=course, env=os.environ, stdout=subprocess.DEVNULL)
        assert reached.wait(30)
        killed.kill()
        killed.wait()
        assert 0 < sum(value is not None for value in fake.points().values()) < len(names)
        done = run("ours", paths)
        assert done.exit_code == 0, done.output
        # Canvas takes 50 at once, LTI one; Moodle replaces comments, and one of lost answer goes again
        counts = {"canvas": "20 sent, 0 failed, 100 already", "lti": "118 sent, 0 failed, 2 already"}
        assert counts.get(kind, "0 failed") in done.stdout
        assert set(fake.points().values()) == {maximum(rubric)}
        assert {len(texts) for texts in fake.all_comments().values()} == {1}
