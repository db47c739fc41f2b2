"""The two submissions by which a release proves itself, and the proof by real grading."""

import io
import json

import pypdf
import pytest

from autograder.errors import ReleaseError
from autograder.publish import build, print_to_pdf, solved_submission, untouched_submission
from autograder.publish.verify import prove_release


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "autograder" / "solved"


def change(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_the_solved_submission_was_really_run(course, tmp_path, own_cache):
    folder = solved_submission(course, "affine", tmp_path / "solved")
    assert sorted(p.name for p in folder.iterdir()) == ["affine.ipynb", "affine.pdf"]
    cells = {cell["id"]: cell for cell in json.loads((folder / "affine.ipynb").read_text())["cells"]}
    assert "[[16.]]" in "".join(cells["try-it"]["outputs"][0]["text"])
    assert cells["extra"]["execution_count"] is None
    pages = pypdf.PdfReader(folder / "affine.pdf").pages
    text = "\n".join(page.extract_text() for page in pages)
    assert "rows_of_numbers = x.reshape(x.shape[0], -1)" in text
    assert "out: [[16.]]" in text
    (kept,) = own_cache.iterdir()
    kept.write_text(kept.read_text().replace("16.", "17."))
    again = solved_submission(course, "affine", tmp_path / "again")
    assert "17." in (again / "affine.ipynb").read_text()


def test_a_change_of_the_support_code_runs_it_again(course, tmp_path, own_cache):
    solved_submission(course, "affine", tmp_path / "one")
    change(course / "source/affine/affine_code/__init__.py", "mean {", "average {")
    solved_submission(course, "affine", tmp_path / "two")
    assert len(list(own_cache.iterdir())) == 2


def test_a_solution_that_fails_is_named(course, tmp_path, own_cache):
    change(course / "source/affine/affine.ipynb", "rows_of_numbers @ w + b", "rows_of_numbers @ v")
    with pytest.raises(ReleaseError, match=r"affine\.ipynb: .* does not run: cell 4: NameError: name 'v'"):
        solved_submission(course, "affine", tmp_path / "solved")
    assert not own_cache.exists()


def test_the_untouched_submission_is_the_release_s_notebook(course, tmp_path):
    release = build(course, "affine", course / "release")
    folder = untouched_submission(course, "affine", tmp_path / "untouched")
    assert [p.name for p in folder.iterdir()] == ["affine.ipynb"]
    assert (folder / "affine.ipynb").read_bytes() == (release.folder / "affine.ipynb").read_bytes()


def test_an_untouched_submission_needs_a_release(course, tmp_path):
    with pytest.raises(ReleaseError, match=r"there is no release yet\n.*autograder release affine"):
        untouched_submission(course, "affine", tmp_path / "untouched")


def test_an_empty_notebook_is_one_empty_page(tmp_path):
    (tmp_path / "empty.ipynb").write_text(json.dumps({"cells": []}))
    print_to_pdf(tmp_path / "empty.ipynb", tmp_path / "empty.pdf")
    assert len(pypdf.PdfReader(io.BytesIO((tmp_path / "empty.pdf").read_bytes())).pages) == 1


def test_dollars_and_long_lines_are_printed_as_they_are(tmp_path):
    cell = {"cell_type": "markdown", "source": [r"$\frac{1}{2}$ costs 5$ ", "word " * 60]}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell]}))
    print_to_pdf(tmp_path / "a.ipynb", tmp_path / "a.pdf")
    text = pypdf.PdfReader(tmp_path / "a.pdf").pages[0].extract_text()
    assert r"$\frac{1}{2}$ costs 5$" in text
    assert text.count("word") == 60


# --- the proof -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_release_proves_itself(course):
    build(course, "affine", course / "release")
    solved, untouched = prove_release(course, "affine")
    assert solved == "the solved source earns 10 of 10 points"
    assert untouched == "the untouched release earns 0.5 of 10 points"


@pytest.mark.slow
def test_a_reference_that_disagrees_with_the_solution_is_named(course):
    change(course / "reference/affine/questions.py", "axes=1) + b", "axes=1) - b")
    build(course, "affine", course / "release")
    with pytest.raises(ReleaseError, match=r"earns 2 of 6 points for `affine-forward`"):
        list(prove_release(course, "affine"))


@pytest.mark.slow
def test_a_check_that_passes_where_nothing_was_done_is_named(course):
    half_done = "    out = x @ w + b if x.ndim == 2 else None"
    change(course / "source/affine/affine.ipynb", "    out = None", half_done)
    with (course / "nbgrader_config.py").open("a") as file:  # the usual stub raises
        file.write('c.ClearSolutions.code_stub = {"python": "# yours"}\n')
    build(course, "affine", course / "release")
    expected = r"2 points for `affine-forward` by the check `forward-by-hand`, expected none"
    with pytest.raises(ReleaseError, match=expected):
        list(prove_release(course, "affine"))
