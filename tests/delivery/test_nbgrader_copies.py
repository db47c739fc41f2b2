"""The copies that the formgrader shows: they have its boxes, and nothing that a browser would run."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import hostile
import nbformat
import pytest
from chromium import launched
from grades.making import after

from autograder.course import find_course
from autograder.delivery.nbgrader import reader
from autograder.intake import read_notebook
from autograder.intake.isolation import ReadingLimits
from autograder.report import read_report

ITEMS = ["run-order", "affine-forward", "pdf", "files", "play"]


def push(run, *more):
    return run("nbgrader", "push", *more)


def copy_of(course, learner):
    return course / "autograded" / learner / "affine/affine.ipynb"


def boxes(notebook):
    """The cells that earn points, with them."""
    data = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    return {one["grade_id"]: one["points"] for one in data if one.get("grade") or one.get("task")}


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def rendered(path):
    """Render a notebook as nbgrader's feedback and its formgrader do, without their own scripts."""
    from nbconvert.exporters import HTMLExporter

    page, _ = HTMLExporter(template_name="basic").from_filename(str(path))
    return page


def test_a_copy_has_the_boxes_and_the_work(run, hand_in, course):
    hand_in("s001", {"cell_type": "code", "source": "print(7)", "outputs": [], "execution_count": 4})
    run("import", "reports-1")
    assert "1 notebooks written" in push(run)
    notebook = nbformat.read(copy_of(course, "s001"), 4)
    nbformat.validate(notebook)
    assert boxes(notebook) == {"run-order": 2, "affine-forward": 6, "pdf": 1, "files": 1, "play": 0}
    assert notebook.cells[-1].source == "print(7)"
    assert notebook.cells[2].source == "Run the notebook from the top (2 points)."
    assert copy_of(course, "s001").stat().st_mode & 0o777 == 0o600


def test_metadata_that_was_lost_comes_from_the_release(run, hand_in, course, released):
    path = hand_in("s001")
    document = json.loads(released)
    for cell in document["cells"]:
        cell["metadata"], cell["id"] = {}, f"x{id(cell)}"
    document["cells"] = [cell for cell in document["cells"] if "PDF" not in "".join(cell["source"])]
    path.write_text(json.dumps(document))
    hand_in_again(course, path)
    run("import", "reports-1")
    push(run)
    assert list(boxes(nbformat.read(copy_of(course, "s001"), 4))) == [
        "run-order",
        "affine-forward",
        "files",
        "play",
        "pdf",
    ]


