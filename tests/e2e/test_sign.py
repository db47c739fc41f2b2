"""`autograder sign` and `autograder verify` as their users meet them."""

import datetime
import json
import os
import pty
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from reports import make_report

from autograder.report import read_report, to_json, write_report
from autograder.report.student import student_view

ROOT = Path(__file__).parents[2]


def run(*arguments, cwd=ROOT, **environment):
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    env = {**os.environ, **environment}
    given = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 300}
    return subprocess.run(command, cwd=cwd, env=env, check=False, **given)


@pytest.fixture
def place(tmp_path):
    """A key, and two reports that are signed with it."""
    assert run("sign", "--new-key", tmp_path / "key").returncode == 0
    (tmp_path / "reports").mkdir()
    for name in ("a", "b"):
        report = make_report(message=f"Graded {name}.")
        (tmp_path / "reports" / f"{name}.json").write_text(to_json(report), encoding="utf-8")
    done = run("sign", tmp_path / "reports", "--key", tmp_path / "key")
    assert (done.returncode, done.stdout.startswith("2 of 2 files are signed, with key ")) == (0, True)
    return tmp_path


def verified(place, *reports):
    done = run("verify", *(reports or [place / "reports"]), "--key", place / "key.pub")
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    return done.returncode, {Path(p).name: says for p, _, says in (x.partition(": ") for x in lines[:-1])}


# --- signatures ----------------------------------------------------------------------------------


def test_what_was_signed_is_good_and_signing_again_changes_no_byte(place):
    assert verified(place) == (0, {"a.json": "good", "b.json": "good"})
    signature = place / "reports" / "a.json.sig"
    before = signature.read_bytes()
    assert run("sign", place / "reports" / "a.json", "--key", place / "key").returncode == 0
    assert signature.read_bytes() == before
    assert stat.S_IMODE(signature.stat().st_mode) == 0o600


def test_each_file_is_told_as_it_is(place):
    reports = place / "reports"
    for name in ("changed", "truncated", "moved", "other", "unsigned"):
        shutil.copy(reports / "a.json", reports / f"{name}.json")
        shutil.copy(reports / "a.json.sig", reports / f"{name}.json.sig")
    text = (reports / "a.json").read_text(encoding="utf-8")
    (reports / "changed.json").write_text(text.replace('"final": 4.0', '"final": 8.0'), encoding="utf-8")
    (reports / "truncated.json").write_text(text[:-10], encoding="utf-8")
    shutil.copy(reports / "b.json.sig", reports / "moved.json.sig")
    (reports / "unsigned.json.sig").unlink()
    run("sign", "--new-key", place / "other")
    run("sign", reports / "other.json", "--key", place / "other")
    status, says = verified(place)
    assert status == 1
    assert {name: word.partition(" (")[0] for name, word in says.items()} == {
        "a.json": "good",
        "b.json": "good",
        "changed.json": "changed",
        "moved.json": "changed",
        "other.json": "signed by another key",
        "truncated.json": "changed",
        "unsigned.json": "unsigned",
    }
    assert "no JSON that can be signed" in says["truncated.json"]


def test_any_json_file_can_be_signed_and_one_that_can_not_is_named(place):
    grades, bad = place / "grades.json", place / "bad.json"
    grades.write_text('{"s001": 7.5}')
    bad.write_text('{"a": 1, "a": 2}')
    done = run("sign", grades, bad, "--key", place / "key")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {bad}: it is no JSON that can be signed: the key 'a' stands twice")
    assert done.stdout.startswith("1 of 2 files are signed")
    assert verified(place, grades, bad) == (1, {"grades.json": "good", "bad.json": "unsigned"})


# --- keys ----------------------------------------------------------------------------------------


def test_a_new_key_is_private_and_overwrites_nothing(place):
    key = place / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for taken in (key, place / "key.pub"):
        done = run("sign", "--new-key", key)
        assert done.returncode == 2
        assert f"{taken}: exists, and a key is never overwritten" in done.stderr
        taken.unlink()
    assert run("sign", "--new-key", key).returncode == 0


