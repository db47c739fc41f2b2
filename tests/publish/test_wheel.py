"""The students' wheel: what is in it, what it needs, and that it works where nothing else is installed."""

import ast
import email
import functools
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import threading
import tomllib
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from HW5_code import data_utils, synthetic_data
from packaging.requirements import Requirement

from autograder.cli import COMMANDS
from autograder.errors import ReleaseError
from autograder.publish import wheel
from autograder.publish.wheel import NAME, requirements, students_wheel

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "autograder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# what a student starts, and what the engine starts in a process of its own
STARTED = (
    "autograder",
    "autograder.__main__",
    "autograder.cli.check",
    "autograder.cli.data",
    "autograder.cli.doctor",
    "autograder.guest.plain",
)
# never among what students receive
INSTRUCTORS = ("batch", "delivery", "guest/walls", "publish", "sandbox", "signing", "similarity")


@pytest.fixture(scope="module")
def built():
    """The wheel's name, the names in it and its metadata."""
    name, content = students_wheel(PACKAGE, ("numpy", "pypdf"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = "-".join(name.split("-")[:2]) + ".dist-info"
        return name, archive.namelist(), email.message_from_bytes(archive.read(f"{info}/METADATA"))


# --- what is in it -------------------------------------------------------------------------------


def file_of(module):
    path = ROOT.joinpath(*module.split("."))
    return next((p for p in (path / "__init__.py", path.with_suffix(".py")) if p.exists()), None)


def named_in(module):
    """Every module that a module's import statements name, also those within functions."""
    path = file_of(module)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def closure(start):
    """All modules of the engine that are imported from there on, and the other packages by who names them."""
    found, others, waiting = set(), {}, list(start)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        for name in named_in(module):
            top = name.split(".")[0]
            if top != "autograder":
                others.setdefault(top, module)
                continue
            parts = name.split(".")
            every = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
            waiting += [one for one in every if file_of(one)]
    return found, others


def test_it_holds_what_the_self_check_imports_and_nothing_else(built):
    _, names, _ = built
    held = {name for name in names if name.endswith(".py")}
    imported = {file_of(module).relative_to(ROOT).as_posix() for module in closure(STARTED)[0]}
    assert sorted(imported - held) == [], "the self-check imports them: add them to ROOMS or CLI"
    assert sorted(held - imported) == [], "the self-check never imports them: name them in LEFT_OUT"


def test_nothing_of_the_instructors_is_in_it(built):
    _, names, _ = built
    assert not [
        name for name in names if name.startswith(tuple(f"autograder/{room}" for room in INSTRUCTORS))
    ]
    assert {Path(name).parts[0] for name in names} == {
        "autograder",
        "numerical_autograder_check-0.1.0.dist-info",
    }


def test_every_left_out_file_is_there_to_be_left_out():
    for name in (*wheel.LEFT_OUT, *wheel.ROOMS, *wheel.CLI):
        assert (PACKAGE / name).exists(), name


def test_the_files_in_it_are_the_engine_s_own():
    _, content = students_wheel(PACKAGE)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.startswith("autograder/"):
                assert archive.read(name) == (ROOT / name).read_bytes()


def test_the_record_lists_every_file(built):
    _, content = students_wheel(PACKAGE)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (record,) = [name for name in archive.namelist() if name.endswith("/RECORD")]
        listed = [line.split(",")[0] for line in archive.read(record).decode().splitlines()]
        assert sorted(listed) == sorted(archive.namelist())


def test_an_engine_without_its_sources(tmp_path):
    (tmp_path / "engine").mkdir()
    with pytest.raises(ReleaseError, match=r"pyproject\.toml is missing: the engine is not installed from"):
        students_wheel(tmp_path / "engine")


# --- what it needs -------------------------------------------------------------------------------


def test_it_needs_the_project_s_dependencies_and_what_visible_checks_use(built):
    name, _, metadata = built
    assert name == "numerical_autograder_check-0.1.0-py3-none-any.whl"
    assert (metadata["Name"], metadata["Version"]) == (NAME, PROJECT["version"])
    asked = {Requirement(text) for text in metadata.get_all("Requires-Dist")}
    (pypdf,) = [text for text in PROJECT["optional-dependencies"]["grader"] if text.startswith("pypdf")]
    assert asked == {Requirement(text) for text in [*PROJECT["dependencies"], pypdf]}
    assert metadata.get_all("Provides-Extra") is None


def test_a_package_that_the_project_does_not_know_is_asked_for_by_its_name():
    table = {"dependencies": ["numpy>=2.0"], "optional-dependencies": {"grader": ["pypdf>=5.0"]}}
    assert sorted(requirements(table, ["Pillow", "numpy", "PyPDF"])) == ["Pillow", "numpy>=2.0", "pypdf>=5.0"]


def test_all_that_is_imported_is_a_dependency():
    # the schema is published by the engine; a self-check never validates by it
    wanted = {Requirement(text).name for text in PROJECT["dependencies"]} | {"jsonschema"}
    _, others = closure(STARTED)
    assert {name: by for name, by in others.items() if name not in sys.stdlib_module_names | wanted} == {}
    assert others["jsonschema"] == "autograder.report.schema"


# --- what it can do ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def from_the_wheel(tmp_path_factory):
    """Runs a command of the wheel beside the packages that are installed, without the engine's own source."""
    name, content = students_wheel(PACKAGE)
    path = tmp_path_factory.mktemp("wheel") / name
    path.write_bytes(content)

    def run(*arguments, cwd=path.parent):
        command = [sys.executable, "-P", "-S", "-m", "autograder", *arguments]
        places = [str(path), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
        return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)

    return run


def test_its_help_lists_the_commands_that_are_there(from_the_wheel):
    shown = from_the_wheel("--help").stdout
    assert {name for name in COMMANDS if f"  {name} " in shown} == {"check", "data", "doctor"}


def test_a_command_that_is_not_there_says_where_it_is(from_the_wheel):
    refused = from_the_wheel("grade", "x")
    assert refused.returncode == 2
    assert "`grade` is not part of this install" in refused.stderr
    assert "pip install -e '.[instructor]'" in refused.stderr
    assert "No such command" in from_the_wheel("grades").stderr


def test_its_doctor_says_nothing_of_what_only_instructors_need(from_the_wheel):
    done = from_the_wheel("doctor")
    assert done.returncode == 0, done.stderr
    assert "compiler" in done.stdout
    assert "instructor's tools" not in done.stdout


@pytest.fixture
def small_data(tmp_path):
    """A small data set, which a server offers as the real one; the server's URL and the file's facts."""
    synthetic_data.write(tmp_path / "made" / "cifar-10-batches-py", train=20, test=6)
    (tmp_path / "served").mkdir()
    packed = tmp_path / "served" / "small.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(tmp_path / "made" / "cifar-10-batches-py", "cifar-10-batches-py")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=packed.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        content = packed.read_bytes()
        yield {
            "url": f"http://127.0.0.1:{server.server_address[1]}/small.tar.gz",
            "md5": hashlib.md5(content).hexdigest(),
            "bytes": len(content),
        }
        server.shutdown()
        thread.join()


def test_it_fetches_the_data_beside_the_notebook_which_finds_it(
    from_the_wheel, small_data, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    folder = Path(shutil.copytree(ROOT / "release" / "hw5", tmp_path / "hw5"))
    definition = folder / "check" / "assignment.toml"
    text = definition.read_text(encoding="utf-8")
    for key, value in small_data.items():
        text = re.sub(rf"^{key} = .*", f"{key} = {json.dumps(value)}", text, flags=re.MULTILINE)
    definition.write_text(text, encoding="utf-8")
    ready = folder / "cifar-10-batches-py"
    assert "is not here: a generated stand-in is used" in doctor_says(from_the_wheel, folder)
    done = from_the_wheel("data", "fetch", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"ready: {ready}"
    assert from_the_wheel("data", "where", cwd=folder).stdout == f"{ready}: cifar-10-batches-py\n"
    assert f"data {ready}" in doctor_says(from_the_wheel, folder)
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path))
    wrong = f"{tmp_path}: CIFAR10_DIR names it, and it has no batches.meta"
    assert wrong in doctor_says(from_the_wheel, folder)
    monkeypatch.delenv("CIFAR10_DIR")
    monkeypatch.chdir(folder)
    assert data_utils.find_CIFAR10().resolve() == ready
    assert len(data_utils.load_CIFAR10(ready)[0]) == 20


def doctor_says(run, folder):
    return " ".join(run("doctor", cwd=folder).stdout.split())


def test_data_is_fetched_in_a_course_or_a_release_alone(from_the_wheel, tmp_path):
    done = from_the_wheel("data", "fetch", cwd=tmp_path)
    assert done.returncode == 2
    assert "no source/<assignment>/assignment.toml here" in done.stderr


# --- that it works alone -------------------------------------------------------------------------


def python_of(version):
    """That Python, on PATH or from pyenv; one that starts."""
    pyenv = shutil.which("pyenv")
    root = (
        subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        if pyenv
        else ""
    )
    own = sorted(Path(root).glob(f"versions/{version}.*/bin/python")) if root else []
    for candidate in (*own, shutil.which(f"python{version}")):
        shown = candidate and subprocess.run(
            [candidate, "--version"], capture_output=True, text=True, check=False
        )
        if shown and shown.stdout.startswith(f"Python {version}."):
            return str(candidate)
    return None


OFFLINE = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")


def install(python, *arguments):
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--retries", "1"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode and any(word in done.stderr for word in OFFLINE):
        pytest.skip("the packages that the wheel needs can't be downloaded here")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The homework as students unpack it."""
    from autograder.publish import build

    return build(ROOT, "hw5", tmp_path_factory.mktemp("release")).folder


@pytest.fixture(params=["3.11", "3.12", "3.13"])
def alone(request, release):
    """An environment with the wheel and what it asks for; kept for later runs, but for the wheel itself."""
    python = python_of(request.param)
    if python is None:
        pytest.skip(f"Python {request.param} is not on this machine")
    (made,) = release.glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        asked = email.message_from_bytes(archive.read(metadata)).get_all("Requires-Dist")
    folder = request.config.cache.mkdir("students") / request.param
    own, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists() or ready.read_text() != "\n".join(asked):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
        install(own, made)
        ready.write_text("\n".join(asked))
    else:
        install(own, "--no-deps", "--no-index", "--force-reinstall", made)
    return folder / "bin" / "autograder"


def check(command, folder):
    done = subprocess.run(
        [command, "check", "--json"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    return done.returncode, {c["id"]: c for item in report["items"] for c in item["checks"]}


@pytest.mark.slow
def test_the_wheel_alone_checks_homework(alone, release, tmp_path):
    """Checks the untouched homework, then a solved one with its PDF."""
    folder = tmp_path / "hw5"
    shutil.copytree(release, folder)
    shown = subprocess.run([alone, "doctor"], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "numerical-autograder-check 0.1.0" in shown
    status, checks = check(alone, folder)
    assert status == 1
    assert checks["forward-visible"]["status"] == "failed"
    assert "no PDF" in checks["pdf-opens"]["message"]

    for name in ("HW5.ipynb", "HW5.pdf"):
        shutil.copy(ROOT / "tests/samples/hw5/s001" / name, folder / name)
    status, checks = check(alone, folder)
    assert [c["message"] for c in checks.values() if c["status"] not in ("passed", "manual")] == []
    assert "The PDF opens" in checks["pdf-opens"]["message"]
    assert status == 0
