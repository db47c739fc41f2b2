"""Intake: untrusted submissions to typed data. Nothing of a submission is run here.

`discover` finds which submissions there are in the places that it is given, `read` reads one of
them within caps on sizes and counts, and `fingerprint` tells whether one has changed.
`parse_notebook` reads a notebook's bytes, `read_notebook` a file that is trusted.
"""

from autograder.intake.candidates import Candidate, Discovery, SourceKind
from autograder.intake.discovery import archive_names, candidate_for, discover
from autograder.intake.notebook import parse_notebook
from autograder.intake.reading import fingerprint, read, read_notebook
from autograder.intake.rejected import RejectedInput

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
