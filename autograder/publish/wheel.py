"""The engine as a pure-Python wheel, written here so that equal sources give equal bytes.

A wheel is a zip of the package and three files about it (PyPA specifications, "Binary distribution
format"). Building it by hand keeps the release independent of which build tools a machine has; a test
installs it with pip.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from pathlib import Path

from autograder.publish.archive import zip_bytes


def engine_wheel(package: Path, project: Path) -> tuple[str, bytes]:
    """The wheel's file name and its bytes.

    Parameters
    ----------
    package : Path
        The package's folder.
    project : Path
        The ``pyproject.toml`` with its name, version and dependencies.
    """
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    name, version = str(table["name"]), str(table["version"])
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/{p.relative_to(package).as_posix()}": p.read_bytes() for p in _modules(package)}
    files[f"{info}/METADATA"] = _metadata(table).encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    scripts = "".join(f"{key} = {value}\n" for key, value in sorted(table["scripts"].items()))
    files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}".encode()
    files[f"{info}/licenses/LICENSE"] = (project.parent / "LICENSE").read_bytes()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return f"{name}-{version}-py3-none-any.whl", zip_bytes(files)


def _modules(package: Path) -> list[Path]:
    kept = (".py", ".typed", ".json")
    found = (p for p in package.rglob("*") if p.suffix in kept or p.name == "py.typed")
    return sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)


def _metadata(table: dict[str, object]) -> str:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {table['name']}",
        f"Version: {table['version']}",
        f"Summary: {table['description']}",
        f"License-Expression: {table['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {table['requires-python']}",
    ]
    dependencies = table["dependencies"]
    assert isinstance(dependencies, list)
    return "\n".join([*lines, *(f"Requires-Dist: {one}" for one in dependencies)]) + "\n"


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = []
    for name, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return ("\n".join([*lines, f"{own},,"]) + "\n").encode()
