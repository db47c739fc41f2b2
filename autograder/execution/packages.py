"""Find installed packages, and what they need."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import PurePosixPath


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution_of(name: str) -> importlib.metadata.Distribution | None:
    """Give the installed distribution of this name, or one that has a module of this name."""
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        providers = importlib.metadata.packages_distributions().get(name, [])
        return importlib.metadata.distribution(providers[0]) if providers else None


def required_names(requirements: Iterable[str]) -> list[str]:
    """Give the names in requirement lines, without those that an extra asks for.

    >>> required_names(["pillow>=9", "tomli; python_version < '3.11'", "pytest; extra == 'test'"])
    ['pillow', 'tomli']
    """
    wanted = (line for line in requirements if not re.search(r"\bextra\s*==", line))
    found = (re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line) for line in wanted)
    return [match.group(1) for match in found if match]


def top_level_entries(files: Iterable[PurePosixPath]) -> list[str]:
    """Give the folders and modules that a distribution puts into site-packages, without its metadata."""
    tops = {path.parts[0] for path in files if path.parts and path.parts[0] not in ("..", "/")}
    return sorted(
        t for t in tops if not t.endswith((".dist-info", ".egg-info", ".pth")) and t != "__pycache__"
    )


def with_requirements(names: Iterable[str]) -> list[importlib.metadata.Distribution]:
    """Give the installed distributions of these packages and of all that they need."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        distribution = None if _normal(name) in found else distribution_of(name)
        if distribution is not None:
            found[_normal(name)] = distribution
            waiting += required_names(distribution.requires or ())
    return list(found.values())


def importable(names: Iterable[str]) -> set[str]:
    """Give the modules that come with these packages and with all that they need, as far as they are here."""
    names = set(names)
    files = (distribution.files or () for distribution in with_requirements(names))
    return names | {entry.removesuffix(".py") for one in files for entry in top_level_entries(one)}
