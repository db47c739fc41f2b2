"""Disturb a long batch: many submissions, some hostile, and a grader that is killed again and again.

The same submissions are graded twice: once undisturbed, and once by a grader that gets SIGKILL at random
moments and is started again with ``--resume``. Both must end with one report for each submission, and the two
may differ only in their times. Neither may leave a process, control group, mount or file.
Linux only, as the sandbox is.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import DEFINITION, Course, find_course
from autograder.errors import UsageError
from autograder.execution.tempdirs import TempDir
from autograder.model import Struct
from autograder.publish.toml import to_toml
from autograder.report import newest_reports, report_path
from autograder.report.stable import stable

if TYPE_CHECKING:
    import psutil

ZIPPED_EVERY = 7
# Checks that train, time, import much or ask a person: they take long, or their results vary.
LEFT_OUT = frozenset({"training", "network", "speed", "pdf", "manual"})
# Some submissions can't be graded, which is no failure.
ENDED_WELL = (0, 1)
SETTLE_SECONDS = 20.0
# Seconds in which a grader tests its walls and starts its workers.
START_SECONDS = 4.0
# The factor of memory, and the number of files, by which the last quarter of a batch may use more than its
# second; the first is start-up. A batch that leaves a file open for each submission is far beyond.
MORE_MEMORY, MORE_FILES = 1.10, 5
# A quarter of fewer submissions than a quarter of these shows single sandboxes: each has files open too.
SHOWS_GROWTH = 40
_CHILD_SUBREAPER = 36


class Plan(Struct):
    """The plan of a soak.

    `samples` are submissions' folders, used in turn. `hostile` is a folder of attacks: every
    `hostile_every`-th submission gets the next. A ``.py`` file is put at the end of a sample's notebook, so
    that its definitions win; an ``.ipynb`` file replaces the notebook.
    """

    root: Path
    samples: tuple[Path, ...]
    hostile: Path
    hostile_every: int = 10
    count: int = 2000
    kills: int = 10
    jobs: int = 2
    seed: int = 0


class Usage(Struct):
    """The use of the grader and its workers at one moment: memory in MB, open files."""

    memory: float
    files: int


class Soaked(Struct):
    """The outcome: `wrong` has a sentence for each thing that is wrong."""

    wrong: tuple[str, ...]
    calm_seconds: float
    disturbed_seconds: float
    memory: tuple[float, float]
    files: tuple[float, float]


class _Place(TempDir):
    def close(self) -> None:
        self.cleanup()


class Moment(Struct):
    """The moment at which a grader is killed: after so many seconds, or after so many graded submissions."""

    seconds: float = 0.0
    graded: int = 0

    def __str__(self) -> str:
        return f"when {self.graded} were graded" if self.graded else f"after {self.seconds:.2f} s"


def moments(plan: Plan) -> list[Moment]:
    """Draw the moments: in turn some time in the work, and while the grader starts."""
    draw = random.Random(plan.seed)
    reached = sorted(draw.randint(1, max(1, plan.count - 1)) for _ in range((plan.kills + 1) // 2))
    early = [draw.uniform(0.1, START_SECONDS) for _ in range(plan.kills // 2)]
    return [
        Moment(seconds=early[number // 2]) if number % 2 else Moment(graded=reached[number // 2])
        for number in range(plan.kills)
    ]


def soak(plan: Plan, say: Callable[[str], None]) -> Soaked:
    """Grade everything twice and compare.

    Raises
    ------
    UsageError
        There is nothing to make submissions of, or the undisturbed run failed.
    """
    with contextlib.closing(_Place()) as place, _adopting_orphans():
        scratch = Path(place.name)
        course = cheap_course(plan.root, scratch / "course")
        make_submissions(plan, course, scratch / "submissions")
        say(f"{plan.count} submissions made; seed {plan.seed}")
        run = _Run(plan, scratch)
        mounts = _mounts()
        calm, usage = run.in_peace()
        say(f"graded undisturbed: {calm:.0f} s")
        disturbed = run.disturbed(say)
        left = [*run.left(), *(f"left mounted: {line}" for line in sorted(_mounts() - mounts))]
        differences = compare(scratch / "calm", scratch / "disturbed", _identities(plan))
        grown = growth(usage) if plan.count >= SHOWS_GROWTH else ()
        wrong = [*differences, *left, *grown]
        return Soaked(
            wrong=tuple(wrong),
            calm_seconds=round(calm, 1),
            disturbed_seconds=round(disturbed, 1),
            memory=_quarters([one.memory for one in usage]),
            files=_quarters([one.files for one in usage]),
        )


# --- what is graded ----------------------------------------------------------------------------------


def cheap_course(root: Path, target: Path) -> Course:
    """Copy the course without its slow checks, and with two seconds for a child."""
    course = find_course(root)
    identity = course.assignment.id
    for name in ("source", "reference"):
        hidden = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(root / name / identity, target / name / identity, ignore=hidden)
    given = target / "release" / identity / course.assignment.notebook
    given.parent.mkdir(parents=True)
    shutil.copy(course.given_notebook, given)
    definition = target / "source" / identity / DEFINITION
    table = tomllib.loads(definition.read_text(encoding="utf-8"))
    definition.write_text(to_toml(without_slow_checks(table)), encoding="utf-8")
    return find_course(target)


def without_slow_checks(table: dict[str, Any]) -> dict[str, Any]:
    """Keep only an assignment's quick checks; an item without any gets a check of the files."""
    items = []
    for item in table["items"]:
        quick = [check for check in item["checks"] if check["kind"] not in LEFT_OUT]
        items.append({**item, "checks": quick or [{"kind": "files", "id": f"{item['id']}-files"}]})
    limits = {**table.get("limits", {})}
    limits["default"] = {**limits.get("default", {}), "cpu_seconds": 2}
    return {**table, "items": items, "limits": limits}


