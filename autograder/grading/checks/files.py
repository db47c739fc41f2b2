"""Check the files handed in: that each expected one is there, and that the PDF can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from autograder.assignment import Files, Pdf
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import found
from autograder.authoring.student import StudentFault
from autograder.model import Chunk, Definitions, FileRecord, Finding, Status
from autograder.text import few

# This runs where students' code runs: a PDF is untrusted input, and its reader is not hardened. It stops once
# there is enough text, as a page takes tens of milliseconds.
PDF_FACTS = """
def pdf_facts(content, enough):
    import io
    import pypdf
    document = pypdf.PdfReader(io.BytesIO(content.tobytes()))
    if document.is_encrypted and not document.decrypt(""):
        return {"problem": "The PDF does not open: it is protected by a password."}
    text = ""
    for page in document.pages[:50]:
        text += page.extract_text() + " "
        if len("".join(text.split())) >= enough:
            break
    return {"pages": len(document.pages), "text": text[:100_000], "problem": ""}
"""
PDF_DEFINITIONS = Definitions(chunks=(Chunk(source=PDF_FACTS, names=("pdf_facts",), cell=0),))
# A print has hundreds of its notebook's words on the first page.
MIN_SHARED = 20
ENOUGH = 1_000  # characters
_WORD = re.compile(r"[^\W\d_]{4,}")


def _suffix(file: FileRecord) -> str:
    return PurePosixPath(file.path).suffix.lower()


def check_files(spec: Files, context: CheckContext) -> Finding:
    """Require exactly one file of each expected kind; each rule has an equal share of the credit.

    Files that were not asked for halve the credit.
    """
    rules = context.file_rules
    files = context.submission.files
    problems = []
    good = 0
    for rule in rules:
        fitting = [f for f in files if _suffix(f) == rule.suffix]
        expected = rule.name or f"a {rule.suffix} file"
        if not fitting and rule.required:
            problems.append(f"{expected} is missing.")
        elif len(fitting) > 1:
            problems.append(f"Expected one {rule.suffix} file, got {len(fitting)}: {_names(fitting)}.")
        else:
            good += 1
    known = {rule.suffix for rule in rules}
    others = [f for f in files if _suffix(f) not in known]
    if others:
        problems.append(f"Not asked for: {_names(others)}.")
    fraction = good / len(rules) * (0.5 if others else 1.0)
    message = " ".join(problems) or f"Handed in as asked: {_names(list(files))}."
    return found(spec, Status.FAILED if problems else Status.PASSED, message, round(fraction, 4))


def _names(files: list[FileRecord]) -> str:
    return few([PurePosixPath(f.path).name for f in files], 5)


def check_pdf(spec: Pdf, context: CheckContext) -> Finding:
    """Require a PDF that opens, has enough pages and holds the notebook's words.

    A PDF with other words, or with pictures of text, is left to a person. It is opened where students' code
    runs.
    """
    contents = [c for name, c in context.submission.contents.items() if name.lower().endswith(".pdf")]
    try:
        facts = _pdf_facts(spec, contents, context)
    except StudentFault as fault:
        facts = {"problem": f"The PDF does not open: {fault.message}"}
    pages, text = int(facts.get("pages", 0)), str(facts.get("text", ""))
    problem = str(facts["problem"])
    if not problem and pages < spec.min_pages:
        problem = f"The PDF has {_count(pages)}, expected at least {spec.min_pages}."
    if problem:
        return found(spec, Status.FAILED, problem)
    characters, shared = len("".join(text.split())), _shared_words(text, context)
    metrics = {"pages": pages, "characters": characters, "shared_words": shared}
    if characters < spec.min_characters or shared < MIN_SHARED:
        message = (
            f"The PDF opens. It has {_count(pages)} and {shared} of the notebook's words: a person decides."
        )
        return found(spec, Status.MANUAL, message, metrics=metrics)
    message = f"The PDF opens. It has {_count(pages)} and at least {characters} characters of text."
    return found(spec, Status.PASSED, message, metrics=metrics)


def _shared_words(text: str, context: CheckContext) -> int:
    """Count the different words of four letters and more that the text has from the notebook."""
    notebook = context.submission.notebook
    sources = " ".join(cell.source for cell in notebook.cells) if notebook else ""
    return len(set(_WORD.findall(text.lower())) & set(_WORD.findall(sources.lower())))


def _pdf_facts(spec: Pdf, contents: Sequence[bytes], context: CheckContext) -> Any:
    if not contents:
        return {"problem": "There is no PDF that could be read."}
    if not contents[0].lstrip().startswith(b"%PDF-"):
        return {"problem": "The file is named .pdf but is not a PDF: it does not begin with %PDF."}
    with context.run(PDF_DEFINITIONS, spec.limits) as reader:
        return reader.call(
            "pdf_facts", np.frombuffer(contents[0], dtype=np.uint8), max(spec.min_characters, ENOUGH)
        )


def _count(pages: int) -> str:
    return f"{pages} page{'' if pages == 1 else 's'}"