def test_a_key_asks_for_its_passphrase(place):
    key, report = place / "locked", place / "reports" / "a.json"
    made = run("sign", "--new-key", key, AUTOGRADER_KEY_PASSPHRASE="correct horse")
    assert "private, locked by the passphrase" in made.stdout
    without = run("sign", report, "--key", key)
    assert (without.returncode, "locked: asks for a passphrase" in without.stderr) == (2, True)
    assert "Set AUTOGRADER_KEY_PASSPHRASE, or sign at a terminal." in without.stderr
    wrong = run("sign", report, "--key", key, AUTOGRADER_KEY_PASSPHRASE="wrong")
    assert (wrong.returncode, "the passphrase is not that of this key" in wrong.stderr) == (2, True)
    right = run("sign", report, "--key", key, AUTOGRADER_KEY_PASSPHRASE="correct horse")
    assert right.returncode == 0, right.stderr


def typed(lines, *arguments):
    """Run a command at a terminal of its own, and type the lines as it asks; give its status and text."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "autograder", *map(str, arguments)])
    shown, waiting = b"", list(lines)
    try:
        while chunk := os.read(terminal, 1024):
            shown += chunk
            if waiting and chunk.rstrip().endswith(b":"):
                os.write(terminal, waiting.pop(0).encode() + b"\n")
    except OSError:
        pass  # the terminal ends with the command
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def test_a_passphrase_is_typed_at_a_terminal_and_never_shown(place):
    key, report = place / "typed", place / "reports" / "a.json"
    status, shown = typed(["horse", "horse"], "sign", "--new-key", key)
    assert (status, "locked by the passphrase" in shown, "horse" in shown) == (0, True, False), shown
    status, shown = typed(["horse"], "sign", report, "--key", key)
    assert (status, "1 of 1 files are signed" in shown, "horse" in shown) == (0, True, False), shown
    status, shown = typed(["", ""], "sign", "--new-key", place / "open")
    assert (status, "private, without a passphrase" in shown) == (0, True), shown


def test_a_key_that_others_may_read_is_refused(place):
    (place / "key").chmod(0o640)
    done = run("sign", place / "reports", "--key", place / "key")
    assert done.returncode == 2
    assert "key: other users may read this private key\n  chmod 600" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sign"], "sign takes either REPORTS and --key FILE, or --new-key FILE alone"),
        (["sign", "REPORTS"], "sign takes either"),
        (["sign", "--key", "KEY"], "sign takes either"),
        (["sign", "REPORTS", "--key", "KEY", "--new-key", "KEY2"], "sign takes either"),
        (["sign", "REPORTS", "--key", "KEY.pub"], "key.pub: is no private key in PEM"),
        (["sign", "--new-key", "KEY/none/key"], "key/none/key: Not a directory"),
        (["verify"], "verify takes either --key PUBLIC and REPORTS, or --rerun REPORT"),
        (["verify", "REPORTS"], "verify takes either"),
        (["verify", "--key", "KEY.pub", "--rerun", "REPORTS/a.json"], "verify takes either"),
        (["verify", "REPORTS", "--key", "KEY"], "key: is no public key in PEM"),
        (["verify", "--rerun", "KEY"], "key: is not JSON"),
    ],
)
def test_wrong_usage_is_a_message(place, arguments, says):
    names = {"REPORTS": str(place / "reports"), "KEY": str(place / "key")}
    words = [word.replace("REPORTS", names["REPORTS"]).replace("KEY", names["KEY"]) for word in arguments]
    done = run(*words)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


# --- grading again -------------------------------------------------------------------------------


def test_a_student_s_view_is_not_graded_again(tmp_path):
    path = tmp_path / "s001.json"
    path.write_text(to_json(student_view(make_report(), datetime.datetime.now(datetime.UTC))))
    done = run("verify", "--rerun", path)
    says = f"error: {path}: is a student's view\n  Name the report that `autograder grade` wrote.\n"
    assert (done.returncode, done.stderr) == (1, says)


@pytest.fixture(scope="module")
def batch(tmp_path_factory, small_course):
    """A class of one, and its report."""
    folder = tmp_path_factory.mktemp("batch")
    (folder / "inbox/s009").mkdir(parents=True)
    shutil.copy(small_course / "release/lab6/lab6.ipynb", folder / "inbox/s009")
    done = run("grade", folder / "inbox", "-o", folder / "out", cwd=small_course)
    assert done.returncode == 0, done.stderr
    (path,) = (folder / "out" / "reports").rglob("*.json")
    return folder, path


@pytest.fixture
def rerun(small_course):
    """A function that grades the submission of a report again."""

    def again(report, *paths):
        done = run("verify", "--rerun", report, *paths, cwd=small_course)
        assert "Traceback" not in done.stderr
        return done

    return again


def test_grading_again_gives_the_same_result(batch, rerun):
    _, path = batch
    done = rerun(path)
    assert (done.returncode, done.stdout) == (0, f"{path}: graded again, with the same result\n"), done.stderr


def test_what_differs_is_listed_wherever_the_submission_lies_now(batch, tmp_path, rerun, hand_in):
    folder, path = batch
    document = json.loads(path.read_bytes())
    document["score"]["final"] += 1
    document["items"][0]["message"] = "Otherwise."
    document["submission"]["origin"] = str(tmp_path / "gone" / "s009")
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(document))
    gone = rerun(forged)
    assert gone.returncode == 2
    assert "gone/s009: no submission is there any more\n  Name its place after --rerun." in gone.stderr
    shutil.copytree(folder / "inbox" / "s009", tmp_path / "class" / "renamed")
    hand_in(tmp_path / "class/s001/lab6.ipynb")
    done = rerun(forged, tmp_path / "class")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines[:-1]] == [
        "score.final",
        f"items.{document['items'][0]['id']}.message",
    ]
    assert lines[1].partition(": ")[2].startswith('"Otherwise." → ')
    assert lines[-1] == f"{forged}: differences: 2"


def test_files_that_came_in_again_since_are_the_same(tmp_path, rerun, hand_in, small_course):
    place = tmp_path / "inbox/submitted/s001/lab6"
    hand_in(place / "lab6.ipynb")
    (place / "timestamp.txt").write_text("2027-03-01 12:00:00 UTC")
    run("grade", tmp_path / "inbox", "-o", tmp_path / "out", cwd=small_course)
    (path,) = (tmp_path / "out" / "reports").rglob("*.json")
    (place / "timestamp.txt").write_text("2027-03-05 12:00:00 UTC")
    done = rerun(path)
    assert (done.returncode, done.stdout) == (0, f"{path}: graded again, with the same result\n"), done.stderr
    (place / "timestamp.txt").write_text("2027-02-05 12:00:00 UTC")
    assert "submission.submitted_at: " in rerun(path).stdout


@pytest.mark.parametrize("zipped", [True, False])
def test_a_submission_is_found_among_others_files_as_canvas_sends_them(
    tmp_path, zipped, rerun, hand_in, small_course
):
    inbox = tmp_path / "download"
    hand_in(inbox / "one_12345_678_lab6.ipynb")
    (inbox / "one_12345_679_notes.txt").write_text("Nothing to add.")
    (inbox / "two_54321_680_lab6.ipynb").write_text("no notebook")
    if zipped:
        inbox = Path(shutil.make_archive(str(tmp_path / "class"), "zip", inbox))
    run("grade", inbox, "-o", tmp_path / "out", cwd=small_course)
    paths = {path: read_report(path) for path in (tmp_path / "out" / "reports").rglob("*.json")}
    (path,) = (path for path, report in paths.items() if report.learner.id == "12345")
    assert len(paths[path].submission.files) == 2
    done = rerun(path)
    assert (done.returncode, done.stdout) == (0, f"{path}: graded again, with the same result\n"), done.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda files: files[0].update(sha256="0" * 64), "has changed"),
        (lambda files: files[0].update(path="Other.ipynb"), "Other.ipynb is missing"),
        (
            lambda files: files.clear() or files.append({"path": "a", "bytes": 1, "sha256": "0" * 64}),
            "a is missing",
        ),
        (lambda files: files.append({"path": "z.txt", "bytes": 1, "sha256": "0" * 64}), "z.txt is missing"),
    ],
)
def test_other_files_than_the_reports_are_an_error(batch, tmp_path, rerun, change, says):
    _, path = batch
    document = json.loads(path.read_bytes())
    change(document["submission"]["files"])
    (tmp_path / "a.json").write_text(json.dumps(document))
    done = rerun(tmp_path / "a.json")
    assert done.returncode == 2
    assert "no submission has the files of the report of s009; " in done.stderr
    assert says in done.stderr


def test_a_report_without_files_can_not_be_graded_again(tmp_path, rerun):
    write_report(tmp_path / "a.json", make_report())
    assert read_report(tmp_path / "a.json").submission.files == ()
    done = rerun(tmp_path / "a.json")
    assert (done.returncode, "the report of s001 names no files" in done.stderr) == (2, True)