def _identities(plan: Plan) -> list[str]:
    return [f"n{number:05}" for number in range(plan.count)]


def attacks(plan: Plan) -> list[Path]:
    """Give the hostile files in an order drawn by the seed, so that short runs have different ones."""
    found = sorted(path for path in plan.hostile.glob("*") if path.suffix in (".py", ".ipynb"))
    random.Random(plan.seed).shuffle(found)
    return found


def make_submissions(plan: Plan, course: Course, target: Path) -> None:
    """Make folders and zips of the samples in turn, some hostile.

    Raises
    ------
    UsageError
        There is no sample, or no hostile file.
    """
    hostile = attacks(plan)
    if not plan.samples or not hostile:
        missing = plan.hostile if plan.samples else "no sample was named"
        raise UsageError(
            f"{missing}: nothing to make submissions of", "Name samples, and a folder of attacks."
        )
    for number, identity in enumerate(_identities(plan)):
        folder = target / identity
        shutil.copytree(plan.samples[number % len(plan.samples)], folder)
        if number % plan.hostile_every == plan.hostile_every - 1:
            attack = hostile[number // plan.hostile_every % len(hostile)]
            _make_hostile(folder / course.assignment.notebook, attack)
        if number % ZIPPED_EVERY == ZIPPED_EVERY - 1:
            _zip(folder)


def _make_hostile(notebook: Path, attack: Path) -> None:
    if attack.suffix == ".ipynb":
        shutil.copy(attack, notebook)
        return
    document = json.loads(notebook.read_bytes())
    source = attack.read_text(encoding="utf-8")
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
    document["cells"].append(cell)
    notebook.write_text(json.dumps(document), encoding="utf-8")


def _zip(folder: Path) -> None:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    shutil.rmtree(folder)


# --- grading it ----------------------------------------------------------------------------------------


class _Run:
    """Starts graders on the same submissions, and remembers what they started."""

    def __init__(self, plan: Plan, scratch: Path) -> None:
        self._plan, self._scratch = plan, scratch
        self._pids: set[int] = set()
        self._temporary = scratch / "temporary"
        self._temporary.mkdir()

    def _start(self, output: str) -> subprocess.Popen[bytes]:
        places = [str(self._scratch / "submissions"), "-o", str(self._scratch / output)]
        options = ["--course", str(self._scratch / "course"), "--jobs", str(self._plan.jobs), "--no-training"]
        # two runs are compared: what this machine measures and what is drawn may differ
        options += ["--slowness", "1", "--seed", str(self._plan.seed)]
        command = [sys.executable, "-m", "autograder", "grade", *places, *options, "--resume"]
        with (self._scratch / f"{output}.log").open("ab") as log:
            environment = {**os.environ, "TMPDIR": str(self._temporary)}
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=self._scratch)

    def in_peace(self) -> tuple[float, list[Usage]]:
        """Grade undisturbed; give the seconds, and the use of memory and files meanwhile."""
        start = time.monotonic()
        process = self._start("calm")
        usage = list(self._watch(process))
        if process.returncode not in ENDED_WELL:
            log = (self._scratch / "calm.log").read_text(encoding="utf-8", errors="replace")
            raise UsageError(f"the undisturbed run ended with {process.returncode}: {log[-1500:]}")
        return time.monotonic() - start, usage

    def disturbed(self, say: Callable[[str], None]) -> float:
        """Grade the same, and kill the grader at its moments; give the seconds."""
        start = time.monotonic()
        for moment in moments(self._plan):
            process = self._start("disturbed")
            began = time.monotonic()

            def come(moment: Moment = moment, began: float = began) -> bool:
                if moment.graded:
                    return self._done() >= moment.graded
                return time.monotonic() - began >= moment.seconds

            for _ in self._watch(process, come):
                pass
            process.send_signal(signal.SIGKILL)
            process.wait()
            say(f"killed {moment}: {self._done()} of {self._plan.count} are graded")
        for _ in self._watch(self._start("disturbed")):
            pass
        return time.monotonic() - start

    def _done(self) -> int:
        return len(newest_reports(self._scratch / "disturbed"))

    def _watch(
        self, process: subprocess.Popen[bytes], come: Callable[[], bool] = lambda: False
    ) -> Iterator[Usage]:
        """Look at the grader every 50 ms until it ends, or until the moment to kill it."""
        import psutil

        grader = psutil.Process(process.pid)
        while process.poll() is None and not come():
            with contextlib.suppress(psutil.Error):
                workers = [c for c in grader.children() if "multiprocessing" in " ".join(c.cmdline())]
                self._pids |= {grader.pid, *(worker.pid for worker in workers)}
                every = [(one.memory_info().rss, one.num_fds()) for one in (grader, *workers)]
                yield Usage(memory=sum(m for m, _ in every) / 1e6, files=sum(f for _, f in every))
            _reap(process.pid)
            time.sleep(0.05)

    def left(self) -> list[str]:
        """Wait a while, then list everything that the graders have left behind."""
        until = time.monotonic() + SETTLE_SECONDS
        while (found := self._found()) and time.monotonic() < until:
            time.sleep(0.1)
        return found

    def _found(self) -> list[str]:
        _reap()
        groups = [p for p in Path("/sys/fs/cgroup").glob("**/autograder-*-*") if _owner(p) in self._pids]
        return [
            *(f"left running: {' '.join(words)[:200]}" for words in _running()),
            *(f"left: control group {path}" for path in groups),
            *(f"left: {path}" for path in sorted(self._temporary.rglob("*"))),
        ]


