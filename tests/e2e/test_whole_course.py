"""A whole course through its commands: handed out, handed in late, graded, reviewed, rescored, signed."""

import contextlib
import csv
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from chromium import launched

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests/publish/course"
LEARNERS = [f"s{number:03}" for number in range(1, 31)]
# Who hands in: a pair together, the others alone, the last one nothing. Some do it two and three times.
PAIR, BARE = "s027 + s028", "s026"
HANDING_IN = (PAIR, *LEARNERS[:26], "s029")
HOW_MANY = (28, 20, 10)
REPORTS = sum(HOW_MANY)
# In the third attempt one hands in the first one's files once more.
BACK = "s003"
RULES = """due_at = "2027-03-01T23:59:00+00:00"
late = { percent = 10, grace_minutes = 30, cut_off_hours = 72 }
attempts = { counts = "best" }
rounding = { step = 0.25 }
extra_credit = { most = 0.5 }
"""
EXPLAIN = """
[[items]]
id = "pdf"
title = "Explain the layer"
step = 3
points = 4

[[items.checks]]
kind = "written"
id = "explained"
cell = "pdf"
question_for_grader = "Does it say why inputs are flattened?"
"""
RIGHT = "    return x.reshape(len(x), -1) @ w + b"
CODE = {
    "right": RIGHT,
    "without the bias": RIGHT.replace(" + b", ""),
    "two axes alone": "    return x @ w + b",
    "not written": "    return None",
}
DUE = datetime.datetime(2027, 3, 1, 23, 59, tzinfo=datetime.UTC)
# Hours after the date at which the attempts come in: in time, within the grace, late, too late.
HOURS = ((-50, -20, -3), (-30, 0.4, 20), (-9, 30, 60), (2, 49, 90), (-4, 100, 200))
PEOPLE = ("ta1", "ta2")


