"""Find an assignment's parts in an instructor's course folder, or in a student's release.

::

    course folder                        release
    source/<id>/assignment.toml          check/assignment.toml (the visible part)
    source/<id>/questions.py             check/questions.py
    source/<id>/<support code>/          <support code>/
    reference/<id>/mistakes.py, .toml    check/mistakes.json (what they leave on the visible cases)
    release/<id>/<notebook>              check/given.ipynb (<notebook> is what the student fills in)
    reference/<id>/questions.py          –
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from autograder.assignment import SPECS, Assignment, read_assignment, read_table, scaled
from autograder.authoring.loading import Authored, load_authored
from autograder.errors import AssignmentError, UsageError
from autograder.model import Struct

DEFINITION, QUESTIONS = "assignment.toml", "questions.py"
CHECK, GIVEN, MISTAKES = "check", "given.ipynb", "mistakes.json"
# Files that compiling and running leave in a folder decide nothing.
_MADE = frozenset({"__pycache__", "build", ".ipynb_checkpoints"})


class Course(Struct):
    """One assignment and the places of its parts; `reference` is None in a release.

    `work` is the folder that has the support code and, in a release, the student's notebook. `authored` is
    what the assignment's own modules define.
    """

    assignment: Assignment
    definition: Path
    work: Path
    given_notebook: Path
    reference: Path | None
    authored: Authored = Authored()

    @property
    def support(self) -> tuple[Path, ...]:
        """The folders of support code."""
        return tuple(self.work / name for name in self.assignment.sandbox.support)

    def support_sources(self) -> dict[str, str]:
        """Give the support code by file name, as a student reads it: ``{"folder/module.py": source}``."""
        paths = sorted(path for folder in self.support for path in folder.glob("*.py"))
        return {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in paths}

    def extension(self) -> Path | None:
        """Find the compiled module: beside the support code, or installed; None where there is none."""
        name = self.assignment.sandbox.extension
        for folder in self.support:
            for path in sorted(folder.glob(f"{name}.*")):
                if name and path.suffix in (".so", ".pyd"):
                    return path
        spec = importlib.util.find_spec(name) if name else None
        return Path(spec.origin) if spec and spec.origin else None

    def config_sha256(self) -> str:
        """Hash the definition; a report names the configuration by it."""
        return hashlib.sha256(self.definition.read_bytes()).hexdigest()

    def cases_sha256(self) -> str:
        """Hash everything of the assignment's own that decides a verdict.

        That is the definition, questions, references and frozen outputs, the support code, the compiled
        module, and the notebook as it was handed out.
        """
        own = [path for path in self.definition.parent.glob("*") if path.suffix in (".py", ".toml", ".json")]
        reference = [self.reference] if self.reference else []
        extension = self.extension()
        single = [*own, self.given_notebook, *([extension] if extension else [])]
        return hash_files([*single, *_files_in([*reference, *self.support])])


def _files_in(folders: Iterable[Path]) -> list[Path]:
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and _MADE.isdisjoint(path.parts) and path.suffix not in (".so", ".pyd", ".pyc")
    ]


def hash_files(paths: Iterable[Path]) -> str:
    """Hash files by their names and contents, in the order of their paths; a missing one counts as empty."""
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.parent.name}/{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def find_course(root: Path, assignment_id: str | None = None, slowness: float = 1.0) -> Course:
    """Find an assignment in a course folder; the only one where none is named.

    Parameters
    ----------
    root : Path
        The course's folder.
    assignment_id : str, optional
        Which assignment.
    slowness : float
        The factor by which this machine's limits of time are longer; see `autograder.grading.calibration`.

    Raises
    ------
    UsageError
        There is no course, no such assignment, or a choice to make; says what there is.
    """
    known = sorted(p.parent.name for p in root.glob(f"source/*/{DEFINITION}"))
    if not known:
        raise UsageError(
            f"{root}: no source/<assignment>/{DEFINITION} here",
            "Run this in the course's root folder, or name it with --course DIR.",
        )
    if assignment_id is None and len(known) > 1:
        raise UsageError(f"{root}: has {', '.join(known)}", "Choose one with --assignment.")
    chosen = assignment_id or known[0]
    if chosen not in known:
        raise UsageError(f"{root}: has no assignment `{chosen}`", f"There is: {', '.join(known)}.")
    source, reference = root / "source" / chosen, root / "reference" / chosen
    authored = _authored(source / DEFINITION, reference)
    assignment = _read(source / DEFINITION, authored)
    if assignment.id != chosen:
        raise AssignmentError(f"{source / DEFINITION}: id is `{assignment.id}`, its folder `{chosen}`")
    return Course(
        assignment=scaled(assignment, slowness),
        definition=source / DEFINITION,
        work=source,
        given_notebook=root / "release" / chosen / assignment.notebook,
        reference=reference,
        authored=authored,
    )


def _authored(definition: Path, reference: Path | None) -> Authored:
    """Load the modules that a definition names: its kinds of checks must be known to read the rest."""
    named = read_table(definition).get("questions", "")
    if not isinstance(named, str):
        raise AssignmentError(f"{definition}: questions = {named!r}, expected the name of a module")
    hidden = reference / QUESTIONS if reference else None
    return load_authored(definition.parent / named if named else None, hidden)


def _read(definition: Path, authored: Authored) -> Assignment:
    return read_assignment(definition, {**SPECS, **{name: k.spec for name, k in authored.kinds.items()}})


def find_release(start: Path) -> Course:
    """Find the release that a student works in: `start` or a folder above it.

    Raises
    ------
    UsageError
        None of them is a release.
    """
    for folder in (start, *start.parents):
        definition = folder / CHECK / DEFINITION
        if definition.exists():
            authored = _authored(definition, None)
            return Course(
                assignment=_read(definition, authored),
                definition=definition,
                work=folder,
                given_notebook=folder / CHECK / GIVEN,
                reference=None,
                authored=authored,
            )
    raise UsageError(
        f"{start}: no {CHECK}/{DEFINITION} here or above",
        "Run this in the unpacked homework folder, where the notebook is.",
    )
