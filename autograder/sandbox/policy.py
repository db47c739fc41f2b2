"""Decide which parts of this machine are visible in the sandbox: the policy and its mounts.

A submission may import the standard library, the packages that the assignment names with their requirements,
and the assignment's support code. Nothing else is visible: not the rest of site-packages, not the course
folder, not this engine. Nothing here touches the machine.
"""

from __future__ import annotations

import ast
import functools
import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from autograder.errors import SandboxError
from autograder.execution.packages import distribution_of, top_level_entries, with_requirements
from autograder.model import Struct

# The number of modules that are imported before a child is forked, and the length of each name.
MOST_PRELOADED, MOST_CHARACTERS = 50, 100
# Paths inside the sandbox.
PYTHON, PACKAGES, SUPPORT, RUN = "/opt/py", "/opt/packages", "/opt/support", "/opt/run"


class Mount(Struct, frozen=True):
    """A file or folder and its path inside; a `copied` one is small and may be copied instead."""

    source: Path
    target: str
    copied: bool = False


class Policy(Struct, frozen=True):
    """The modules that can be imported beside the standard library.

    imports          installed packages for submissions, mounted with their declared requirements
    tools            further packages for the checks' own code; no message offers them
    support          folders for submissions, importable by their names
    extra_modules    single files that these use (a compiled module, say)
    preload          modules that are imported once, before a child is forked for each handle
    files, mounts    further files by their paths inside, with their content or their place here
    """

    imports: tuple[str, ...] = ("numpy",)
    tools: tuple[str, ...] = ()
    support: tuple[Path, ...] = ()
    extra_modules: tuple[Path, ...] = ()
    preload: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    mounts: tuple[Mount, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """All installed packages that are mounted."""
        return (*self.imports, *self.tools)


class Interpreter(Struct, frozen=True):
    """The parts of a Python that has no site-packages: its program, standard library and libpython."""

    program: Path
    standard: Path
    libraries: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The program's name, which has the version in it."""
        return f"python{sys.version_info.major}.{sys.version_info.minor}"


def this_interpreter() -> Interpreter:
    """Find the interpreter that runs the engine, without its virtual environment."""
    standard = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})).resolve()
    shared = sysconfig.get_config_var("INSTSONAME") or ""
    # the prefix where Python is now, and the folder that it was built for
    folders = (Path(sys.base_prefix) / "lib", Path(sysconfig.get_config_var("LIBDIR") or sys.base_prefix))
    found = (folder / shared for folder in folders if ".so" in shared)
    libraries = tuple(path.resolve() for path in found if os.access(path, os.R_OK))[:1]
    return Interpreter(
        program=Path(getattr(sys, "_base_executable", sys.executable)).resolve(),
        standard=standard,
        libraries=libraries,
    )


def worth_preloading(sources: Iterable[str], imports: Iterable[str]) -> list[str]:
    """Give the modules of the policy's packages that some code imports, to import them once for all children.

    Only a package and its public modules are taken; code that does not parse imports nothing. Long names,
    and all after the first fifty, are left out so that the harness's message stays small; the child imports
    them itself.

    >>> worth_preloading(["import os", "from scipy import signal"], ["scipy"])
    ['scipy', 'scipy.signal']
    """
    names = frozenset[str]().union(*(_imports_of(source) for source in sources if "import" in source))
    known = set(imports)
    public = sorted(name for name in names if _is_public(name) and name.partition(".")[0] in known)
    return [name for name in public if len(name) <= MOST_CHARACTERS][:MOST_PRELOADED]


@functools.lru_cache(maxsize=256)  # a submission's chunks are asked about for each of its children
def _imports_of(source: str) -> frozenset[str]:
    try:
        tree = ast.parse(source)
        return frozenset(name for node in ast.walk(tree) for name in _imported(node))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")}
    return set()


def _is_public(name: str) -> bool:
    parts = name.split(".")
    return len(parts) <= 2 and not any(part.startswith(("_", "test", "conftest")) for part in parts)


def importable_names(policy: Policy) -> list[str]:
    """Give what a submission may import beside the standard library, for messages.

    >>> importable_names(Policy(imports=("numpy",), tools=("pypdf",), support=(Path("kit"),)))
    ['kit', 'numpy']
    """
    folders = (Path(path).relative_to(SUPPORT).parts[0] for path, _ in policy.files)
    return sorted({*policy.imports, *(path.name for path in policy.support), *folders})


# --- packages -----------------------------------------------------------------------------------


@functools.cache
def package_mounts(names: tuple[str, ...]) -> tuple[Mount, ...]:
    """Give the mounts of the packages, one for each folder or module at the top of site-packages.

    Raises `SandboxError` if one of the packages is not installed.
    """
    for name in names:
        if distribution_of(name) is None:
            raise SandboxError(
                f"the package `{name}`, which submissions may import, is not installed",
                f"pip install {name}, or take it out of [sandbox] imports in assignment.toml.",
            )
    mounts: dict[str, Mount] = {}
    for distribution in with_requirements(names):
        for entry in top_level_entries(distribution.files or ()):
            path = Path(str(distribution.locate_file(entry)))
            if path.exists():
                mounts[entry] = Mount(source=path.resolve(), target=f"{PACKAGES}/{entry}")
    return tuple(mounts[entry] for entry in sorted(mounts))


# --- all mounts ---------------------------------------------------------------------------------


def interpreter_mounts(interpreter: Interpreter) -> tuple[Mount, ...]:
    """Give the mounts of an interpreter."""
    libraries = (Mount(source=p, target=f"{PYTHON}/lib/{p.name}") for p in interpreter.libraries)
    return (
        Mount(source=interpreter.program, target=f"{PYTHON}/bin/{interpreter.name}"),
        Mount(source=interpreter.standard, target=f"{PYTHON}/lib/{interpreter.name}"),
        *libraries,
    )


def support_mounts(policy: Policy) -> tuple[Mount, ...]:
    """Give the mounts of the assignment's support code and single modules."""
    folders = (Mount(source=p.resolve(), target=f"{SUPPORT}/{p.name}", copied=True) for p in policy.support)
    taken = {f"{SUPPORT}/{p.name}" for p in policy.support}
    inside = {folder.resolve() for folder in policy.support}
    # a module in a support folder is mounted already, under its package's name
    loose = (p for p in policy.extra_modules if p.resolve().parent not in inside)
    modules = (Mount(source=p.resolve(), target=f"{SUPPORT}/{p.name}", copied=True) for p in loose)
    return (*folders, *(m for m in modules if m.target not in taken))


def all_mounts(policy: Policy, interpreter: Interpreter) -> tuple[Mount, ...]:
    """Give everything of this machine that a submission can read, except the system's libraries.

    Raises `SandboxError` if this user can't read something that the policy names.
    """
    own = (*support_mounts(policy), *policy.mounts)
    mounts = (*interpreter_mounts(interpreter), *package_mounts(policy.packages), *own)
    for mount in mounts:
        if not os.access(mount.source, os.R_OK):
            raise SandboxError(f"{mount.source}: can't be read, but the sandbox's policy names it")
    return mounts
