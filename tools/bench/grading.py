"""Measure the start of the command line, a submission, a batch, and the growth of memory.

Each figure has a yardstick from the same run: a bare interpreter, a limit, or nbgrader's own ``autograde`` on
the same notebook. Medians are given with the least and the greatest.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from autograder.course import Course, find_course
from autograder.errors import UsageError
from autograder.model import Chunk, Definitions, Struct
from autograder.report import newest_reports

# The number of sandboxes that are started for the figures, and of children in each.
SANDBOXES, CHILDREN = 21, 6
CONVOLUTION = ("conv-forward", "conv-backward-dx", "conv-backward-dw", "conv-backward-db")


class Figure(Struct):
    """One measurement: its name, the median with its range, the yardstick's, and their ratio."""

    name: str
    unit: str
    median: float
    least: float
    greatest: float
    yardstick: str = ""
    yardstick_median: float | None = None
    ratio: float | None = None


def measure(root: Path, submission: Path, copies: int, nbgrader_copies: int) -> Iterator[Figure]:
    """Measure everything; `submission` is a folder with a solved notebook.

    Parameters
    ----------
    root : Path
        The course.
    submission : Path
        The submission whose convolution items are timed.
    copies, nbgrader_copies : int
        The number of copies of the release's notebook in the batch, and the number that nbgrader gets.
    """
    course = find_course(root)
    yield _start()
    yield from _sandbox(course)
    yield _samples(root, course)
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder:
        scratch = Path(folder)
        yield _items(root, submission, scratch)
        yield from _batch(root, course, scratch, copies, nbgrader_copies)


def _timed(command: Sequence[str], runs: int, **options: object) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=False, capture_output=True, **options)  # type: ignore[call-overload]
        times.append(time.perf_counter() - start)
    return times


def _figure(
    name: str, unit: str, values: Sequence[float], yardstick: str = "", other: float | None = None
) -> Figure:
    median = statistics.median(values)
    return Figure(
        name=name,
        unit=unit,
        median=round(median, 4),
        least=round(min(values), 4),
        greatest=round(max(values), 4),
        yardstick=yardstick,
        yardstick_median=None if other is None else round(other, 4),
        ratio=None if other is None else round(other / median, 2),
    )


def _start() -> Figure:
    program = str(Path(sys.executable).parent / "autograder")
    mine = _timed([program, "--help"], 11)[1:]
    bare = _timed([sys.executable, "-c", "pass"], 11)[1:]
    return _figure("autograder --help", "s", mine, "python -c pass", statistics.median(bare))


