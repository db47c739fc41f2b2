"""Two homeworks of other subjects, written by the manual alone: they build, prove themselves, and judge."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.batch import RunOptions, open_pipeline, plan_run
from autograder.course import find_course
from autograder.intake import discover
from autograder.model import Outcome, Status
from autograder.publish import build, find_leaks
from autograder.publish.build import release_files
from autograder.publish.freeze import differing
from autograder.publish.verify import prove_release

COURSES = Path(__file__).parent
NAMES = ("softmax", "knn")


def prove(root, name):
    return list(prove_release(root, name))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build and prove both releases; give the course and the proofs by name."""
    root = tmp_path_factory.mktemp("courses")
    for part in ("source", "reference"):
        shutil.copytree(COURSES / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    proofs = {}
    for name in NAMES:
        build(root, name, root / "release", lambda name=name: proofs.update({name: prove(root, name)}))
    return root, proofs


@pytest.fixture(scope="module")
def root(built):
    return built[0]


def test_the_solved_source_earns_all_and_the_untouched_release_nothing(built):
    assert built[1] == {
        "softmax": [
            "the solved source earns 9 of 12 points; 3 wait for a person",
            "the untouched release earns 0 of 12 points",
        ],
        "knn": ["the solved source earns 12 of 12 points", "the untouched release earns 0 of 12 points"],
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_release_gives_nothing_away(root, name):
    files = release_files(root, name)
    assert find_leaks(root, name, files) == []
    given = files[f"{name}.ipynb"].decode()
    for private in ("SOLUTION", "HIDDEN", "shifted_scores", "squares", "about equally likely"):
        assert private not in given


def test_frozen_outputs_are_what_the_reference_gives():
    assert differing(COURSES, "softmax") == {}


# --- an independent oracle -------------------------------------------------------------------------


def hidden(name, question):
    return find_course(COURSES, name).authored.questions[question]


@pytest.mark.parametrize("seed", range(3))
def test_torch_agrees_with_the_reference_of_softmax(seed):
    question = hidden("softmax", "softmax")
    for case in question.cases(np.random.default_rng(seed)):
        weights, x, y = (torch.tensor(case.inputs[name]) for name in ("W", "X", "y"))
        reg = case.inputs["reg"]
        weights.requires_grad_()
        loss = torch.nn.functional.cross_entropy(x @ weights, y) + reg * (weights**2).sum()
        loss.backward()
        for output, value in (("loss", loss.detach()), ("dW", weights.grad)):
            expected = question.expect(None, case)[output]
            assert np.all(np.abs(value.numpy() - expected.value) <= expected.allowed), (case.id, output)


@pytest.mark.parametrize("seed", range(3))
def test_torch_agrees_with_the_reference_of_knn(seed):
    question = hidden("knn", "distances")
    for case in question.cases(np.random.default_rng(seed)):
        expected = question.expect(None, case)["distances"]
        x, x_train = (torch.tensor(case.inputs[name]) for name in ("X", "X_train"))
        value = torch.cdist(x, x_train, compute_mode="donot_use_mm_for_euclid_dist").numpy()
        assert np.all(np.abs(value - expected.value) <= expected.allowed)


# --- submissions -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pipelines(root):
    return {name: open_pipeline(plan_run(RunOptions(root=root, assignment=name, seed=0))) for name in NAMES}


@pytest.fixture
def graded(root, pipelines, tmp_path):
    def grade(name, solution, **cells):
        notebook = json.loads((root / "release" / name / f"{name}.ipynb").read_text())
        for cell in notebook["cells"]:
            if cell["id"] == "solution":
                cell |= {"source": solution, "execution_count": 1}
            if cell["id"] in cells:
                cell["source"] = cells[cell["id"]]
        folder = tmp_path / "s001"
        folder.mkdir()
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
        (candidate,) = discover([folder], pipelines[name].assignment).candidates
        return pipelines[name].grade(candidate).report

    return grade


def solved(name):
    notebook = json.loads((COURSES / "source" / name / f"{name}.ipynb").read_text())
    return next(cell["source"] for cell in notebook["cells"] if cell["id"] == "solution")


def lost(report):
    """The checks that were failed, with their messages."""
    return {c.id: c.message for item in report.items for c in item.checks if c.status is not Status.PASSED}


# Checks that a mistake may cost as well, by what was drawn.
SOMETIMES = {"accuracy-measured", "votes-drawn", "votes-many-neighbours"}
WRONG = {
    "the largest score stays": (
        "softmax",
        (" - scores.max(axis=1, keepdims=True)", ""),
        {"loss-large-scores": "inf instead of", "gradient-right": "`dW` are wrong", "why-answered": ""},
    ),
    "a gradient that is not averaged": (
        "softmax",
        (" / len(X) +", " +"),
        {"gradient-of-your-loss": "`dW` are wrong", "gradient-right": "`dW` are wrong", "why-answered": ""},
    ),
    "a gradient without regularisation": (
        "softmax",
        (" + 2 * reg * W", ""),
        {"gradient-of-your-loss": "reg 0.1", "gradient-right": "reg 0.3, regularised", "why-answered": ""},
    ),
    "half of the regularisation": (
        "softmax",
        ("+ reg * np.sum(W * W)", "+ 0.5 * reg * np.sum(W * W)"),
        {"loss-regularised": "reg 0.3", "gradient-of-your-loss": "`dW` are wrong", "why-answered": ""},
    ),
    "a loop": (
        "softmax",
        ("    scores = X @ W", "    scores = np.array([row @ W for row in X])"),
        {"no-loop-over-examples": "`softmax_loss` has a loop in line", "why-answered": ""},
    ),
    "the loss alone": (
        "softmax",
        ("return loss, dW", "return loss"),
        {
            "loss-by-hand": "The function returned a float, expected 2 values: (loss, dW).",
            "loss-basic": "the same reason as `loss-by-hand`",
            "loss-regularised": "the same reason as `loss-by-hand`",
            "loss-large-scores": "the same reason as `loss-by-hand`",
            "gradient-of-your-loss": "see `loss-by-hand`",
            "gradient-right": "see `loss-by-hand`",
            "why-answered": "",
        },
    ),
    "sums of differences": (
        "knn",
        ("    return np.sqrt(np.maximum(squares, 0))", "    return np.abs(X[:, None] - X_train).sum(axis=2)"),
        {
            "distances-by-hand": "7 instead of 5",
            "distances-right": "`distances` are wrong",
            "distances-of-equal-pictures": "`distances` are wrong",
        },
    ),
    "a root of rounding": (
        "knn",
        ("np.sqrt(np.maximum(squares, 0))", "np.sqrt(squares - 1e-9)"),
        {"distances-of-equal-pictures": "nan instead of 0"},
    ),
    "one neighbour too few": (
        "knn",
        ("[:, :k]", "[:, : k - 1]"),
        {
            "votes-by-hand": "1 instead of 2",
            "votes-ties": "3 instead of 1",
            "votes-drawn": "0 of 2 cases are right",
        },
    ),
    "the largest of equals": (
        "knn",
        ("np.bincount(votes).argmax()", "len(np.bincount(votes)) - 1 - np.bincount(votes)[::-1].argmax()"),
        {"votes-ties": "3 instead of 1"},
    ),
    "no more neighbours than pictures": (
        "knn",
        ("    nearest =", "    assert k <= nearness.shape[1]\n    nearest ="),
        {"votes-many-neighbours": "AssertionError"},
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_solution_loses_what_it_should_and_is_told_why(graded, mistake):
    name, (before, after), wanted = WRONG[mistake]
    solution = solved(name)
    assert before in solution
    found = lost(graded(name, solution.replace(before, after)))
    assert set(wanted) <= set(found) <= set(wanted) | SOMETIMES
    for check, says in wanted.items():
        assert says in found[check], check


def test_a_written_answer_waits_for_a_person_who_can_read_it(graded):
    report = graded("softmax", solved("softmax"), why="Each class has probability 1/C.")
    assert report.outcome is Outcome.PENDING_MANUAL
    assert (report.score.final, report.score.pending) == (9, 3)
    (check,) = report.items[-1].checks
    assert check.output.text == "Each class has probability 1/C."
    assert "Does the answer name 1/C" in check.message


def test_an_answer_that_is_not_written_waits_for_nobody(graded):
    report = graded("softmax", solved("softmax"))
    assert (report.outcome, report.score.final) == (Outcome.GRADED, 9)


@pytest.mark.parametrize("name", NAMES)
def test_a_student_can_check_at_home(root, tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(root / "release" / name, folder)
    command = [sys.executable, "-m", "autograder", "check", "--json"]
    untouched = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert untouched.returncode == 1, untouched.stderr
    items = json.loads(untouched.stdout)["items"]
    assert items
    assert all(item["score"] == 0 for item in items)
    notebook = json.loads((folder / f"{name}.ipynb").read_text())
    notebook["cells"][1] |= {"source": solved(name), "execution_count": 1}
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    solved_one = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    checks = [check for item in json.loads(solved_one.stdout)["items"] for check in item["checks"]]
    assert all(check["status"] == "passed" for check in checks), checks
