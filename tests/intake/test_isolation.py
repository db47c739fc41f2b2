"""The reader's process: its limits hold, a crash costs one call, and nothing outlives the caller."""

import contextlib
import functools
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from intake_samples import make_assignment, write_files
from msgspec.structs import replace

from autograder.errors import AssignmentError, GraderFault, IntakeError
from autograder.intake import candidate_for, fingerprint
from autograder.intake.isolation import NotRead, ReaderGone, ReaderProcess, ReadingLimits, limited_search
from autograder.model import Struct

SMALL = ReadingLimits(cpu_seconds=1, wall_seconds=2, memory_mb=64, answer_mb=1)
# On a busy machine a second of the processor takes many of the clock.
PATIENT = replace(SMALL, wall_seconds=60)
LIMITED = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_CORE)


class Answer(Struct):
    text: str
    place: Path


def loop():
    while True:
        pass


def swell():
    return len(bytearray(500 << 20))


def double():
    text = "x" * 288
    for _ in range(40):
        text += text
    return text


def raising(kind, *args):
    raise kind(*args)


def kill_itself(number):
    os.kill(os.getpid(), number)


class NearlyAsKnown(AssignmentError):
    pass


FUNCTIONS = {
    "loop": loop,
    "sleep": functools.partial(time.sleep, 60),
    "swell": swell,
    "double": double,
    "flood": lambda: "x" * (3 << 20),
    "echo": lambda value: value,
    "answer": lambda: Answer(text="half a pair: \udc80", place=Path("a/b")),
    "other": lambda: ["not", "a", "number"],
    "unknown": object,
    "raise": raising,
    "kill": kill_itself,
    "exit": os._exit,
    "limits": lambda: [resource.getrlimit(kind)[0] for kind in LIMITED],
    "pids": lambda: [os.getppid(), os.getpid()],
}


@pytest.fixture
def reader():
    made = ReaderProcess(FUNCTIONS, SMALL)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("function", "limits", "sentence"),
    [
        ("loop", PATIENT, "Reading it took more than 1 s of processor time"),
        ("sleep", SMALL, "Reading it took more than 2 s,"),
        ("swell", PATIENT, "Reading it took more than 64 MB of memory"),
        ("double", PATIENT, "Reading it took more than 64 MB of memory"),
        ("flood", PATIENT, "It holds more than 1 MB of text and pictures"),
    ],
)
def test_each_limit_ends_only_its_own_call(function, limits, sentence):
    reader = ReaderProcess(FUNCTIONS, limits)
    with contextlib.closing(reader):
        with pytest.raises(NotRead, match=sentence) as met:
            reader.call(str, function)
        assert "so it was not graded. Look for a cell that is very long." in str(met.value)
        assert reader.call(int, "echo", 5) == 5


@pytest.mark.parametrize(
    ("function", "argument", "reason"),
    [
        ("kill", signal.SIGSEGV, "SIGSEGV"),
        ("kill", signal.SIGABRT, "SIGABRT"),
        ("exit", 3, "exit status 3"),
        ("raise", RecursionError, "RecursionError"),
    ],
)
def test_a_crash_is_blamed_on_the_bytes_that_were_read(reader, function, argument, reason):
    with pytest.raises(NotRead, match=r"made Python itself crash .* nested very deep") as met:
        reader.call(str, function, argument)
    assert f"({reason})" in str(met.value)
    assert reader.call(int, "echo", 5) == 5


def test_memory_that_runs_out_outside_the_function_meets_the_memory_limit(reader):
    with pytest.raises(NotRead, match="MB of memory"):
        reader.call(str, "exit", 2)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_killed_from_outside_is_a_fault_of_the_grader(reader, number):
    with pytest.raises(GraderFault, match=f"reading failed: {number.name}"):
        reader.call(str, "kill", number)


def test_an_error_for_a_person_keeps_its_class_and_text(reader):
    with pytest.raises(IntakeError) as caught:
        reader.call(str, "raise", IntakeError, "the file is\udc80 broken", "send another")
    assert (caught.value.message, caught.value.hint) == ("the file is? broken", "send another")
    with pytest.raises(AssignmentError) as near:
        reader.call(str, "raise", NearlyAsKnown, "no such item")
    assert type(near.value) is AssignmentError


def test_any_other_exception_is_a_fault_of_the_grader(reader):
    with pytest.raises(GraderFault, match="reading failed: ZeroDivisionError: by zero"):
        reader.call(str, "raise", ZeroDivisionError, "by zero")
    with pytest.raises(GraderFault, match="a object has no encoded form"):
        reader.call(str, "unknown")


def test_an_answer_can_name_only_the_engines_errors(reader):
    for name in ("annotations", "Exception", "__loader__"):
        data = msgspec.msgpack.encode((name, "message", "hint"))
        with pytest.raises(GraderFault, match="message"):
            reader._opened(b"r", data, str)