def hand_in_again(course, path):
    """Have the report be about the files as they are now."""
    import hashlib

    (found,) = (course / "reports-1").iterdir()
    report = json.loads(found.read_text())
    report["submission"]["files"] = [
        {
            "path": path.name,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
    ]
    found.write_text(json.dumps(report))


def test_nothing_hostile_is_left(run, hand_in, course):
    hand_in("s001", *hostile.cells())
    run("import", "reports-1")
    push(run)
    notebook = nbformat.read(copy_of(course, "s001"), 4)
    assert {cell.cell_type for cell in notebook.cells} == {"code", "markdown"}
    assert not any("attachments" in cell for cell in notebook.cells)
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", [])]
    kinds = {kind for one in outputs for kind in one.get("data", {})}
    assert kinds == {"text/plain", "image/png"}
    tags = Tags(rendered(copy_of(course, "s001"))).found
    assert not [tag for tag, _ in tags if tag in ("script", "svg", "iframe", "object", "embed", "form")]
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    pictures = [attrs["src"] for tag, attrs in tags if tag == "img"]
    assert pictures
    assert all(one.startswith("data:image/png;base64,") for one in pictures)
    links = [attrs.get("href", "") for tag, attrs in tags if tag == "a"]
    assert all(one.startswith("#") for one in links)


def test_the_time_is_the_database_s(run, hand_in, course):
    path = hand_in("s001")
    run("import", "reports-1")
    push(run)
    stamp = "2027-03-01 22:59:00 UTC"
    assert (copy_of(course, "s001").parent / "timestamp.txt").read_text() == stamp
    assert (path.parent / "timestamp.txt").read_text() == stamp


def test_a_fraction_of_a_second_is_kept(run, hand_in, course, theirs):
    path = hand_in("s001")
    (path.parent / "timestamp.txt").write_text("2027-03-01 22:59:00.250000 UTC")
    run("import", "reports-1")
    push(run)
    assert theirs.grade("s001", "files").timestamp.microsecond == 250000
    assert (copy_of(course, "s001").parent / "timestamp.txt").read_text() == "2027-03-01 22:59:00.250000 UTC"
    assert ", 0 rows written" in push(run)


@pytest.mark.parametrize("stamp", ["nonsense", "2020-01-01 00:00:00 UTC"])
def test_another_time_beside_the_work_stays(run, hand_in, course, theirs, stamp):
    path = hand_in("s001")
    (path.parent / "timestamp.txt").write_text(stamp)
    run("import", "reports-1")
    push(run)
    assert theirs.grade("s001", "files").timestamp == after(hours=-1).replace(tzinfo=None)
    assert (path.parent / "timestamp.txt").read_text() == stamp


def test_a_place_elsewhere_gets_no_folder_in_submitted(run, hand_in, course):
    hand_in("s001", place="inbox")
    run("import", "reports-1")
    push(run)
    assert copy_of(course, "s001").exists()
    assert not (course / "submitted").exists()


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_work_that_is_not_there_any_more_is_said(run, hand_in, course, theirs, change):
    path = hand_in("s001")
    run("import", "reports-1")
    push(run)
    copy_of(course, "s001").write_text("{}")
    if change == "gone":
        shutil.rmtree(path.parent)
    else:
        path.write_text(path.read_text().replace("describe", "described"))
    said = push(run)
    assert (
        "note: no notebook is where it was graded, or it is another one now: s001; the points are in" in said
    )
    assert not copy_of(course, "s001").exists()
    assert theirs.grade("s001", "files").auto_score == 1


def test_many_that_are_not_there_any_more_are_one_note(run, hand_in, course):
    for number in range(1, 13):
        hand_in(f"s{number:03}")
    run("import", "reports-1")
    shutil.move(course / "submitted", course / "archive")
    (note,) = (line for line in push(run).splitlines() if line.startswith("note"))
    assert "another one now: s001, s002, " in note
    assert ", s010 and 2 more; the points" in note


@pytest.mark.parametrize("limits", [None, ReadingLimits(answer_mb=0)])
def test_reading_has_limits(hand_in, course, limits):
    path = hand_in("s001")
    found = find_course(course)
    read = reader(found.assignment, read_notebook(found.given_notebook), limits)
    (report,) = (read_report(one) for one in (course / "reports-1").iterdir())
    assert (read(report) is None) == (limits is not None)
    path.write_text("no notebook")
    assert read(report) is None


def test_without_copies(run, hand_in, course):
    hand_in("s001")
    run("import", "reports-1")
    assert "notebooks" not in push(run, "--no-copies")
    assert not (course / "autograded").exists()


# --- the formgrader in a browser ------------------------------------------------------------------------


@contextlib.contextmanager
def formgrader(course):
    """Run a Jupyter server with the formgrader on the loopback interface, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bin_folder = Path(sys.executable).parent
    options = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=secret"]
    server = subprocess.Popen(
        [bin_folder / "jupyter", "server", "--no-browser", "--ip=127.0.0.1", "--allow-root", *options],
        cwd=course,
        env={
            **os.environ,
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "JUPYTER_RUNTIME_DIR": str(course / "runtime"),
            "JUPYTER_CONFIG_DIR": str(course / "config"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/formgrader/api/status?token=secret")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(address):
    for _ in range(150):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(address, timeout=10).close()
        time.sleep(0.2)
    raise TimeoutError(address)


def asked(address, path):
    with urllib.request.urlopen(f"{address}/formgrader/api/{path}?token=secret", timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def chromium():
    yield from launched()


@pytest.mark.slow
def test_a_person_grades_in_the_formgrader(run, hand_in, course, chromium):
    original = hand_in("s001", *hostile.cells())
    hand_in("s002", place="inbox")
    run("import", "reports-1")
    push(run)
    with formgrader(course) as address, contextlib.closing(chromium.new_page()) as page:
        listed = {one["student"]: one for one in asked(address, "submissions/affine")}
        assert all(one["autograded"] and one["score"] == 10 for one in listed.values())
        assert all(one["max_score"] == 10 and one["needs_manual_grade"] for one in listed.values())
        ids = {one["student"]: one["id"] for one in asked(address, "submitted_notebooks/affine/affine")}
        assert set(ids) == {"s001", "s002"}
        page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
        page.goto(f"{address}/login?token=secret", wait_until="domcontentloaded")
        grade_in(page, f"{address}/formgrader/submissions/{ids['s001']}/")
        shutil.copy(original, copy_of(course, "s001"))
        page.reload(wait_until="domcontentloaded")
        assert page.evaluate("window.pwned") == 1  # as it was handed in, it does run something
    assert "2 decisions came from nbgrader" in run("nbgrader", "pull")
    explained = run("grades", "--explain", "s001")
    assert "(changed by nbgrader: no PDF)" in explained
    assert "Play, of 1 (judged by nbgrader)" in explained


def grade_in(page, address):
    """Look at a submission, and give points for two items."""
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_selector("input.score")
    assert [box.get_attribute("id") for box in page.query_selector_all("input.score")] == ITEMS
    page.wait_for_timeout(500)
    assert page.evaluate("window.pwned") is None
    assert "onerror='window.pwned = 1'" in page.inner_text("#notebook")
    page.wait_for_function("document.querySelector('#pdf').placeholder == '1'")
    saved = "**/formgrader/api/*/*"
    for box, value in (("#pdf", "0.5"), ("#play_extra_credit", "1"), ("#pdf-comment", "no PDF")):
        with page.expect_response(saved):
            page.fill(box, value)
            page.dispatch_event(box, "change")