def _owner(group: Path) -> int:
    return int(group.name.split("-")[1])


# Descendants of this process before it adopted orphans: they belong to no grader.
_EARLIER: set[int] = set()


def _children() -> list[psutil.Process]:
    """Give the processes that this one has started or adopted."""
    import psutil

    return [child for child in psutil.Process().children(recursive=True) if child.pid not in _EARLIER]


def _running() -> list[list[str]]:
    """Give their command lines."""
    import psutil

    found = []
    for child in _children():
        with contextlib.suppress(psutil.Error):
            found.append(child.cmdline() or [child.name()])
    return found


@contextlib.contextmanager
def _adopting_orphans() -> Iterator[None]:
    """Adopt all processes that a killed grader leaves, so that none is overlooked."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise UsageError("this system can't hand over orphaned processes", "Soak on Linux.")
    _EARLIER.update(child.pid for child in _children())
    try:
        yield
    finally:
        _EARLIER.clear()
        prctl(_CHILD_SUBREAPER, 0, 0, 0, 0)


def _reap(but: int = 0) -> None:
    """Take the exit status of adopted processes that have ended."""
    import psutil

    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if child.pid != but and child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)


def _mounts() -> set[str]:
    return set(Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines())


# --- judging it ------------------------------------------------------------------------------------------


def compare(calm: Path, disturbed: Path, identities: Sequence[str]) -> Iterator[str]:
    """List the differences of two output folders, and the submissions without a report."""
    names = {kind: sorted(str(p.relative_to(kind)) for p in kind.rglob("*")) for kind in (calm, disturbed)}
    for kind, there in names.items():
        reports = {name for name in there if re.fullmatch(r"reports/[^/]+/\d+\.json", name)}
        wanted = {f"reports/{identity}/1.json" for identity in identities}
        yield from (f"{kind.name}: no {name}" for name in sorted(wanted - reports))
        yield from (f"{kind.name}: {name} belongs to no submission" for name in sorted(reports - wanted))
    for name in sorted(set(names[calm]) ^ set(names[disturbed])):
        yield f"{name}: is in only one of the two runs"
    for identity in identities:
        yield from _differences(identity, *(report_path(kind, identity, 1) for kind in (calm, disturbed)))


def _differences(identity: str, *paths: Path) -> Iterator[str]:
    if all(path.exists() for path in paths):
        first, second = (stable(json.loads(path.read_bytes())) for path in paths)
        if first != second:
            keys = [key for key in first if first[key] != second.get(key)]
            yield f"{identity}: the reports differ in {', '.join(keys)}"
        for one in (first, second):
            if one["outcome"] == "grader_error":
                yield f"{identity}: the grader failed: {one['message']}"


def growth(usage: Sequence[Usage]) -> Iterator[str]:
    """List the resources of which the grader used more towards the end."""
    early, late = _quarters([one.memory for one in usage])
    if late > MORE_MEMORY * early:
        yield f"memory grew: {early:.0f} MB in the second quarter, {late:.0f} MB in the last"
    early, late = _quarters([one.files for one in usage])
    if late > early + MORE_FILES:
        yield f"open files grew: {early:.0f} in the second quarter, {late:.0f} in the last"


def _quarters(values: Sequence[float]) -> tuple[float, float]:
    """Give the medians of the second and of the last quarter; the last moments are left out."""
    quarter = max(1, len(values) // 4)
    return statistics.median(values[quarter : 2 * quarter] or [0]), statistics.median(
        values[-quarter:-1] or [0]
    )
