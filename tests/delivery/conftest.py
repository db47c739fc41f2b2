"""A course whose gradebook goes to nbgrader: a release, hand-ins, reports, and commands to run in it."""

import datetime
import functools
import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from grades.making import after, report, write
from grades.servers import lacks, new_database, server
from msgspec.structs import replace
from sqlalchemy import create_engine, text

from autograder.cli import cli
from autograder.cli.place import Place
from autograder.errors import AutograderError
from autograder.model import FileRecord, Status
from autograder.publish.notebook import student_notebook

SOURCE = Path(__file__).parents[1] / "publish/course"
RULES = 'due_at = "2027-03-01T23:59:00+00:00"\nlate = { percent = 10, cut_off_hours = 2400 }\n'


@pytest.fixture(scope="session")
def postgres():
    if reason := lacks():
        pytest.skip(reason)
    with server() as url:
        yield url


@pytest.fixture
def url(request, tmp_path):
    """An empty database for nbgrader: in SQLite, if a test asks for no other."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path / 'course/gradebook.db'}"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def released():
    """The text of the release's notebook."""
    return student_notebook(SOURCE / "source/affine/affine.ipynb", SOURCE / "nbgrader_config.py")


def make_course(root, released):
    shutil.copytree(SOURCE, root, ignore=shutil.ignore_patterns("__pycache__"))
    definition = root / "source/affine/assignment.toml"
    definition.write_text(RULES + definition.read_text())
    release = root / "release/affine/affine.ipynb"
    release.parent.mkdir(parents=True)
    release.write_text(released)
    return root


@pytest.fixture
def course(tmp_path, released):
    return make_course(tmp_path / "course", released)


class HandIn:
    """Hands in notebooks, the release's with some cells more, and writes their reports; gives the files."""

    def __init__(self, course, released):
        self.course, self.released = course, released
        self.rubric = Place(None, course, None, None).own_rubric()

    def __call__(
        self, learner, *cells, at=None, wrong=(), number=1, place="submitted", judged=True, play=Status.MANUAL
    ):
        document = json.loads(self.released)
        document["cells"] += [
            {"id": f"own-{number}-{i}", "metadata": {}, **cell} for i, cell in enumerate(cells)
        ]
        path = self.course / place / learner / "affine/affine.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
        data = path.read_bytes()
        checks = [check.id for item in self.rubric.items for check in item.checks]
        fractions = {one: (0 if one in wrong else 1) if judged else Status.SKIPPED for one in checks}
        fractions["play-judged"] = play
        made = report(learner, self.rubric, fractions, at=at or after(hours=-1), number=number)
        file = FileRecord(path="affine.ipynb", bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        facts = replace(made.submission, origin=str(path.parent), files=(file,))
        write(self.course / f"reports-{number}", replace(made, submission=facts))
        return path


@pytest.fixture
def hand_in(course, released):
    return HandIn(course, released)


def run_in(course, *args, fails=False):
    done = CliRunner().invoke(cli, ["gradebook", *map(str, args), "--course", str(course)])
    if fails:
        assert isinstance(done.exception, AutograderError), (done.output, done.exception)
        return str(done.exception)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


@pytest.fixture
def run(course, monkeypatch):
    """Run a command of the gradebook in the course, and give what it said."""
    monkeypatch.chdir(course)
    return functools.partial(run_in, course)


@pytest.fixture(scope="session")
def graded_course(tmp_path_factory, released):
    """A class of three: s002 is late and has a mistake, s003 handed in nothing."""
    course = make_course(tmp_path_factory.mktemp("class") / "course", released)
    hand_in = HandIn(course, released)
    hand_in("s001")
    hand_in("s002", at=after(hours=1), wrong=["forward-by-hand"])
    (course / "class.csv").write_text("id,name,email\ns001,Ada Lovelace,ada@x.org\ns003,Three\n")
    run_in(course, "roster", course / "class.csv")
    run_in(course, "import", course / "reports-1")
    return course


@pytest.fixture
def graded(course, graded_course):
    """The class's gradebook, in the course."""
    shutil.copy(graded_course / "gradebook.sqlite3", course)


class Theirs:
    """nbgrader's database, looked at and written to as a person's formgrader does."""

    def __init__(self, url):
        self.engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))

    def all(self, query, **values):
        with self.engine.begin() as connection:
            return connection.execute(text(query), values).all()

    def dump(self):
        names = self.all(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            if self.engine.name == "sqlite"
            else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        )
        return {name: sorted(map(repr, self.all(f'SELECT * FROM "{name}"'))) for (name,) in names}

    def grade(self, learner, item):
        """One grade, with its comment."""
        found = self.all(
            """SELECT g.id, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade AS waits,
                      n.late_submission_penalty AS penalty, s.timestamp,
                      (SELECT c.manual_comment FROM comment c JOIN base_cell d ON d.id = c.cell_id
                       WHERE c.notebook_id = n.id AND d.name = b.name) AS comment,
                      (SELECT c.auto_comment FROM comment c JOIN base_cell d ON d.id = c.cell_id
                       WHERE c.notebook_id = n.id AND d.name = b.name) AS automatic
               FROM grade g JOIN base_cell b ON b.id = g.cell_id
               JOIN submitted_notebook n ON n.id = g.notebook_id
               JOIN submitted_assignment s ON s.id = n.assignment_id
               WHERE s.student_id = :learner AND b.name = :item""",
            learner=learner,
            item=item,
        )
        values = dict(found[0]._mapping)
        if isinstance(values["timestamp"], str):
            values["timestamp"] = datetime.datetime.fromisoformat(values["timestamp"])
        return SimpleNamespace(**values)

    def give(self, learner, item, comment=None, **columns):
        """Give points as the formgrader does."""
        grade = self.grade(learner, item).id
        columns = {"needs_manual_grade": False, **columns}
        assigned = ", ".join(f"{name} = :{name}" for name in columns)
        with self.engine.begin() as connection:
            connection.execute(text(f"UPDATE grade SET {assigned} WHERE id = :id"), {**columns, "id": grade})
            connection.execute(
                text(
                    """UPDATE comment SET manual_comment = :comment
                       WHERE notebook_id = (SELECT notebook_id FROM grade WHERE id = :id)
                       AND cell_id IN (SELECT id FROM base_cell WHERE name = :item)"""
                ),
                {"comment": comment, "id": grade, "item": item},
            )


@pytest.fixture
def theirs(url):
    return Theirs(url)
