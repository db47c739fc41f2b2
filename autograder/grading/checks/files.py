"""Checks of the files handed in: which there are, and whether the PDF is one."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np

from autograder.assignment import Files, Pdf
from autograder.authoring.context import CheckContext
from autograder.authoring.specs import FileRule
from autograder.authoring.student import StudentFault
from autograder.model import Chunk, Definitions, FileRecord, Finding, Status

# Runs where students' code runs: a PDF is untrusted input, and its reader is not hardened. Text is taken from
# the pages until there is enough of it: a page takes tens of milliseconds.
PDF_FACTS = """
def pdf_facts(content, enough):
    import io
    import pypdf
    document = pypdf.PdfReader(io.BytesIO(content.tobytes()))
    if document.is_encrypted and not document.decrypt(""):
        return {"pages": 0, "characters": 0, "problem": "it is protected by a password"}
    characters = 0
    for page in document.pages[:50]:
        characters += len(page.extract_text())
        if characters >= enough:
            break
    return {"pages": len(document.pages), "characters": characters, "problem": ""}
"""
PDF_DEFINITIONS = Definitions(chunks=(Chunk(source=PDF_FACTS, names=("pdf_facts",), cell=0),))


def _matching(rule: FileRule, files: tuple[FileRecord, ...]) -> list[FileRecord]:
    return [f for f in files if PurePosixPath(f.path).suffix.lower() == rule.suffix]


def check_files(spec: Files, context: CheckContext) -> Finding:
    """One file of each expected kind, none missing and none more; each rule has an equal share."""
    rules = context.file_rules
    files = context.submission.files
    problems = []
    good = 0
    for rule in rules:
        found = _matching(rule, files)
        expected = rule.name or f"a {rule.suffix} file"
        if not found and rule.required:
            problems.append(f"{expected} is missing.")
        elif len(found) > 1:
            problems.append(f"Expected one {rule.suffix} file, got {len(found)}: {_names(found)}.")
        else:
            good += 1
    known = {rule.suffix for rule in rules}
    others = [f for f in files if PurePosixPath(f.path).suffix.lower() not in known]
    if others:
        problems.append(f"Not asked for: {_names(others)}.")
    fraction = good / len(rules) * (0.5 if others else 1.0)
    return Finding(
        check=spec.id,
        status=Status.PASSED if not problems else Status.FAILED,
        fraction=round(fraction, 4),
        message=" ".join(problems) or f"{_names(list(files))}: as asked.",
        hints=spec.hints if problems else (),
    )


def _names(files: list[FileRecord], most: int = 5) -> str:
    names = [PurePosixPath(f.path).name for f in files]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def check_pdf(spec: Pdf, context: CheckContext) -> Finding:
    """The PDF opens, has pages, and holds text; it is opened where students' code runs."""
    contents = [c for name, c in context.submission.contents.items() if name.lower().endswith(".pdf")]
    if not contents:
        return _pdf_failed(spec, "There is no PDF that could be read.")
    if not contents[0].lstrip().startswith(b"%PDF-"):
        return _pdf_failed(spec, "The PDF is not one: it does not begin with %PDF.")
    try:
        with context.run(PDF_DEFINITIONS, spec.limits) as reader:
            facts = reader.call("pdf_facts", np.frombuffer(contents[0], dtype=np.uint8), spec.min_characters)
    except StudentFault as fault:
        return _pdf_failed(spec, f"The PDF does not open: {fault.message}")
    pages, characters = int(facts["pages"]), int(facts["characters"])
    problem = _pdf_problem(spec, pages, characters, str(facts["problem"]))
    if problem:
        return _pdf_failed(spec, problem)
    return Finding(
        check=spec.id,
        status=Status.PASSED,
        fraction=1.0,
        message=f"The PDF opens: {_count(pages)}, {characters} characters of text or more.",
        metrics={"pages": pages, "characters": characters},
    )


def _count(pages: int) -> str:
    return f"{pages} page{'' if pages == 1 else 's'}"


def _pdf_problem(spec: Pdf, pages: int, characters: int, problem: str) -> str:
    if problem:
        return f"The PDF does not open: {problem}."
    if pages < spec.min_pages:
        return f"The PDF has {_count(pages)}, expected at least {spec.min_pages}."
    if characters < spec.min_characters:
        return f"The PDF holds {characters} characters of text, expected {spec.min_characters} or more."
    return ""


def _pdf_failed(spec: Pdf, message: str) -> Finding:
    return Finding(check=spec.id, status=Status.FAILED, fraction=0.0, message=message, hints=spec.hints)
