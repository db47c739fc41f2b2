"""The benchmarks' machinery: turns, figures, and messages if something can't be measured."""

import json
import os
from pathlib import Path

import pytest
from bench import shown
from bench.command import command
from bench.contender import LEAST_RUNS, time_work
from bench.gradebook import measure_gradebook
from bench.interleave import Absent, Row, take_turns
from bench.machine import Machine
from bench.nbgrader import measure_nbgrader
from bench.suite import Contender, Suite, Work, load_suite
from click.testing import CliRunner
from msgspec.structs import replace
from reports import make_report

from autograder.assignment import Attempts, ExtraCredit, ItemSpec, Late, Rounding
from autograder.authoring.specs import CheckSpec
from autograder.course import find_course
from autograder.errors import GraderFault, UsageError
from autograder.grades.rubric import Rubric
from autograder.report import to_json

ROOT = Path(__file__).parents[2]
WORK = Work(name="nap", about="10 ms", operations=2e9, moved=1e9, dtype="float32")
MACHINE = Machine(
    processor="a processor",
    cores=2,
    versions="Python",
    peak={"float32": 1e12, "float64": 5e11},
    bandwidth=1e11,
)
OWN = """
import os, sys, time
from bench.suite import Contender, Suite, UnavailableError, Work

def prepare(root):
    print("chatter")
    return {"nap": lambda: time.sleep(0.001), "other": lambda: os.environ["LOUD"]}

def refuse(root):
    raise UnavailableError("not on a Tuesday")

def crash(root):
    return {"nap": lambda: os._exit(3)}

works = tuple(Work(name=n, about="", operations=1.0, moved=1.0, dtype="float32") for n in ("nap", "other"))
SUITES = {
    "small": Suite(works=works, ours="one", contenders={
        "one": Contender(prepare=prepare, environment={"LOUD": "1"}),
        "two": Contender(prepare=lambda root: {"nap": lambda: None}),
        "absent": Contender(prepare=refuse),
    }),
    "broken": Suite(works=works, ours="one", contenders={"one": Contender(prepare=crash)}),
}
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course like the homework's, with benchmarks of its own."""
    for name in ("source", "release"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "reference" / "hw5").mkdir(parents=True)
    for path in (ROOT / "reference" / "hw5").iterdir():
        if path.name != "benchmarks.py":
            (tmp_path / "reference" / "hw5" / path.name).symlink_to(path)
    (tmp_path / "reference" / "hw5" / "benchmarks.py").write_text(OWN, encoding="utf-8")
    return tmp_path


def test_a_work_is_timed_a_few_times_at_least() -> None:
    calls: list[int] = []
    assert len(time_work(lambda: calls.append(1), 0.0)) == LEAST_RUNS
    assert len(calls) > LEAST_RUNS


def test_everybody_has_turns_at_what_they_can_do(course: Path) -> None:
    found = list(
        take_turns(course, "small", load_suite(find_course(course), "small"), rounds=2, seconds=0.01)
    )
    assert Absent(contender="absent", reason="not on a Tuesday") in found
    rows = [each for each in found if isinstance(each, Row)]
    assert [(row.work, row.contender) for row in rows] == [("nap", "one"), ("nap", "two"), ("other", "one")]
    assert all(row.least <= row.lower <= row.median <= row.upper for row in rows)
    assert all(row.runs >= 2 * LEAST_RUNS for row in rows)


