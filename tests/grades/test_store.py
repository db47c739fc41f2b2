"""The gradebook in SQLite and PostgreSQL: what is recorded stays, and what holds is the newest."""

import datetime
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import stat
import time
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from making import DUE, after, check, report, rubric, write
from msgspec.structs import replace
from servers import new_database

from autograder.assignment import Late
from autograder.errors import UsageError
from autograder.grades import tables
from autograder.grades.database import _MIGRATIONS, HEAD
from autograder.grades.deciding import excuse, override
from autograder.grades.history import history
from autograder.grades.importing import import_reports
from autograder.grades.roster import Person
from autograder.grades.store import Gradebook
from autograder.grades.upkeep import backup, problems
from autograder.model import Status
from autograder.report.student import student_view

RUBRIC = rubric(("f", 10, (check("a"), check("b"))), ("g", 5, (check("c"),)))
FORKED = multiprocessing.get_context("fork")


def review(learner, attempt, item, points, **more):
    row = {"assignment": "hw5", "learner": learner, "attempt": attempt, "item": item, "points": points}
    return {**row, "remarks": "[]", "text": "", "override": False, "withdrawn": False, **more}


def person(learner, **more):
    one = Person(learner=learner, identities=(learner, *more.pop("identities", ())), **more)
    row = {name: getattr(one, name) for name in ("learner", "name", "email", "section")}
    return {**row, "identities": json.dumps(one.identities)}


@pytest.fixture
def filled(gradebook, tmp_path):
    """A gradebook with two learners: s001 with two attempts, s002 with one."""
    gradebook.apply(RUBRIC)
    import_reports(
        gradebook,
        write(
            tmp_path / "reports",
            report("s001", RUBRIC, {"a": 1, "b": 0, "c": 1}, files="a", at=after(days=-2)),
            report(
                "s001", RUBRIC, {"a": 1, "b": 1, "c": Status.MANUAL}, files="b", at=after(days=-1), number=2
            ),
            report("s002", RUBRIC, {"a": 0, "b": 0, "c": 0}, files="c"),
        ),
    )
    return gradebook


def points(gradebook, learner="s001"):
    return gradebook.grades(RUBRIC, learner)[0].points


# --- the tables ---------------------------------------------------------------------------------------


def test_the_migrations_make_the_tables(gradebook):
    with gradebook.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    assert ScriptDirectory(str(_MIGRATIONS)).get_current_head() == HEAD


def test_a_gradebook_is_its_owner_s(tmp_path):
    Gradebook(f"sqlite:///{tmp_path / 'new' / 'g.sqlite3'}")
    assert stat.S_IMODE((tmp_path / "new" / "g.sqlite3").stat().st_mode) == 0o600


def _open(url):
    with Gradebook(url):
        pass


def test_many_may_open_a_new_one_at_once(url):
    openers = [FORKED.Process(target=_open, args=(url,)) for _ in range(4)]
    for one in openers:
        one.start()
    for one in openers:
        one.join(60)
    assert [one.exitcode for one in openers] == [0, 0, 0, 0]


# --- reports ------------------------------------------------------------------------------------------


def test_an_import_again_changes_nothing(filled, tmp_path):
    done = import_reports(filled, sorted((tmp_path / "reports").glob("*.json")))
    assert (done.new, done.known, done.refused) == (0, 3, ())
    assert [len(some) for some in filled.attempts("hw5").values()] == [2, 1]


def test_what_can_not_be_read_is_named_and_the_rest_goes_on(gradebook, tmp_path):
    good = write(tmp_path / "r", report("s001", RUBRIC, {"a": 1, "b": 1, "c": 1}))
    (tmp_path / "bad.json").write_text('{"a": NaN}')
    done = import_reports(gradebook, [tmp_path / "bad.json", tmp_path / "none.json", *good])
    assert done.new == 1
    assert done.refused[0].startswith(f"{tmp_path / 'bad.json'}: is not JSON: NaN")
    assert done.refused[1] == f"{tmp_path / 'none.json'}: can't be read: No such file or directory"


