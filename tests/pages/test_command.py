"""`autograder review` as a person starts it: its link, its end, and what it says where it can't begin."""

import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from classroom import report, write
from click.testing import CliRunner

from autograder.cli import cli
from autograder.errors import UsageError
from autograder.pages.review.serve import has_screen, listen

LINK = r"http://127\.0\.0\.1:\d+/enter\?token=\S{43}"
COURSE = Path(__file__).parents[1] / "publish/course"


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def imported(course):
    """Bring a report into the course's gradebook."""
    text = write(course, report("s001"))[0]
    content = text.read_text().replace('"id": "hw1"', '"id": "affine"')
    text.write_text(content)
    done = CliRunner().invoke(cli, ["gradebook", "import", str(text), "--course", str(course)])
    assert done.exit_code == 0, done.output


def refused(*args):
    done = CliRunner().invoke(cli, ["review", "--no-browser", *map(str, args)])
    assert isinstance(done.exception, UsageError), (done.output, done.exception)
    return str(done.exception)


def test_the_link_opens_the_page_until_an_interrupt_ends_it(course):
    imported(course)
    options = ["--no-browser", "--course", str(course), "--as", "ta1"]
    command = [sys.executable, "-m", "autograder", "review", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline()
            found = re.fullmatch(rf"Reviewing `affine` as ta1: ({LINK})\n", said)
            link = found[1]
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            assert browser.open(link, timeout=20).status == 200
            page = browser.open(link.partition("/enter")[0] + "/", timeout=20).read().decode()
            assert "To review" in page
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(link, timeout=20)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_without_reports_there_is_nothing_to_review(course):
    message = refused("--course", course)
    assert message.startswith("the gradebook has no reports on `affine`")
    assert "autograder gradebook import" in message


def test_what_is_not_installed_is_named(course, monkeypatch):
    for name in [one for one in sys.modules if one.startswith("autograder.pages.review")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert refused("--course", course) == (
        "the review page needs uvicorn, which is not installed\n"
        "  pip install -e '.[instructor]' in the course's folder"
    )


def test_a_port_that_is_taken_is_said(course):
    imported(course)
    with listen(0) as taken:
        port = taken.getsockname()[1]
        assert f"--port {port}: Address already in use" in refused("--course", course, "--port", port)


@pytest.mark.skipif(sys.platform != "linux", reason="others always have a screen")
@pytest.mark.parametrize(("variables", "expected"), [({}, False), ({"DISPLAY": ":0"}, True)])
def test_a_browser_is_opened_where_there_is_a_screen(monkeypatch, variables, expected):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert has_screen() == expected
