"""Where the engine looks for the data, and the stand-in that it makes."""

import multiprocessing
from pathlib import Path

import pytest
from data_sets import FOLDER, spec
from HW5_code import synthetic_data

from autograder.data import describe_data, find_data
from autograder.data.find import fetched_folder
from autograder.errors import DataError, UsageError

GENERATOR = """
from pathlib import Path
def write(folder):
    Path(folder, "batches.meta").write_text("made")
    with Path({log!r}).open("a") as log:
        log.write("made\\n")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make an assignment's folder with a generator that logs each of its runs."""
    home = tmp_path / "assignment"
    home.mkdir()
    (home / "generate.py").write_text(GENERATOR.format(log=str(tmp_path / "log")))
    return home


def test_where_the_engine_finds_its_data(folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = spec(generator="generate.py")
    made = find_data(None, wanted, root)
    assert made.parent == folder.parent / "cache" / "autograder"
    assert describe_data(wanted) == ("stand-in", made.parent)

    fetched = fetched_folder(wanted)
    synthetic_data.write(fetched, train=5, test=1)
    assert find_data(None, wanted, root) == fetched
    assert describe_data(wanted) == ("real", fetched)

    beside = synthetic_data.write(root / FOLDER, train=5, test=1)
    assert find_data(None, wanted, root) == beside

    monkeypatch.setenv("CIFAR10_DIR", str(folder))
    assert find_data(None, wanted, root) == folder
    assert find_data(beside, wanted, root) == beside
    assert find_data(root, wanted, root) == beside


def test_a_named_folder_without_data(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"work: was asked for and has no batches.meta"):
        find_data(tmp_path / "work", spec(), root)
    monkeypatch.setenv("CIFAR10_DIR", "nowhere")
    with pytest.raises(DataError, match=r"nowhere: was named by CIFAR10_DIR and has no batches.meta"):
        find_data(None, spec(), root)


def test_no_data_and_no_generator(root: Path) -> None:
    with pytest.raises(DataError, match=r"is not on this machine, and it has no generator"):
        find_data(None, spec(), root)
    with pytest.raises(DataError, match=r"away.py, which generates a stand-in, is missing"):
        find_data(None, spec(generator="away.py"), root)


@pytest.mark.parametrize(
    ("code", "message"),
    [("1 / 0", "1: can't be loaded: ZeroDivisionError"), ("x = 1", r" expected a function write\(folder\)")],
)
def test_a_broken_generator(root: Path, code: str, message: str) -> None:
    (root / "generate.py").write_text(code)
    with pytest.raises(UsageError, match=f"generate.py:{message}"):
        find_data(None, spec(generator="generate.py"), root)


def test_a_changed_generator_runs_again(root: Path) -> None:
    wanted = spec(generator="generate.py")
    first = find_data(None, wanted, root)
    with (root / "generate.py").open("a") as file:
        file.write("# changed\n")
    assert find_data(None, wanted, root) != first


def test_several_processes_make_it_once(root: Path, tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        folders = pool.starmap(find_data, [(None, spec(generator="generate.py"), root)] * 6)
    assert len(set(folders)) == 1
    assert (tmp_path / "log").read_text().count("made") == 1


def test_a_cache_that_cannot_be_written_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"can't be made: .*\n.*XDG_CACHE_HOME"):
        find_data(None, spec(generator="generate.py"), root)