def test_a_student_s_view_is_no_report_to_grade_by(gradebook, tmp_path):
    view = student_view(report("s001", RUBRIC, {"a": 1, "b": 1, "c": 1}), DUE)
    (path,) = write(tmp_path / "r", view)
    done = import_reports(gradebook, [path])
    assert (done.new, gradebook.attempts("hw5")) == (0, {})
    assert done.refused == (f"{path}: is a student's view\n  Name the report that `autograder grade` wrote.",)


def test_attempts_are_numbered_by_time_whatever_the_order_of_imports(gradebook, tmp_path):
    made = [
        report("s001", RUBRIC, {"a": 1, "b": 1, "c": 1}, files=name, at=after(hours=hours))
        for name, hours in (("third", 9), ("first", 1), ("second", 5))
    ]
    for one in made:
        import_reports(gradebook, write(tmp_path / one.submission.files[0].sha256, one))
    (attempts,) = gradebook.attempts("hw5").values()
    assert [(one.number, one.submitted_at) for one in attempts] == [
        (1, after(hours=1)),
        (2, after(hours=5)),
        (3, after(hours=9)),
    ]


def test_grading_the_same_files_again_is_the_same_attempt_and_keeps_its_reviews(filled, tmp_path):
    key = filled.attempts("hw5")["s002"][0].key
    filled.add(tables.reviews, [review("s002", key, "g", "3")])
    again = report("s002", RUBRIC, {"a": 1, "b": 0, "c": 0}, files="c", generated="2027-03-05T00:00:00+00:00")
    import_reports(filled, write(tmp_path / "again", again))
    (attempt,) = filled.attempts("hw5")["s002"]
    assert (attempt.key, attempt.number) == (key, 1)
    assert points(filled, "s002") == 8


def test_the_same_files_again_are_not_late_by_that(gradebook, tmp_path):
    late = rubric(("f", 10, (check("a"),)), late=Late(percent=10))
    gradebook.apply(late)
    times = [("a", after(hours=-2)), ("a", None), ("a", after(hours=-1)), ("a", after(days=3))]
    times += [("number", after(hours=-1)), ("number", after(hours=5))]
    for number, (files, at) in enumerate(times):
        made = report("s001" if files == "a" else "s002", late, {"a": 1}, files=files, at=at)
        if files == "number":  # nobody knows whether these are the same
            made = replace(made, submission=replace(made.submission, files=()))
        import_reports(
            gradebook, write(tmp_path / f"{number}", replace(made, generated_at=f"2027-04-{number + 10}"))
        )
    first, second = gradebook.grades(late)
    assert (first.points, first.late) == (10, None)
    assert first.steps[0].text.endswith(
        "handed in 2027-03-01 21:59:00+00:00 and, the same files, 2027-03-04 23:59:00+00:00, "
        "due 2027-03-01 23:59:00+00:00"
    )
    assert (second.points, second.late) == (9, datetime.timedelta(hours=5))


def test_the_same_files_under_two_names_are_one_attempt(filled, tmp_path):
    made = report("Unus Primus", RUBRIC, {"a": 1, "b": 1, "c": 1}, files="a", at=after(days=9))
    import_reports(filled, write(tmp_path / "m", made))
    filled.add(tables.persons, [person("s001", identities=("Unus Primus",))])
    (one,) = filled.grades(RUBRIC, "s001")
    assert one.steps[0].text.startswith(
        "attempt 1 of 2 counts (last), handed in 2027-02-27 23:59:00+00:00 and"
    )
    assert one.late is None


def test_what_a_group_hands_in_is_each_one_s(filled, tmp_path):
    made = report("s001 + Ada L + s009", RUBRIC, {"a": 1, "b": 1, "c": 1}, files="g", at=after(hours=1))
    import_reports(filled, write(tmp_path / "m", made))
    filled.add(tables.persons, [person("s003", identities=("Ada L",)), person("s004")])
    grades = {one.learner: (one.points, one.attempt) for one in filled.grades(RUBRIC)}
    assert grades == {"s001": (15, 3), "s002": (0, 1), "s003": (15, 1), "s004": (None, None), "s009": (15, 1)}
    assert override(filled, RUBRIC, "s003", "g", points="2", reason="short") == "s001 + Ada L + s009"
    assert [one.points for one in filled.grades(RUBRIC, "s009")] == [12]
    assert [one.learner for one in filled.grades(RUBRIC, "Ada L + s001")] == ["s001", "s003"]
    excuse(filled, RUBRIC, "s003 + s009", "ill")
    statuses = {one.learner: one.status.value for one in filled.grades(RUBRIC)}
    assert [name for name, status in statuses.items() if status == "excused"] == ["s003", "s009"]
    assert any("2 points: short" in one.new for one in history(filled, "s009"))
    assert list(problems(filled)) == []


