"""What the project says of itself holds: targets, paths, links, hooks and the workflow."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
BESIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
PAGES = [ROOT / name for name in BESIDE] + sorted((ROOT / "docs").glob("*.md"))
ROOTS = {
    "autograder",
    "source",
    "reference",
    "ext",
    "tests",
    "tools",
    "docs",
    "requirements",
}  # what is in release is built


def prose(path):
    """A page's text without its blocks of code."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def commands(text):
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", text))


def code(path):
    """What a page shows as code: blocks, and words in backticks."""
    text = path.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", text, flags=re.MULTILINE | re.DOTALL))


def paths_named(text):
    """Every path of the project that the text names in backticks, without a placeholder in it."""
    for words in re.findall(r"`([^`\n]+)`", text):
        for word in words.split():
            if "<" not in word and (word.partition("/")[0] in ROOTS or word in (".ci/run", *BESIDE)):
                yield word.partition("::")[0]


def links(text):
    return re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(text):
    """The anchors that a page's headings have, on a forge and in the site."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip()) for title in titles}


def dead_links(page):
    for link in links(prose(page)):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        other = (page.parent / target) if target else page
        if not other.exists() or (anchor and anchor not in anchors(prose(other))):
            yield link


# --- make ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_target_that_a_page_names_exists(page):
    assert commands(code(page)) <= TARGETS


def test_the_pages_do_name_targets():
    assert {"demo", "test", "lint", "docs"} <= commands(
        code(ROOT / "README.md") + code(ROOT / "CONTRIBUTING.md")
    )


def test_every_target_has_a_line_of_help():
    # a make around this one would have it tell of folders
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == TARGETS - {"help"}


def test_every_target_is_phony():
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert set(phony[1].split()) == TARGETS


def test_every_set_up_asks_for_extras_that_there_are():
    extras = {one for line in re.findall(r"tools/setup ([a-z,]+)", MAKEFILE) for one in line.split(",")}
    assert extras
    assert extras <= PYPROJECT["project"]["optional-dependencies"].keys()


def test_what_must_hold_before_a_change_lands_is_lint_and_test():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    done = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert done == ["make lint", "make test"]


# --- the workflow and the hooks ------------------------------------------------------------------


def test_the_workflow_lints_and_tests_on_three_versions_of_python():
    job = WORKFLOW["jobs"]["checks"]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs[-2:] == ["make lint", "make test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert job["env"]["PYTHON"] == "python${{ matrix.python }}"  # tools/setup takes this one


def test_the_workflow_names_only_targets_and_packages_that_tools_setup_wants():
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert commands(text) <= TARGETS
    wanted = set(re.findall(r"want ([a-z0-9-]+)", (ROOT / "tools" / "setup").read_text(encoding="utf-8")))
    installed = re.search(r"install --yes --no-install-recommends (.+)$", text, re.MULTILINE)
    assert set(installed[1].split()) <= wanted


def test_the_workflow_may_only_read():
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_hooks_are_the_projects_own_and_are_those_of_make_lint():
    assert [repo["repo"] for repo in HOOKS["repos"]] == ["local"]
    lint = MAKEFILE.partition("\nlint:")[2].partition("\n\n")[0]
    for hook in HOOKS["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        program = hook["entry"].split()[0]
        assert program.replace(".venv/bin", "$(BIN)") in lint
        assert (Path(sys.executable).parent / Path(program).name).exists()


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_that_a_page_names_exists(page):
    assert [path for path in sorted(set(paths_named(prose(page)))) if not list(ROOT.glob(path))] == []


def test_the_pages_do_name_paths():
    assert len(set(paths_named(prose(ROOT / "CONTRIBUTING.md")))) > 20
    assert len(set(paths_named(prose(ROOT / "docs" / "architecture.md")))) > 5


def test_every_command_of_pytest_in_contributing_names_a_folder_that_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"pytest (tests/\S+)", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_has_a_dead_link(page):
    assert list(dead_links(page)) == []


def test_a_dead_link_and_a_dead_anchor_are_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One thing\n[a](#one-thing) [b](#another) [c](none.md) [d](page.md#one-thing)\n")
    assert list(dead_links(page)) == ["#another", "none.md"]


def test_the_site_has_every_page():
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page for page in PAGES if f": {page.relative_to(ROOT).as_posix()}\n" not in site] == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", None),
        ("[a](docs/none.md)", "docs/none.md"),
        ("[a](docs/grading.md#none)", "#none"),
        ("[a](/docs/grading.md)", "absolute link"),
    ],
)
def test_make_docs_fails_on_a_dead_link(tmp_path, text, complaint):
    for name in (*BESIDE, "LICENSE", "mkdocs.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "docs_pages.py", tmp_path / "tools")
    with (tmp_path / "README.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{text}\n")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if complaint else 0), done.stderr
    assert complaint is None or complaint in done.stderr


def test_the_changelog_is_short():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if entry.count("\n- ") > 12] == []
    assert any(entry.startswith(PYPROJECT["project"]["version"]) for entry in entries)


def test_the_version_is_said_once_and_the_same():
    tree = ast.parse((ROOT / "autograder" / "version.py").read_text(encoding="utf-8"))
    (assigned,) = (node for node in tree.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(assigned.value) == PYPROJECT["project"]["version"]


def test_every_file_beside_the_code_is_part_of_the_package():
    engine = ROOT / "autograder"
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["autograder"]
    packed = {path for pattern in patterns for path in engine.glob(pattern)}
    beside = {path for path in engine.rglob("*.*") if path.suffix not in (".py", ".pyc") and path.is_file()}
    assert any(path.suffix == ".html" for path in beside)
    assert beside - packed == set()