class Course:
    """A course's folder, and its commands."""

    def __init__(self, root):
        self.root = root
        shutil.copytree(SMALL, root, ignore=shutil.ignore_patterns("__pycache__"))
        self.definition = root / "source/affine/assignment.toml"
        text = self.definition.read_text().replace(', { suffix = ".pdf", name = "affine.pdf" }', "")
        old = text[text.index('[[items]]\nid = "pdf"') : text.index('[[items]]\nid = "files"')]
        text = text.replace(old, EXPLAIN.lstrip() + "\n").replace('extension = "affinecore"\n', "")
        self.definition.write_text(RULES + text)
        notebook = root / "source/affine/affine.ipynb"
        document = json.loads(notebook.read_text())
        (cell,) = (c for c in document["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "pdf")
        cell["metadata"]["nbgrader"] |= {
            "points": 4,
            "solution": True,
            "grade": True,
            "task": False,
            "locked": False,
        }
        cell["source"] = "Inputs are flattened, since a weight stands for each of their numbers."
        notebook.write_text(json.dumps(document))

    def run(self, *words, status=0):
        command = [sys.executable, "-m", "autograder", *map(str, words)]
        done = subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def gradebook(self, *words, status=0):
        return self.run("gradebook", *words, status=status)

    def hand_in(self, number):
        """Hand in an attempt: kinds of code in turn, times by `HOURS`."""
        for at, learner in enumerate(HANDING_IN[: HOW_MANY[number - 1]]):
            folder = self.root / "submitted" / learner / "affine"
            folder.mkdir(parents=True, exist_ok=True)
            if learner == BARE:
                (folder / "notes.txt").write_text("My notebook does not open.")
            else:
                work = self.notebook(at, learner, 1 if learner == BACK and number == 3 else number)
                (folder / "affine.ipynb").write_text(work)
            when = DUE + datetime.timedelta(hours=HOURS[at % len(HOURS)][number - 1])
            (folder / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC")

    def notebook(self, at, learner, number):
        """Fill in the release's notebook."""
        release = json.loads((self.root / "release/affine/affine.ipynb").read_text())
        code = CODE[list(CODE)[(at + number * (1 + at % 3)) % len(CODE)]]
        for cell in release["cells"]:
            text, name = "".join(cell["source"]), cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name == "layer":
                head, _, _ = text.partition("    out = None")
                cell["source"] = f"{head}{code}\n# {learner}, attempt {number}\n"
            if name == "pdf":
                cell["source"] = f"One weight for each number, says {learner}."
        if at % 2:  # a question of one's own, for extra credit
            printed = {"output_type": "stream", "name": "stdout", "text": "2\n"}
            made = {"cell_type": "code", "source": "print(len(x))", "metadata": {}, "outputs": [printed]}
            release["cells"].append({"id": "own", "execution_count": 9, **made})
        return json.dumps(release)

    def table(self, name="grades.csv"):
        self.gradebook("grades", "--csv", name)
        with (self.root / name).open(encoding="utf-8-sig") as file:
            return {row["learner"]: row for row in csv.DictReader(file)}

    def agrees(self):
        """Hold every grade against the independent script; give them."""
        command = [sys.executable, "-I", str(Path(__file__).with_name("sums.py")), str(self.root)]
        wanted = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows = self.table()
        found = {name: float(row["points"]) if row["points"] else None for name, row in rows.items()}
        assert found == wanted
        return found

    def points_in_a_spreadsheet(self):
        """Give points for all that waits, in the file that the gradebook writes; gives the number of rows."""
        self.gradebook("points", "export", "points.csv")
        with (self.root / "points.csv").open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        for at, row in enumerate(rows):
            if not row["reviewer"]:
                row["points"] = f"{at % 9 / 8 * float(row['maximum']):g}"
                row["remark"] = "read on paper"
        with (self.root / "points.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        self.gradebook("points", "import", "points.csv")
        return rows

    def change_rubric(self):
        """Give other points to two items, more weight to a hidden check, and take less for lateness."""
        text = self.definition.read_text()
        changes = {"points = 6": "points = 8", "weight = 2": "weight = 3", "percent = 10": "percent = 5"}
        changes["points = 4"] = "points = 3"  # fewer than a person has given
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.definition.write_text(text)

    def change_a_digit(self, name, pattern):
        path = self.root / name
        changed, count = re.subn(
            pattern, lambda found: found[1] + str((int(found[2]) + 1) % 10), path.read_text(), count=1
        )
        assert count == 1
        path.write_text(changed)

    def nbgrader(self, *words):
        # nbgrader finds alembic on the path
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        command, env = [sys.executable, *words], {**os.environ, "PATH": path}
        subprocess.run(command, cwd=self.root, check=True, capture_output=True, timeout=120, env=env)

    def judge_and_export_in_nbgrader(self, learner, item, points):
        """Give points by nbgrader's own interface, as its formgrader does; give what it exports."""
        code = f"""
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
with Gradebook("sqlite:///gradebook.db") as there:
    grade = there.find_grade("{item}", "affine", "affine", "{learner}")
    grade.manual_score, grade.needs_manual_grade = {points}, False
    there.db.commit()
NbGraderApp.launch_instance(["export", "--to", "theirs.csv"])
"""
        self.nbgrader("-c", code)
        with (self.root / "theirs.csv").open() as file:
            rows = list(csv.DictReader(file))
        return {row["student_id"]: float(row["score"]) for row in rows if row["timestamp"]}

    @contextlib.contextmanager
    def review(self, person):
        """Serve the review page to a person; give its link."""
        command = [sys.executable, "-m", "autograder", "review", "--no-browser", "--as", person]
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": self.root}
        process = subprocess.Popen(command, **given)
        try:
            line = process.stdout.readline()
            yield re.search(r"http://\S+", line)[0]
        finally:
            process.terminate()
            process.communicate(timeout=20)


class Reviewer:
    """A person at the review page, in a browser of their own."""

    def __init__(self, browser, link):
        self.page = browser.new_context().new_page()
        self.page.set_default_timeout(20_000)
        self.page.goto(link)
        self.page.wait_for_selector("h1")
        self.base = re.match(r"http://[^/]+", link)[0]

    def works(self):
        self.page.goto(f"{self.base}/items/pdf")
        links = self.page.locator("th a[href*='/work/pdf/']")
        return [(each.get_attribute("href"), each.inner_text()) for each in links.all()]

    def at(self, work):
        self.page.goto(self.base + work)
        self.page.wait_for_selector("#keys:not([hidden])")
        return self.page

    def saved(self):
        self.page.locator("#said", has_text="Saved").wait_for()

    def new_remark(self, work, words, points):
        page = self.at(work)
        page.click("text=New remark of the rubric")
        page.fill("#new-text", words)
        page.fill("#new-points", points)
        page.click("button:text-is('Add')")
        page.check(f"label:has-text('{words}') input")
        self.saved()

    def change_remark(self, points):
        page = self.page
        page.goto(f"{self.base}/remarks/pdf")
        page.fill("#points-1", points)
        page.click("text=Change remark 1")
        page.click("text=Change for all")
        page.wait_for_load_state()

    def give(self, work, points="", remark=""):
        page = self.at(work)
        if remark:
            page.check(f"label:has-text('{remark}') input")
        else:
            page.fill("#points", points)
        self.saved()


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path / "course")


@pytest.fixture(scope="module")
def browser():
    yield from launched()


@pytest.mark.slow
def test_a_course_from_its_release_to_signed_grades(course, browser):
    # --- handed out, handed in three times, graded
    course.run("release", "affine", "--no-prove")
    (course.root / "class.csv").write_text(
        "id,name\n" + "".join(f"{one},Name of {one}\n" for one in LEARNERS)
    )
    course.gradebook("roster", "class.csv")
    for number in (1, 2, 3):
        course.hand_in(number)
        more = ("--resume",) if number > 1 else ("--seed", "1")
        # one has no notebook
        said = course.run("grade", "submitted", "-o", "reports", "--roster", "class.csv", *more, status=1)
        assert "1 of 30 on the roster handed in nothing: s030" in said
        course.gradebook("import", "reports")
    assert len(list((course.root / "reports/reports").glob("*/*.json"))) == REPORTS
    first = course.agrees()
    assert (first["s030"], first[BARE]) == (None, None)
    assert first["s027"] == first["s028"]
    assert len(set(first.values())) > 5

    # --- two people judge at once in browsers, one changes a remark for all; the rest come from a spreadsheet
    with contextlib.ExitStack() as served:
        one, other = (Reviewer(browser, served.enter_context(course.review(name))) for name in PEOPLE)
        works = one.works()
        assert len(works) == REPORTS - 1  # the same files once more are no other work
        one.new_remark(works[0][0], "No reason is given", "-1")
        for at in range(1, 8):
            one.give(works[2 * at][0], remark="No reason is given")
            other.give(works[2 * at + 1][0], points=f"{at / 2:g}")
        other.change_remark("-2")
    on_paper = course.points_in_a_spreadsheet()
    assert sum(row["learner"] == PAIR for row in on_paper) > 0
    reviewed = course.agrees()
    assert reviewed[BARE] > 0
    assert reviewed["s027"] == reviewed["s028"] != first["s027"]
    assert sum(reviewed[name] != first[name] for name in LEARNERS) > 20
    learner = re.search(r"s\d{3}", works[2][1])[0]
    assert "by its remarks: No reason is given" in course.gradebook("history", learner)

    # --- decisions about single people
    course.gradebook("extend", "s002", "--until", "2027-03-04T12:00:00+00:00", "--reason", "ill")
    course.gradebook("excuse", "s029", "--reason", "left the course")
    course.gradebook("override", "s001", "affine-forward", "4.75", "--reason", "an unclear docstring")
    decided = course.agrees()
    assert decided["s029"] is None
    assert decided["s002"] >= reviewed["s002"]
    assert "extension to" in course.gradebook("grades", "--explain", "s002")

    # --- a changed rubric: other points, weights and rules, without running anything
    course.change_rubric()
    shown = course.gradebook("rescore")
    assert " → " in shown
    assert "Nothing was recorded" in shown
    assert {
        name: float(row["points"]) if row["points"] else None for name, row in course.table().items()
    } == decided
    course.gradebook("rescore", "--apply")
    rescored = course.agrees()
    assert rescored != decided

    # --- to nbgrader and back
    course.gradebook("nbgrader", "push")
    exported = course.judge_and_export_in_nbgrader("s004", "files", 0.5)
    assert "1 decisions came from nbgrader" in course.gradebook("nbgrader", "pull")
    final = course.agrees()
    assert [name for name in LEARNERS if final[name] != rescored[name]] == ["s004"]
    assert exported == {
        name: pytest.approx(points, abs=0.005) for name, points in final.items() if points is not None
    }

    # --- checked, kept, signed
    course.gradebook("check")
    course.gradebook("backup", "copy.sqlite3")
    shutil.move(course.root / "copy.sqlite3", course.root / "gradebook.sqlite3")
    assert course.agrees() == final
    course.gradebook("grades", "--json", "grades")
    assert "and, the same files," in (course.root / f"grades/{BACK}.json").read_text()
    explained = "".join(path.read_text() for path in (course.root / "grades").iterdir())
    assert "extra credit adds at most 0.5" in explained
    assert "more than the item has now" in explained
    course.run("sign", "--new-key", "key")
    course.run("sign", "grades", "reports/reports", "--key", "key")
    verified = course.run("verify", "grades", "reports/reports", "--key", "key.pub")
    assert verified.count(": good") == 30 + REPORTS
    course.change_a_digit("grades/s004.json", r'("points": ")(\d)')
    course.change_a_digit("reports/reports/s001/1.json", r'("score": )(\d)')
    verified = course.run("verify", "grades", "reports/reports", "--key", "key.pub", status=1)
    assert verified.count(": good") == 30 + REPORTS - 2
    assert "grades/s004.json: changed" in verified
    assert "reports/reports/s001/1.json: changed" in verified