def test_two_learners_with_the_same_report_s_text_are_two(gradebook, tmp_path):
    paths = write(tmp_path, *(report(name, RUBRIC, {"a": 1, "b": 1, "c": 1}) for name in ("s001", "s002")))
    assert import_reports(gradebook, paths).new == 2


# --- decisions ----------------------------------------------------------------------------------------


def test_the_newest_review_holds_and_the_older_ones_stay(filled):
    key = filled.attempts("hw5")["s001"][1].key
    before = filled.grades(RUBRIC, "s001")[0]
    assert (before.status.value, before.points) == ("provisional", 10)
    for given in ("2", "4.5"):
        filled.add(tables.reviews, [review("s001", key, "g", given)])
    assert points(filled) == Decimal("14.5")
    changes = [(one.who, one.old, one.new) for one in history(filled, "s001") if "g of attempt" in one.about]
    assert changes == [("ta1", "0 points", "2 points"), ("ta1", "2 points", "4.5 points")]
    filled.add(tables.reviews, [review("s001", key, "g", None, withdrawn=True)])
    assert filled.grades(RUBRIC, "s001")[0] == before


def test_a_learner_is_one_under_all_names_of_the_roster(filled, tmp_path):
    import_reports(
        filled,
        write(
            tmp_path / "m",
            report("Unus Primus", RUBRIC, {"a": 1, "b": 1, "c": 1}, files="d", at=after(hours=-1)),
        ),
    )
    filled.add(tables.persons, [person("s001", identities=("Unus Primus",)), person("s003")])
    grades = {one.learner: one for one in filled.grades(RUBRIC)}
    assert sorted(grades) == ["s001", "s002", "s003"]
    assert (grades["s001"].points, grades["s001"].attempt) == (15, 3)
    assert grades["s003"].status.value == "missing"
    assert filled.grades(RUBRIC, "unus primus") == [grades["s001"]]


def test_extensions_and_excuses_can_be_taken_back(filled):
    row = {"assignment": "hw5", "learner": "s001"}
    filled.add(tables.excuses, [{**row, "reason": "ill", "excused": True}])
    assert filled.grades(RUBRIC, "s001")[0].status.value == "excused"
    filled.add(tables.excuses, [{**row, "reason": "well", "excused": False}])
    assert filled.grades(RUBRIC, "s001")[0].status.value == "provisional"
    filled.add(tables.extensions, [{**row, "until": after(days=2).isoformat(), "reason": "ill"}])
    assert any("extension to" in line.text for line in filled.grades(RUBRIC, "s001")[0].steps)
    assert [one.new for one in history(filled, "s001")][-1] == f"{after(days=2).isoformat()}: ill"


# --- upkeep -------------------------------------------------------------------------------------------


def test_all_fits_until_somebody_changes_a_byte(filled):
    assert list(problems(filled)) == []
    with filled.writing() as connection:
        connection.execute(
            tables.reports.update().where(tables.reports.c.learner == "s002").values(outcome="x")
        )
    assert [one.partition(" of ")[2] for one in problems(filled)] == [
        "s002: its outcome is not what its text says"
    ]
    with filled.writing() as connection:
        connection.execute(tables.documents.update().values(content=b"x"))
    assert sum("its text has changed" in one for one in problems(filled)) == 3


def test_a_review_of_nothing_is_found(filled):
    filled.add(tables.reviews, [review("s009", "k", "g", "3")])
    assert list(problems(filled)) == ["review of g by ta1: s009 has no attempt k"]