def test_an_answer_is_checked_against_its_type(reader):
    assert reader.call(Answer, "answer") == Answer(text="half a pair: ?", place=Path("a/b"))
    with pytest.raises(GraderFault, match="another form: Expected `int`"):
        reader.call(int, "other")


def test_limits_apply_to_the_child_alone(reader):
    before = [resource.getrlimit(kind) for kind in LIMITED]
    memory, processor, core = reader.call(list[int], "limits")
    assert (processor, core) == (1, 0)
    assert memory > 64 << 20
    server, _ = reader.call(list[int], "pids")
    assert [resource.getrlimit(kind) for kind in LIMITED] == before
    assert [resource.prlimit(server, kind) for kind in LIMITED] == before
    command = [sys.executable, "-c", "import resource; print(resource.getrlimit(resource.RLIMIT_CPU)[0])"]
    assert int(subprocess.run(command, check=True, capture_output=True).stdout) == before[1][0]


def test_a_limit_that_is_already_lower_stays():
    kept = resource.getrlimit(resource.RLIMIT_CPU)
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (7, 7))\n"
        "from autograder.intake.isolation import ReaderProcess\n"
        "limit = lambda: list(resource.getrlimit(resource.RLIMIT_CPU))\n"
        "print(ReaderProcess({'limit': limit}).call(list[int], 'limit'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[7, 7]\n"
    assert resource.getrlimit(resource.RLIMIT_CPU) == kept


def gone(pid, within=5.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


CALLER = """
import os, sys, time
from autograder.intake.isolation import ReaderProcess

def wait():
    with open(sys.argv[1], "w") as file:
        file.write(f"{os.getppid()} {os.getpid()}\\n")
    time.sleep(60)

ReaderProcess({"wait": wait}).call(int, "wait")
"""


@pytest.mark.parametrize("victim", ["caller", "server"])
def test_no_process_outlives_the_one_it_works_for(tmp_path, victim):
    note = tmp_path / "pids"
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(note)], stderr=subprocess.DEVNULL)
    try:
        while not (note.exists() and note.read_text(encoding="ascii").endswith("\n")):
            time.sleep(0.02)
        server, child = map(int, note.read_text(encoding="ascii").split())
        os.kill({"caller": caller.pid, "server": server}[victim], signal.SIGKILL)
        caller.wait(timeout=5)
        assert gone(server)
        assert gone(child)
    finally:
        caller.kill()
        caller.wait()


def test_a_reader_without_its_server_says_so_each_time(reader):
    server, _ = reader.call(list[int], "pids")
    os.kill(server, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(ReaderGone, match="the reader's process is gone"):
            reader.call(int, "echo", 5)


def test_threads_take_turns_and_each_gets_its_own_answer(reader):
    answers = {}

    def ask(number):
        answers[number] = [reader.call(int, "echo", number) for _ in range(10)]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [number] * 10 for number in range(4)}


def test_one_reader_does_not_wait_for_another(reader):
    other = ReaderProcess(FUNCTIONS, ReadingLimits(wall_seconds=30))
    server, _ = other.call(list[int], "pids")

    def wait():
        with pytest.raises(ReaderGone):
            other.call(str, "sleep")

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert reader.call(int, "echo", 5) == 5
    assert waiting.is_alive()
    os.kill(server, signal.SIGKILL)
    waiting.join(timeout=10)
    assert not waiting.is_alive()


def test_output_of_a_child_reaches_no_terminal():
    code = (
        "import os\n"
        "from autograder.intake.isolation import ReaderProcess\n"
        "say = lambda: os.write(1, b'out') + os.write(2, b'err')\n"
        "print(ReaderProcess({'say': say}).call(int, 'say'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("6\n", "")


def test_a_zip_that_crashes_its_reader_does_not_end_the_search(tmp_path, monkeypatch):
    def names(path):
        return os.kill(os.getpid(), signal.SIGSEGV) if path.name == "bad.zip" else [path.name]

    monkeypatch.setattr("autograder.intake.isolation.archive_names", names)
    lister, _ = limited_search()
    assert [lister(tmp_path / name) for name in ("bad.zip", "good.zip")] == [[], ["good.zip"]]


def test_a_fingerprint_computed_in_the_child_is_the_same(tmp_path):
    write_files(tmp_path, {"HW5.ipynb": b"{}"})
    candidate, assignment = candidate_for(tmp_path / "HW5.ipynb"), make_assignment()
    made = ReaderProcess({"fingerprint": functools.partial(fingerprint, assignment=assignment)})
    assert made.call(str, "fingerprint", candidate) == fingerprint(candidate, assignment)
