"""Build the students' wheel, which has only the self-check. Equal sources give equal bytes.

A wheel is a zip of the package and four files about it (PyPA specifications, "Binary distribution format").
It is built here, so that a release does not depend on a machine's build tools; a test installs it with pip.
The whole engine is another distribution, `numerical-autograder`, made from ``pyproject.toml``. Both install
the module and the command `autograder`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.errors import ReleaseError
from autograder.publish.archive import zip_bytes

NAME = "numerical-autograder-check"
SUMMARY = "Checks a programming homework on your own machine"
# The rooms that the self-check and `data fetch` import. It also has all modules of no room.
ROOMS = (
    *("assignment", "authoring", "data", "execution", "extract", "grading"),
    *("guest", "intake", "report", "selfcheck"),
)
_COMMANDS = ("__init__", "check", "data", "doctor", "ends", "exit_status", "options")
CLI = tuple(f"cli/{name}.py" for name in _COMMANDS)
# The modules in these rooms that the self-check does not need.
LEFT_OUT = (
    "execution/pipes.py",
    "grading/calibration.py",
    "grading/preflight.py",
    "guest/walls",
    "intake/origin.py",
    "report/__main__.py",
    "report/stable.py",
    "report/student.py",
    "report/sums.py",
    "signing.py",
)
_TAGS = b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def students_wheel(package: Path, packages: Iterable[str] = ()) -> tuple[str, bytes]:
    """Build the students' wheel, and give its file name and bytes.

    `package` is the engine's folder, `packages` are the packages that the visible checks need besides the
    engine's dependencies. Raises `ReleaseError` if ``pyproject.toml`` or ``LICENSE`` is not beside the
    engine's folder, as in an installed engine.
    """
    project, licence = package.parent / "pyproject.toml", package.parent / "LICENSE"
    for path in (project, licence):
        if not path.exists():
            raise ReleaseError(
                f"{path} is missing: the engine is not installed from its sources",
                "Build releases from a checkout: pip install -e '.[instructor]' in its folder.",
            )
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    stem = f"{NAME.replace('-', '_')}-{table['version']}"
    info = f"{stem}.dist-info"
    files = {f"{package.name}/{name}": (package / name).read_bytes() for name in modules(package)}
    files[f"{info}/METADATA"] = _metadata(table, packages).encode()
    files[f"{info}/WHEEL"] = _TAGS
    files[f"{info}/entry_points.txt"] = _scripts(table).encode()
    files[f"{info}/licenses/LICENSE"] = licence.read_bytes()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return f"{stem}-py3-none-any.whl", zip_bytes(files)


def modules(package: Path) -> list[str]:
    """List the engine's files in the students' wheel, by their names in the package."""
    in_rooms = (path for room in ROOMS for path in (package / room).rglob("*.py"))
    names = {path.relative_to(package).as_posix() for path in (*in_rooms, *package.glob("*.py"))}
    return sorted({name for name in names if not name.startswith(LEFT_OUT)} | {*CLI, "py.typed"})


def requirements(table: dict[str, Any], packages: Iterable[str]) -> list[str]:
    """List the project's dependencies and the given packages, with the versions from the project's extras."""
    extras = table.get("optional-dependencies", {}).values()
    known = {_name(one): one for extra in extras for one in extra}
    own = {_name(one): one for one in table["dependencies"]}
    more = {_name(name): known.get(_name(name), name) for name in packages}
    return list((more | own).values())


def _name(requirement: str) -> str:
    """Give a requirement's name in the normalised form of package indexes."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def _metadata(table: dict[str, Any], packages: Iterable[str]) -> str:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {NAME}",
        f"Version: {table['version']}",
        f"Summary: {SUMMARY}",
        f"License-Expression: {table['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {table['requires-python']}",
        *(f"Requires-Dist: {one}" for one in sorted(requirements(table, packages))),
    ]
    return "\n".join(lines) + "\n"


def _scripts(table: dict[str, Any]) -> str:
    return "[console_scripts]\n" + "".join(f"{k} = {v}\n" for k, v in sorted(table["scripts"].items()))


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = []
    for name, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return ("\n".join([*lines, f"{own},,"]) + "\n").encode()
