"""Where an assignment's parts are: in an instructor's course folder, or in a student's release.

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
from pathlib import Path

from autograder.assignment import Assignment, config_sha256, read_assignment
from autograder.diagnosis import Suspect, load_suspects, read_fingerprints
from autograder.errors import AssignmentError, UsageError
from autograder.model import Struct
from autograder.questions import Question, load_questions

DEFINITION = "assignment.toml"
CHECK, GIVEN, MISTAKES = "check", "given.ipynb", "mistakes.json"


class Course(Struct):
    """One assignment and the places of its parts; `reference` is None in a release.

    `work` is the folder that has the support code and, in a release, the student's notebook.
    """

    assignment: Assignment
    definition: Path
    work: Path
    given_notebook: Path
    reference: Path | None

    @property
    def support(self) -> tuple[Path, ...]:
        """The folders of support code."""
        return tuple(self.work / name for name in self.assignment.sandbox.support)

    def support_sources(self) -> dict[str, str]:
        """The support code by file name, as a student reads it: ``{"folder/module.py": source}``."""
        paths = sorted(path for folder in self.support for path in folder.glob("*.py"))
        return {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in paths}

    def questions(self) -> dict[str, Question]:
        """Load the questions; see `autograder.questions.load_questions`."""
        hidden = self.reference / "questions.py" if self.reference else None
        return load_questions(self.definition.parent / self.assignment.questions, hidden)

    def extension(self) -> Path | None:
        """The compiled fast layers: beside the support code, or installed; None where there are none."""
        name = self.assignment.sandbox.extension
        for folder in self.support:
            for path in sorted(folder.glob(f"{name}.*")):
                if name and path.suffix in (".so", ".pyd"):
                    return path
        spec = importlib.util.find_spec(name) if name else None
        return Path(spec.origin) if spec and spec.origin else None

    def suspects(self) -> tuple[Suspect, ...]:
        """The known mistakes: the reference's catalogue, or the release's fingerprints of it."""
        if self.reference is not None:
            return load_suspects(self.reference)
        return read_fingerprints(self.definition.parent / MISTAKES)

    def config_sha256(self) -> str:
        """The hash of the definition, by which a report names it."""
        return config_sha256(self.definition)

    def cases_sha256(self) -> str:
        """The hash of everything that decides what is asked and what is expected."""
        digest = hashlib.sha256()
        for folder in filter(None, (self.definition.parent, self.reference)):
            for path in sorted(folder.glob("*")):
                if path.suffix in (".py", ".npz", ".toml"):
                    digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


def find_course(root: Path, assignment_id: str | None = None) -> Course:
    """Find an assignment in a course folder; the only one where none is named.

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
    source = root / "source" / chosen
    assignment = read_assignment(source / DEFINITION)
    if assignment.id != chosen:
        raise AssignmentError(f"{source / DEFINITION}: id is `{assignment.id}`, its folder `{chosen}`")
    return Course(
        assignment=assignment,
        definition=source / DEFINITION,
        work=source,
        given_notebook=root / "release" / chosen / assignment.notebook,
        reference=root / "reference" / chosen,
    )


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
            return Course(
                assignment=read_assignment(definition),
                definition=definition,
                work=folder,
                given_notebook=folder / CHECK / GIVEN,
                reference=None,
            )
    raise UsageError(
        f"{start}: no {CHECK}/{DEFINITION} here or above",
        "Run this in the unpacked homework folder, where the notebook is.",
    )
