"""The interface for authors: the names that an assignment's own modules import.

::

    from autograder.authoring import Case, CheckKind, CheckSpec, Comparison, Expected, unpack

`questions` has the records that describe a question, `student` the handle on a student's code, `numerics`
numerical gradients and rounding bounds. `unpack` takes a returned tuple apart. `kinds` and `context` are for
new kinds of checks. ``docs/assignments.md`` is the manual.
"""

from autograder.authoring.context import CheckContext
from autograder.authoring.findings import faulted, nothing_done
from autograder.authoring.frozen import read_frozen
from autograder.authoring.kinds import CheckKind
from autograder.authoring.numerics import (
    Evaluate,
    directional_derivatives,
    numerical_gradient,
    rounding_bound,
)
from autograder.authoring.questions import (
    Answer,
    Case,
    Comparison,
    DataSet,
    Expected,
    Explanation,
    Generator,
    Handles,
    Judgement,
    Probe,
    SpeedComparison,
    TimedCall,
    Timing,
)
from autograder.authoring.specs import CheckSpec, QuestionSpec
from autograder.authoring.student import (
    Array,
    FaultKind,
    Handle,
    Keep,
    Limits,
    Student,
    StudentFault,
    Value,
)
from autograder.authoring.sums import Sum, explain_sum
from autograder.authoring.unpack import unpack
from autograder.model import Cause, Definitions, Finding, Notebook, Status, Struct

__all__ = [
    "Answer",
    "Array",
    "Case",
    "Cause",
    "CheckContext",
    "CheckKind",
    "CheckSpec",
    "Comparison",
    "DataSet",
    "Definitions",
    "Evaluate",
    "Expected",
    "Explanation",
    "FaultKind",
    "Finding",
    "Generator",
    "Handle",
    "Handles",
    "Judgement",
    "Keep",
    "Limits",
    "Notebook",
    "Probe",
    "QuestionSpec",
    "SpeedComparison",
    "Status",
    "Struct",
    "Student",
    "StudentFault",
    "Sum",
    "TimedCall",
    "Timing",
    "Value",
    "directional_derivatives",
    "explain_sum",
    "faulted",
    "nothing_done",
    "numerical_gradient",
    "read_frozen",
    "rounding_bound",
    "unpack",
]