def test_an_earlier_build_takes_turns_with_ours(course: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    (earlier / "built.py").write_text("PLACE = 'earlier'\n", encoding="utf-8")
    file = course / "reference" / "hw5" / "benchmarks.py"
    text = file.read_text(encoding="utf-8").replace('print("chatter")', "import built")
    file.write_text(text, encoding="utf-8")
    suite = load_suite(find_course(course), "small").beside("before", earlier)
    found = list(take_turns(course, "small", suite, rounds=1, seconds=0.01))
    assert Absent(contender="one", reason="No module named 'built'") in found
    assert {each.contender for each in found if isinstance(each, Row)} == {"two", "before"}


def test_the_machine_is_taken_at_its_best() -> None:
    later = replace(MACHINE, peak={"float32": 2e12, "float64": 4e11}, bandwidth=5e10)
    best = MACHINE.at_best(later)
    assert (best.peak, best.bandwidth) == ({"float32": 2e12, "float64": 5e11}, 1e11)


def test_a_candidate_that_dies_is_named(course: Path) -> None:
    suite = load_suite(find_course(course), "broken")
    with pytest.raises(GraderFault, match="the contender `one` ended without an answer"):
        list(take_turns(course, "broken", suite, rounds=1, seconds=0.01))


def test_a_suite_that_the_course_does_not_have_is_named(course: Path) -> None:
    with pytest.raises(UsageError, match="has no suite 'layers'"):
        load_suite(find_course(course), "layers")
    (course / "reference" / "hw5" / "benchmarks.py").unlink()
    with pytest.raises(UsageError, match="this course has no benchmarks of its own"):
        load_suite(find_course(course), "small")


def measured() -> dict[str, object]:
    times = (("ours", 0.01, 0.02), ("peer", 0.04, 0.05))
    rows = [Row("nap", who, least, median, median, median, 5) for who, least, median in times]
    absent = Absent("absent", "not on a Tuesday")
    nobody = Contender(prepare=lambda _: {})
    return shown.figures(
        Suite(works=(WORK,), contenders={"ours": nobody}, ours="ours"), MACHINE, [*rows, absent]
    )


def test_figures_compare_with_ours_and_with_the_machine() -> None:
    figures = json.loads(json.dumps(measured()))
    (work,) = figures["works"]
    assert work["least_seconds"] == 0.01  # 1e9 bytes at 1e11 a second; the operations take less
    assert [row["least_ratio"] for row in work["rows"]] == [1.0, 4.0]
    assert [row["ratio"] for row in work["rows"]] == [1.0, 2.5]
    assert figures["absent"] == [{"contender": "absent", "reason": "not on a Tuesday"}]


def test_a_plot_is_drawn_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    shown.plot(measured(), tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_text(encoding="utf-8").count("<svg") == 1
    with pytest.raises(UsageError, match="can't be written"):
        shown.plot(measured(), tmp_path / "nowhere" / "plot.svg")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match="a plot needs Matplotlib"):
        shown.plot(measured(), tmp_path / "plot.svg")


def test_candidates_can_be_chosen_by_name() -> None:
    suite = Suite(works=(WORK,), contenders=dict.fromkeys("abc", Contender(prepare=lambda _: {})), ours="a")
    assert list(suite.only([]).contenders) == ["a", "b", "c"]
    assert list(suite.only(["c"]).contenders) == ["a", "c"]
    with pytest.raises(UsageError, match=r"no contender 'd'(?s:.)*There are: a, b, c\."):
        suite.only(["c", "d"])


@pytest.mark.slow
@pytest.mark.parametrize(("suite", "other"), [("layers", "NumPy alone"), ("training", "torch")])
def test_the_homework_s_own_suites_run(suite: str, other: str) -> None:
    contenders = ["--only", "NumPy alone", "--only", other]
    options = ["--course", str(ROOT), "--rounds", "1", "--seconds", "0.001", "--json", *contenders]
    done = CliRunner(env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}).invoke(command, [suite, *options])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    absent = {each["contender"] for each in figures["absent"]}
    for work in figures["works"]:
        assert {row["contender"] for row in work["rows"]} & {"compiled", "NumPy alone"}
        assert all(row["median"] > 0 for row in work["rows"])
    assert not absent & {"compiled", "NumPy alone"}


def tiny_rubric(item):
    check = CheckSpec(kind="files", id="a")
    return Rubric(
        config_sha256="0",
        assignment="tiny",
        items=(ItemSpec(id=item, title=item, step=1, points=8, checks=(check,)),),
        asked={"a": "a"},
        round_to=0.5,
        due_at=None,
        late=Late(),
        attempts=Attempts(),
        extra_credit=ExtraCredit(),
        rounding=Rounding(),
    )


def test_the_gradebook_is_measured_at_growing_sizes():
    rows = list(measure_gradebook([make_report()], tiny_rubric("f"), [2, 4], attempts=3))
    assert [(row["learners"], row["reports"]) for row in rows] == [(2, 6), (4, 12)]
    assert all(row[name] > 0 for row in rows for name in ("import", "all grades", "one learner", "rescoring"))


def test_a_push_into_nbgrader_s_gradebook_is_measured(tmp_path):
    data = {"cell_type": "code", "grade": True, "grade_id": "f", "points": 8, "locked": True}
    cell = {"cell_type": "code", "source": [], "metadata": {"nbgrader": data}}
    notebook = tmp_path / "tiny.ipynb"
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}}))
    figures = measure_nbgrader([make_report()], tiny_rubric("f"), notebook, learners=3)
    assert figures.pop("learners") == 3
    assert all(seconds > 0 for seconds in figures.values())
    assert len(figures) == 3


def test_the_command_measures_the_course_s_own_release(tmp_path):
    (tmp_path / "s001.json").write_text(to_json(make_report()))
    options = ["--course", str(ROOT), "--reports", str(tmp_path), "--learners", "2", "--json"]
    done = CliRunner().invoke(command, ["nbgrader", *options])
    assert json.loads(done.output)["learners"] == 2, done.exception