def test_a_copy_is_whole(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path / 'g.sqlite3'}", "ta1") as gradebook:
        gradebook.add(tables.persons, [person("s001")])
        backup(gradebook, tmp_path / "copy.sqlite3")
        with pytest.raises(UsageError, match="exists already"):
            backup(gradebook, tmp_path / "copy.sqlite3")
        with pytest.raises(UsageError, match="can't be written"):
            backup(gradebook, tmp_path / "nowhere" / "copy.sqlite3")
    assert stat.S_IMODE((tmp_path / "copy.sqlite3").stat().st_mode) == 0o600
    with Gradebook(f"sqlite:///{tmp_path / 'copy.sqlite3'}") as copy:
        assert list(copy.roster().persons) == ["s001"]


def test_a_server_s_gradebook_is_not_a_file(postgres, tmp_path):
    with Gradebook(new_database(postgres)) as gradebook, pytest.raises(UsageError, match="is not a file"):
        backup(gradebook, tmp_path / "copy")


# --- what is no gradebook -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "is not the URL of a database"),
        ("mysterydb://x", "is not the URL of a database"),
        ("postgresql://nobody:secret@127.0.0.1:1/x", "connection"),
        ("sqlite:////proc/nowhere/g.sqlite3", "can't be opened"),
    ],
)
def test_what_can_not_be_opened_is_said_without_passwords(url, says):
    with pytest.raises(UsageError, match=says) as refused:
        Gradebook(url)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "g.sqlite3").write_text("no database, but long enough to be taken for one" * 9)
    with pytest.raises(UsageError, match="file is not a database"):
        Gradebook(f"sqlite:///{tmp_path / 'g.sqlite3'}")


def test_another_program_s_database_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as other:
        other.execute("CREATE TABLE graded (id TEXT)")
    with pytest.raises(UsageError, match=r"is another program's database \(it has graded\)"):
        Gradebook(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")


def test_a_newer_gradebook_is_refused(url):
    with Gradebook(url) as gradebook, gradebook.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UsageError, match="was written by a newer autograder"):
        Gradebook(url)


def test_a_driver_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(UsageError, match="needs psycopg, which is not installed"):
        Gradebook("postgresql://127.0.0.1:1/x")


# --- several writers, and sudden ends -----------------------------------------------------------------

ROWS = 25


def _write_many(url, who):
    with Gradebook(url, who) as gradebook:
        for number in range(ROWS):
            gradebook.add(tables.reviews, [review("s001", "k", f"i{number}", str(number))])


@pytest.mark.parametrize("writers", [4, 8])
def test_writers_at_once_lose_nothing(url, writers):
    if writers == 8 and url.startswith("sqlite"):
        pytest.skip("SQLite is for a few")
    _open(url)
    people = [FORKED.Process(target=_write_many, args=(url, f"ta{n}")) for n in range(writers)]
    for one in people:
        one.start()
    for one in people:
        one.join(120)
    with Gradebook(url) as gradebook, gradebook.reading() as connection:
        rows = connection.execute(tables.reviews.select()).all()
    assert sorted((row.who, row.item) for row in rows) == sorted(
        (f"ta{n}", f"i{m}") for n in range(writers) for m in range(ROWS)
    )


def _write_until_killed(url, pipe):
    with Gradebook(url, "ta1") as gradebook:
        number = 0
        while True:
            gradebook.add(tables.reviews, [review("s001", "k", f"i{number}", "1")] * 3)
            os.write(pipe, b"x")
            number += 1


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_at_most_the_write_under_way(tmp_path):
    url = f"sqlite:///{tmp_path / 'g.sqlite3'}"
    _open(url)
    done, chance = 0, random.Random(1)
    for _ in range(200):
        reader, writer = os.pipe()
        process = FORKED.Process(target=_write_until_killed, args=(url, writer))
        process.start()
        os.close(writer)
        acknowledged = len(os.read(reader, 1))
        time.sleep(chance.uniform(0, 0.02))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        while some := os.read(reader, 4096):
            acknowledged += len(some)
        os.close(reader)
        with sqlite3.connect(tmp_path / "g.sqlite3") as connection:
            (rows,) = connection.execute("SELECT count(*) FROM reviews").fetchone()
        assert rows % 3 == 0
        assert done + acknowledged <= rows / 3 <= done + acknowledged + 1
        done = rows // 3
    with sqlite3.connect(tmp_path / "g.sqlite3") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
