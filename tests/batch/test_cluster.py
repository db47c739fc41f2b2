"""The parts of grading on a cluster that need none: addresses, decisions, the course's files."""

import sys

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from steered import RUN

from autograder.batch.cluster import Cluster, TlsFiles, cluster_of
from autograder.batch.cluster.address import is_safe
from autograder.batch.cluster.board import DEATHS, Board
from autograder.batch.cluster.bundle import pack_course, unpack_course
from autograder.batch.cluster.there import difference
from autograder.batch.run import TRIES
from autograder.cli import cli
from autograder.course import find_course
from autograder.errors import UsageError


@pytest.mark.parametrize(
    ("scheduler", "address"),
    [
        ("tcp://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("localhost:8786", "tcp://localhost:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
    ],
)
def test_a_scheduler_on_this_machine_needs_no_encryption(scheduler, address):
    assert cluster_of(scheduler) == Cluster(scheduler=address)


@pytest.mark.parametrize("scheduler", ["tls://192.0.2.1:8786", "192.0.2.1:8786", "grader.example.edu:8786"])
def test_a_scheduler_elsewhere_is_asked_through_tls(scheduler, tmp_path):
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    made = cluster_of(scheduler, *files)
    assert made.scheduler == f"tls://{scheduler.removeprefix('tls://')}"
    assert made.tls == TlsFiles(authority=files[0], certificate=files[1], key=files[2])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("here",), "is no address of a scheduler"),
        (("http://127.0.0.1:8786",), "is no address of a scheduler"),
        (("tcp://192.0.2.1:8786",), "is another machine, and the connection would not be encrypted"),
        (("grader.example.edu:8786",), "is another machine, and the connection would not be encrypted"),
        (("tls://192.0.2.1:8786",), "has no files for TLS"),
        (("tls://192.0.2.1:8786", "ca.pem"), "TLS needs three files"),
        (("tcp://127.0.0.1:8786", "ca.pem", "cert.pem", "key.pem"), "is not encrypted"),
    ],
)
def test_an_unsafe_address_is_refused(arguments, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        cluster_of(*arguments)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("tcp://127.0.0.1:1", True),
        ("tcp://127.8.0.1:1", True),
        ("tcp://10.0.0.1:1", False),
        ("tls://10.0.0.1:1", True),
        ("tcp://node7:1", False),
        ("inproc://x/1", False),
    ],
)
def test_a_worker_s_address_is_safe_here_or_encrypted(address, safe):
    assert is_safe(address) is safe


# --- what the command line says ---


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--scheduler", "127.0.0.1:1", "--jobs", "2"), "--jobs 2: is for this machine"),
        (("--scheduler", "127.0.0.1:1", "--unsandboxed-my-own-files-only"), "without a sandbox"),
        (("--tls-ca", __file__), "and no scheduler"),
        (("--scheduler", "192.0.2.1:1"), "is another machine"),
    ],
)
def test_options_that_do_not_fit_are_named(options, sentence):
    caught = CliRunner().invoke(cli, ["grade", "inbox", *options]).exception
    assert isinstance(caught, UsageError)
    assert sentence in str(caught)


def test_a_missing_extra_is_one_sentence(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "distributed"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("connection", "crew", "travelling"):
        monkeypatch.delitem(sys.modules, f"autograder.batch.cluster.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    caught = CliRunner().invoke(cli, ["grade", "inbox", "--scheduler", "127.0.0.1:1"]).exception
    assert isinstance(caught, UsageError)
    assert str(caught).startswith("--scheduler needs Dask: distributed is not installed")


# --- decisions ---


def test_a_worker_has_one_submission_at_a_time_and_as_many_are_read_ahead():
    board = Board(idle={"b", "a"})
    board.ready.extend(["s1", "s2", "s3"])
    assert [board.next_pair(), board.next_pair(), board.next_pair()] == [("a", "s1"), ("b", "s2"), None]
    assert board.room(reading=0) == 1
    assert board.room(reading=1) == 0
    assert Board().room(reading=0) == 2  # something is read while the first worker is made ready


def test_the_workers_that_joined_and_left_are_told():
    board = Board(idle={"a"}, at_work={"b": "s1"}, preparing={"c"}, refused={"d": "no sandbox"})
    assert board.changes(frozenset("abcd")) == ([], [])
    assert board.changes(frozenset("ade")) == (["e"], ["b", "c"])
    assert [board.leave(one) for one in "abcd"] == [None, "s1", None, None]
    assert board == Board()


def test_a_submission_that_ends_its_workers_or_fails_the_grader_is_given_up():
    board = Board()
    said = [board.died("s1") for _ in range(DEATHS)]
    assert said == [*[None] * (DEATHS - 1), f"Its process died {DEATHS} times on this submission."]
    assert [board.failed("s2", "why") for _ in range(TRIES)] == [*[None] * (TRIES - 1), "why"]


def test_a_submission_that_is_done_is_not_sent_again():
    board = Board(idle={"a"}, done={"s1"})
    board.ready.extend(["s1", "s1", "s2"])
    assert board.next_pair() == ("a", "s2")


# --- the course ---


def test_a_course_is_the_same_on_another_machine(tmp_path):
    here = RUN.course()
    unpack_course(pack_course(here), tmp_path / "course")
    there = find_course(tmp_path / "course", "hw5")
    assert there.cases_sha256() == here.cases_sha256()
    assert there.setup_sha256() == here.setup_sha256()
    assert there.asked() == here.asked()
    assert (tmp_path / "course/reference").stat().st_mode & 0o077 == 0


def test_a_worker_that_would_grade_otherwise_says_in_which_way(tmp_path):
    def other(**grader):
        changed = replace(RUN.facts.grader, **grader)
        return replace(RUN, key="other", facts=replace(RUN.facts, grader=changed))

    assert difference(RUN, RUN) == ""
    assert difference(RUN, other(config_sha256="x")) == "its assignment.toml is not the batch's"
    assert difference(RUN, other(cases_sha256="x")).startswith("its cases or its compiled module")
    assert difference(RUN, replace(other(), data=tmp_path)).startswith(
        f"its data set is not the batch's: {tmp_path}"
    )


def test_what_a_worker_is_asked_needs_no_engine_there():
    pytest.importorskip("distributed")
    import subprocess

    from autograder.batch.cluster.connection import ByValue
    from autograder.batch.cluster.travelling import prepare_there, python_here

    _, (code,) = ByValue(prepare_there).__reduce__()
    program = (
        "import sys, pickle\n"
        "sys.modules['autograder'] = None\n"
        f"print(pickle.loads({code!r})('run', sys.argv[1], 'engine', b'', b''))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, python], check=True, capture_output=True, text=True
        ).stdout
        for python in (python_here(), "Python 3.1 on vax")
    ]
    assert said[0] == "it has no autograder, or one of another version: install the batch's\n"
    assert said[1] == f"it has {python_here()}, and the batch has Python 3.1 on vax\n"
