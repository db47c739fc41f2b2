"""Intake: turn untrusted submissions into typed data. None of their code is run here.

`discover` finds the submissions in some places, `read` reads one of them within caps on sizes and counts, and
`fingerprint` tells whether one has changed. `parse_notebook` reads a notebook's bytes, `read_notebook` a
trusted file.
"""

from autograder.intake.candidates import Candidate, Discovery, SourceKind
from autograder.intake.discovery import archive_names, candidate_for, discover
from autograder.intake.entries import RejectedInput
from autograder.intake.notebook import parse_notebook
from autograder.intake.reading import fingerprint, read, read_notebook

__all__ = [
    "Candidate",
    "Discovery",
    "RejectedInput",
    "SourceKind",
    "archive_names",
    "candidate_for",
    "discover",
    "fingerprint",
    "parse_notebook",
    "read",
    "read_notebook",
]
