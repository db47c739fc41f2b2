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
RULES = """due_at = "2027-03-01T23:59:00+00:00"
late = { percent = 10, grace_minutes = 30, cut_off_hours = 72 }
attempts = { counts = "best" }
rounding = { step = 0.25 }
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
        """Hand in everybody's attempt: kinds of code in turn, times by `HOURS`."""
        release = json.loads((self.root / "release/affine/affine.ipynb").read_text())
        for at, learner in enumerate(LEARNERS[:-1]):  # the last one hands in nothing
            code = CODE[list(CODE)[(at + number * (1 + at % 3)) % len(CODE)]]
            cells = [dict(cell) for cell in release["cells"]]
            for cell in cells:
                text, name = "".join(cell["source"]), cell["metadata"].get("nbgrader", {}).get("grade_id")
                if name == "layer":
                    head, _, _ = text.partition("    out = None")
                    cell["source"] = f"{head}{code}\n# {learner}, attempt {number}\n"
                if name == "pdf":
                    cell["source"] = f"One weight for each number, says {learner}."
            folder = self.root / "submitted" / learner / "affine"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "affine.ipynb").write_text(json.dumps({**release, "cells": cells}))
            when = DUE + datetime.timedelta(hours=HOURS[at % len(HOURS)][number - 1])
            (folder / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC")

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
        """Give points for all that waits, in the file that the gradebook writes."""
        self.gradebook("points", "export", "points.csv")
        with (self.root / "points.csv").open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        for at, row in enumerate(rows):
            if row["item"] == "pdf" and not row["reviewer"]:
                row["points"], row["remark"] = f"{at % 9 / 2:g}", "read on paper"
        with (self.root / "points.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        self.gradebook("points", "import", "points.csv")

    def change_rubric(self):
        """Give the layer eight points instead of six, its hidden check more weight, and lateness less."""
        text = self.definition.read_text()
        changes = {"points = 6": "points = 8", "weight = 2": "weight = 3", "percent = 10": "percent = 5"}
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.definition.write_text(text)
        notebook = self.root / "source/affine/affine.ipynb"
        assert notebook.read_text().count('"points": 6') == 1
        notebook.write_text(notebook.read_text().replace('"points": 6', '"points": 8'))
        self.run("release", "affine", "--no-prove")

    def nbgrader(self, *words):
        # nbgrader finds alembic on the path
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        command, env = [sys.executable, *words], {**os.environ, "PATH": path}
        subprocess.run(command, cwd=self.root, check=True, capture_output=True, timeout=120, env=env)

    def exported_by_nbgrader(self):
        self.nbgrader("-m", "nbgrader", "export", "--to", "theirs.csv")
        with (self.root / "theirs.csv").open() as file:
            rows = list(csv.DictReader(file))
        return {row["student_id"]: float(row["score"]) for row in rows if row["timestamp"]}

    def judge_in_nbgrader(self, learner, item, points):
        """Give points by nbgrader's own interface, as its formgrader does."""
        code = f"""
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as there:
    grade = there.find_grade("{item}", "affine", "affine", "{learner}")
    grade.manual_score, grade.needs_manual_grade = {points}, False
    there.db.commit()
"""
        self.nbgrader("-c", code)

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
        said = course.run("grade", "submitted", "-o", "reports", "--roster", "class.csv", "--seed", number)
        assert "1 of 30 on the roster handed in nothing: s030" in said
        course.gradebook("import", "reports")
    assert len(list((course.root / "reports/reports").glob("*/*.json"))) == 87
    first = course.agrees()
    assert first["s030"] is None
    assert len(set(first.values())) > 5

    # --- two people judge at once in browsers, one changes a remark for all; the rest come from a spreadsheet
    with contextlib.ExitStack() as served:
        one, other = (Reviewer(browser, served.enter_context(course.review(name))) for name in PEOPLE)
        works = one.works()
        assert len(works) == 87
        one.new_remark(works[0][0], "No reason is given", "-1")
        for at in range(1, 8):
            one.give(works[2 * at][0], remark="No reason is given")
            other.give(works[2 * at + 1][0], points=f"{at / 2:g}")
        other.change_remark("-2")
    course.points_in_a_spreadsheet()
    reviewed = course.agrees()
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
    assert course.exported_by_nbgrader() == {
        name: pytest.approx(points, abs=0.005) for name, points in rescored.items() if points is not None
    }
    course.judge_in_nbgrader("s005", "files", 0.5)
    assert "1 decisions came from nbgrader" in course.gradebook("nbgrader", "pull")
    final = course.agrees()
    assert [name for name in LEARNERS if final[name] != rescored[name]] == ["s005"]
    course.gradebook("nbgrader", "push")
    assert course.exported_by_nbgrader()["s005"] == pytest.approx(final["s005"], abs=0.005)

    # --- signed, checked, kept
    course.gradebook("grades", "--json", "grades")
    course.run("sign", "--new-key", "key")
    course.run("sign", "grades", "reports/reports", "--key", "key")
    verified = course.run("verify", "grades", "reports/reports", "--key", "key.pub")
    assert verified.count(": good") == 30 + 87
    changed = course.root / "grades/s004.json"
    changed.write_text(
        re.sub(r'("points": ")(\d)', lambda m: m[1] + str((int(m[2]) + 1) % 10), changed.read_text(), count=1)
    )
    assert "s004.json: changed" in course.run("verify", "grades", "--key", "key.pub", status=1)
    course.gradebook("check")
    course.gradebook("backup", "copy.sqlite3")
    shutil.move(course.root / "copy.sqlite3", course.root / "gradebook.sqlite3")
    assert course.agrees() == final
