"""The engine as a pure-Python wheel, written here so that equal sources give equal bytes.

A wheel is a zip of the package and four files about it (PyPA specifications, "Binary distribution
format"). Building it by hand keeps the release independent of which build tools a machine has; a test
installs it with pip.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from pathlib import Path
from typing import Any

from autograder.errors import ReleaseError
from autograder.publish.archive import zip_bytes

_KEPT = (".py", ".typed", ".json")
_TAGS = b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def engine_wheel(package: Path) -> tuple[str, bytes]:
    """The wheel's file name and its bytes.

    Parameters
    ----------
    package : Path
        The package's folder; the ``pyproject.toml`` and the licence stand beside it.

    Raises
    ------
    ReleaseError
        The package is installed without what stands beside it in its sources.
    """
    project, licence = package.parent / "pyproject.toml", package.parent / "LICENSE"
    for path in (project, licence):
        if not path.exists():
            raise ReleaseError(
                f"{path} is missing: the engine is not installed from its sources",
                "Build releases from a checkout: pip install -e '.[instructor]' in its folder.",
            )
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    name, version = str(table["name"]), str(table["version"])
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/{p.relative_to(package).as_posix()}": p.read_bytes() for p in _modules(package)}
    files[f"{info}/METADATA"] = _metadata(table).encode()
    files[f"{info}/WHEEL"] = _TAGS
    files[f"{info}/entry_points.txt"] = _scripts(table).encode()
    files[f"{info}/licenses/LICENSE"] = licence.read_bytes()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return f"{name}-{version}-py3-none-any.whl", zip_bytes(files)


def _modules(package: Path) -> list[Path]:
    found = (p for p in package.rglob("*") if p.suffix in _KEPT or p.name == "py.typed")
    return sorted(p for p in found if p.is_file() and "__pycache__" not in p.relative_to(package).parts)


def _metadata(table: dict[str, Any]) -> str:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {table['name']}",
        f"Version: {table['version']}",
        f"Summary: {table['description']}",
        f"License-Expression: {table['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {table['requires-python']}",
        *(f"Requires-Dist: {one}" for one in table["dependencies"]),
    ]
    for extra, requirements in sorted(table.get("optional-dependencies", {}).items()):
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {_for_extra(one, extra)}" for one in requirements]
    return "\n".join(lines) + "\n"


def _for_extra(requirement: str, extra: str) -> str:
    """A requirement with the marker that it is one of an extra's."""
    what, _, marker = requirement.partition(";")
    condition = f"({marker.strip()}) and " if marker else ""
    return f'{what.strip()} ; {condition}extra == "{extra}"'


def _scripts(table: dict[str, Any]) -> str:
    return "[console_scripts]\n" + "".join(f"{k} = {v}\n" for k, v in sorted(table["scripts"].items()))


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = []
    for name, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return ("\n".join([*lines, f"{own},,"]) + "\n").encode()
