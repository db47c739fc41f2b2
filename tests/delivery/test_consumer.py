"""The program in the manual that uploads points runs as it stands there, against a server on loopback."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from grades.making import write
from msgspec.structs import replace
from reports import make_report

from autograder.cli import cli
from autograder.model import Lateness, Learner, Outcome, SubmissionFacts

PAGE = Path(__file__).parents[2] / "docs/report-format.md"


def program():
    (text,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return text


@pytest.fixture
def server():
    """A server that keeps what is posted to it."""
    got = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Keep) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}/points", got
        one.shutdown()


def submitted(name, **more):
    return {
        "learner": Learner(id=name),
        "submission": SubmissionFacts(id=name, origin=name, **more),
        "run_id": "r1",
    }


def test_the_program_uploads_what_is_a_grade_and_says_what_is_none(tmp_path, server):
    url, got = server
    late = Lateness(seconds=7200, message="2 hours after 2027-03-01 23:59 +01:00")
    whole = make_report()
    write(
        tmp_path / "reports",
        make_report(**submitted("s001", attempt=2, late=late)),
        make_report(**submitted("s002")),
        make_report(**submitted("s003"), outcome=Outcome.PENDING_MANUAL),
        make_report(
            **submitted("s004"), outcome=Outcome.UNGRADABLE, score=None, items=(), message="It is no zip."
        ),
        make_report(**submitted("s005"), score=replace(whole.score, pending=2.0)),
    )
    (tmp_path / "class.csv").write_text("id,Email\ns001,s001@example.org\n")
    done = CliRunner().invoke(
        cli,
        [
            *("export", "student", str(tmp_path / "reports"), "-o", str(tmp_path / "out")),
            *("--roster", str(tmp_path / "class.csv")),
        ],
    )
    assert done.exit_code == 0, done.output
    (tmp_path / "upload.py").write_text(program(), encoding="utf-8")
    command = [sys.executable, "-I", tmp_path / "upload.py", tmp_path / "out", url]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout.splitlines() == [
        "s001 uploaded",
        "s002 uploaded",
        "s003 no grade: Graded, except for what a person has yet to judge.",
        "s004 no grade: It is no zip.",
        "s005 no grade: Graded.",
    ]
    same = {"assignment": "tiny", "run": "r1", "points": 4.0, "maximum": 8.0}
    assert got == [
        {**same, "learner": ["s001", "s001@example.org"], "attempt": 2, "seconds_late": 7200},
        {**same, "learner": ["s002"], "attempt": 1, "seconds_late": 0},
    ]


def test_the_program_is_short():
    assert len([line for line in program().splitlines() if line.strip()]) <= 30
