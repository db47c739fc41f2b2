"""The locked versions: every package that set-up installs, by its hash, for every Python."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
LOCKED = ("dev", "instructor")


def locked(extra):
    """The requirements of a lock file, each with its hashes."""
    text = (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in lines:
        requirement, *hashes = line.split("--hash=")
        yield Requirement(requirement), [one.strip() for one in hashes]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(extra):
    """Give an extra's requirements, with the project's own and those of the extras that it names."""
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra]]:
        requirement = Requirement(text)
        if requirement.name == PROJECT["name"]:
            for other in requirement.extras:
                yield from asked(other)
        else:
            yield requirement


@pytest.mark.parametrize("extra", LOCKED)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_requirement_of_the_project_is_locked(extra, version):
    here = {
        "python_version": version,
        "python_full_version": f"{version}.9",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    chosen = [r for r, _ in locked(extra) if r.marker is None or r.marker.evaluate(here)]
    names = [normal(r.name) for r in chosen]
    assert len(names) == len(set(names)), "two versions of one package"
    pinned = {normal(r.name): str(r.specifier).removeprefix("==") for r in chosen}
    # the project is built with these as well, so that nothing else is downloaded
    for requirement in [*asked(extra), *map(Requirement, BUILD)]:
        pin = pinned.get(normal(requirement.name))
        assert pin, f"{requirement} is not locked: run tools/lock"
        assert requirement.specifier.contains(pin), f"{requirement} is locked as {pin}: run tools/lock"


@pytest.mark.parametrize("extra", LOCKED)
def test_every_locked_package_has_one_version_and_hashes(extra):
    for requirement, hashes in locked(extra):
        assert re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)), requirement
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize("extra", LOCKED)
def test_a_lock_names_no_package_index(extra):
    text = (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text


def test_an_instructor_has_the_versions_that_are_tested():
    tested, used = ({(normal(r.name), str(r.specifier)) for r, _ in locked(extra)} for extra in LOCKED)
    assert used <= tested
