"""An assignment as data: ``assignment.toml``, read strictly into frozen types.

The engine knows no homework by name. The definition has the items with their points, checks, questions and
limits; the questions are Python modules of the assignment (see `autograder.authoring`).
``docs/assignments.md`` is the manual.
"""

from autograder.assignment.consistency import Problem
from autograder.assignment.definition import (
    Assignment,
    CompatSpec,
    DataSpec,
    FilesSpec,
    ItemSpec,
    SandboxSpec,
    scaled,
)
from autograder.assignment.kinds import (
    SPECS,
    Comments,
    Files,
    Manual,
    Outputs,
    Pdf,
    ProbeSpec,
    Rerun,
    RunOrder,
    Speed,
    Written,
)
from autograder.assignment.lines import Place
from autograder.assignment.policy import Attempts, ExtraCredit, Late, Rounding
from autograder.assignment.reading import located, read_assignment, read_table

__all__ = [
    "SPECS",
    "Assignment",
    "Attempts",
    "Comments",
    "CompatSpec",
    "DataSpec",
    "ExtraCredit",
    "Files",
    "FilesSpec",
    "ItemSpec",
    "Late",
    "Manual",
    "Outputs",
    "Pdf",
    "Place",
    "ProbeSpec",
    "Problem",
    "Rerun",
    "Rounding",
    "RunOrder",
    "SandboxSpec",
    "Speed",
    "Written",
    "located",
    "read_assignment",
    "read_table",
    "scaled",
]