def _sandbox(course: Course) -> Iterator[Figure]:
    """Time from the request for a sandbox to a function's first answer, and the same for a further child.

    Most of the first time is the import of NumPy inside, so a plain import is its yardstick.
    """
    from autograder.authoring.student import Limits
    from autograder.batch.grading_run import policy_for
    from autograder.sandbox import open_session

    policy = policy_for(course)
    chunk = Chunk(source="def answer(): return 42", names=("answer",), cell=1)
    definitions = Definitions(chunks=(chunk,))
    starts: list[float] = []
    children: list[float] = []
    imports: list[float] = []
    alone = [sys.executable, "-I", "-c", "import numpy"]
    for _ in range(SANDBOXES):
        imports += _timed(alone, 1, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        begun = time.perf_counter()
        with open_session(policy) as session:
            for number in range(CHILDREN):
                with session.student(definitions, Limits()) as student:
                    student.call("answer")
                    seconds = time.perf_counter() - begun
                (children if number else starts).append(seconds * 1e3)
                begun = time.perf_counter()
    # the first one makes what later ones share: the spawner's thread, the mounts, the filters
    plain = statistics.median(imports) * 1e3
    yield _figure("a sandbox's start to its first answer", "ms", starts[1:], alone[-1], plain)
    yield _figure("a further check's child to its first answer", "ms", children, "limit", 10)


def _samples(root: Path, course: Course) -> Figure:
    """Time a child from its request to its first answer, with the definitions of each sample submission.

    The figure summarises the samples' medians. The request asks for no work.
    """
    from autograder.authoring.student import Limits, StudentFault
    from autograder.batch.grading_run import policy_for
    from autograder.grading.reading import definitions_of
    from autograder.intake import read_notebook
    from autograder.sandbox import open_session

    given = read_notebook(course.given_notebook)
    medians: list[float] = []
    for path in sorted((root / "tests/samples" / course.assignment.id).glob("*/*.ipynb")):
        definitions = definitions_of(read_notebook(path), course.assignment, given)
        times: list[float] = []
        # the child of a hostile sample gives no answer
        with open_session(policy_for(course)) as session, contextlib.suppress(StudentFault):
            for _ in range(CHILDREN):
                begun = time.perf_counter()
                with session.student(definitions, Limits()) as student:
                    student.seed(0)
                    times.append((time.perf_counter() - begun) * 1e3)
        medians += [statistics.median(times)] if times else []
    return _figure("a child with a sample's definitions, to its first answer", "ms", medians, "limit", 10)


def _grade(root: Path, paths: Sequence[Path], output: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "autograder", "grade", *map(str, paths), "-o", str(output)]
    return subprocess.Popen(
        [*command, "--course", str(root), *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _items(root: Path, submission: Path, scratch: Path) -> Figure:
    """Time the convolution items of one submission: the sum of their durations in its report."""
    seconds = []
    for run in range(5):
        output = scratch / f"items-{run}"
        _grade(root, [submission], output, "--no-training").wait()
        reports = list(newest_reports(output).values())
        if not reports:
            raise UsageError(f"{submission}: was not graded", "Run autograder doctor.")
        report = json.loads(reports[0].read_bytes())
        seconds.append(sum(i["duration"] for i in report["items"] if i["id"] in CONVOLUTION))
    return _figure("a submission's convolution items", "s", seconds, "limit", 0.6)


def _batch(root: Path, course: Course, scratch: Path, copies: int, nbgrader_copies: int) -> Iterator[Figure]:
    """Time a whole batch of the release's notebook against nbgrader's, and watch the grader's memory."""
    folder = scratch / "copies"
    for number in range(copies):
        target = folder / f"s{number:03}"
        target.mkdir(parents=True)
        shutil.copy(course.given_notebook, target / course.assignment.notebook)
    start = time.perf_counter()
    process = _grade(root, [folder], scratch / "batch", "--no-training", "--jobs", "2")
    memory = list(_memory(process))
    each = (time.perf_counter() - start) / copies
    theirs = _nbgrader(root, course, scratch, nbgrader_copies) if nbgrader_copies else None
    yield _figure(f"a submission in a batch of {copies}, 2 jobs", "s", [each], "nbgrader autograde", theirs)
    yield _flatness(memory)


def _memory(process: subprocess.Popen[bytes]) -> Iterator[float]:
    """Record the resident memory of the grader and its workers in MB, every 50 ms, without sandboxes."""
    import psutil

    root = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        try:
            for one in [root, *(c for c in root.children() if "multiprocessing" in " ".join(c.cmdline()))]:
                total += one.memory_info().rss
        except psutil.Error:
            continue
        yield total / 1e6
        time.sleep(0.05)


def _flatness(memory: Sequence[float]) -> Figure:
    """Compare the last quarter of the batch with the second quarter; the first is start-up."""
    quarter = max(1, len(memory) // 4)
    early = statistics.median(memory[quarter : 2 * quarter] or memory)
    late = memory[-quarter:-1] or memory
    return _figure("memory of the grader, last quarter", "MB", late, "second quarter", early)


def _nbgrader(root: Path, course: Course, scratch: Path, copies: int) -> float:
    """Time ``nbgrader autograde`` in a copy of the course: seconds a notebook, with its start."""
    identity = course.assignment.id
    place = scratch / "nbgrader"
    for name in ("source", "nbgrader_config.py"):
        _copy(root / name, place / name)
    tool = [sys.executable, "-m", "nbgrader"]
    # nbgrader calls alembic by its name
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PYTHONPATH": str(root), "PATH": path, "OPENBLAS_NUM_THREADS": "1"}
    made = [*tool, "generate_assignment", identity]
    subprocess.run(made, cwd=place, env=environment, check=True, capture_output=True)
    for number in range(copies):
        shutil.copytree(place / "release" / identity, place / "submitted" / f"s{number:03}" / identity)
    return min(_timed([*tool, "autograde", identity], 1, cwd=place, env=environment)) / copies


def _copy(source: Path, target: Path) -> None:
    copy: Callable[..., object] = shutil.copytree if source.is_dir() else shutil.copy
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(source, target)
