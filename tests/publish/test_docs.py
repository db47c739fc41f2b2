"""The manuals name every key that an assignment may have, and no other."""

import re
from pathlib import Path

import msgspec

from autograder import assignment as definition
from autograder.authoring.questions import Comparison, Probe, Timing
from autograder.authoring.specs import FileRule
from autograder.authoring.student import Limits

DOCS = Path(__file__).parents[2] / "docs"
KINDS = definition.SPECS
TABLES = (
    definition.Assignment,
    definition.FilesSpec,
    FileRule,
    definition.SandboxSpec,
    definition.CompatSpec,
    definition.DataSpec,
    definition.ItemSpec,
    Limits,
    *KINDS.values(),
)


def named(text):
    return set(re.findall(r"`\[*(?:\[items\.)?([a-z][a-z_0-9-]*)(?:\.<name>)?\]*`", text))


def test_every_key_is_described():
    words = named((DOCS / "assignments.md").read_text(encoding="utf-8"))
    for table in TABLES:
        keys = {field.encode_name for field in msgspec.structs.fields(table)}
        assert keys <= words, table.__name__


def test_every_kind_of_check_and_question_is_described():
    text = (DOCS / "assignments.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| `{kind}` |" in text
    for record in (Comparison, Timing, Probe):
        assert f"| `{record.__name__}` |" in text


def test_required_keys_are_marked():
    text = (DOCS / "assignments.md").read_text(encoding="utf-8")
    for table in TABLES:
        for field in msgspec.structs.fields(table):
            if field.required:
                marked = rf"`\[*{field.encode_name}(\.<name>)?\]*`\*"
                assert re.search(marked, text), (table.__name__, field.name)


def test_limits_have_the_defaults_that_are_described():
    text = (DOCS / "assignments.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(Limits):
        assert f"| `{field.name}` | {field.default:g} |" in text
