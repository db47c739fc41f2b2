"""Attacks have the same outcome for root and an ordinary user, without a control group, without Landlock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograder
from autograder.sandbox import cgroup, spawner

HERE, ROOT = Path(__file__).parent, Path(autograder.__file__).parents[1]
NOBODY = 65534
# An ordinary user can't reach a virtual environment below /root, so it is mounted elsewhere.
AS_USER = """
mount -t tmpfs stage /media && mkdir /media/py /media/packages && mount --bind "$1" /media/py &&
mount --bind "$2" /media/packages && cd / && shift 2 &&
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
env -i LD_LIBRARY_PATH=/media/py/lib PATH=/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 \
OPENBLAS_NUM_THREADS=1 PYTHONPATH="$PYTHONPATH:/media/packages" /media/py/bin/python3 "$@"
"""


def run_all(command: list[str], *missing: str) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{HERE}"}
    command = [*command, str(HERE / "everywhere.py"), *missing]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["count"] > 60
    assert found["wrong"] == {}
    return found


@pytest.fixture
def as_user() -> list[str]:
    """Give the beginning of a command by which an ordinary user runs a script."""
    if os.geteuid() != 0:
        return [sys.executable]
    if not spawner.reachable(ROOT):
        pytest.skip(f"{ROOT} is out of an ordinary user's reach")
    shown = [sys.base_prefix, sysconfig.get_path("purelib")]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", AS_USER, "sh", *shown]


@pytest.fixture
def delegated() -> Iterator[list[Path]]:
    """Make control groups below which an ordinary user may make others."""
    if os.geteuid() != 0:
        pytest.skip("only root can hand a control group to an ordinary user")
    membership = cgroup.parse_membership(Path("/proc/self/cgroup").read_text())
    parents = next(iter(cgroup.candidates(membership, cgroup.ROOT)), None)
    if parents is None or not all(os.access(parent, os.W_OK) for parent in parents.values()):
        pytest.skip("no control group can be made here")
    folders = [parent / f"tests-{os.getpid()}" for parent in dict.fromkeys(parents.values())]
    for folder in folders:
        folder.mkdir()
        for path in (folder, folder / "cgroup.procs"):
            os.chown(path, NOBODY, NOBODY)
    yield folders
    for folder in folders:
        folder.rmdir()


@pytest.mark.usefixtures("walls")
@pytest.mark.skipif(os.geteuid() != 0, reason="root's own way needs root")
def test_as_root_without_a_group() -> None:
    found = run_all([sys.executable], "cgroup")
    assert found["user"] == 0
    assert not any(wall.startswith("cgroup") for wall in found["walls"])


@pytest.mark.usefixtures("walls")
def test_on_a_kernel_without_landlock() -> None:
    found = run_all([sys.executable], "landlock")
    assert not any(wall.startswith("landlock") for wall in found["walls"])


@pytest.mark.usefixtures("walls")
def test_as_an_ordinary_user_without_a_group(as_user: list[str]) -> None:
    found = run_all(as_user, "cgroup")
    assert found["user"] != 0
    assert not any(wall.startswith("cgroup") for wall in found["walls"])


@pytest.mark.usefixtures("walls")
def test_as_an_ordinary_user_with_a_group(as_user: list[str], delegated: list[Path]) -> None:
    enter = "".join(f"echo $$ >{folder}/cgroup.procs && " for folder in delegated)
    found = run_all(["sh", "-c", f'{enter} exec "$@"', "sh", *as_user])
    assert found["user"] == NOBODY
    assert any(wall.startswith("cgroup") for wall in found["walls"])
