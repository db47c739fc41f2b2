"""The drawing of the rooms, the contracts of the linter and the real imports say the same."""

import ast
import importlib
import re
import runpy
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from autograder.publish.wheel import modules

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "autograder"
DRAWING = ROOT / "docs" / "rooms.svg"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ENGINE.rglob("*.py"))
}


def package_of(module):
    return module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]


def imported_by(module, tree):
    """Every module of the engine that the code names in an import, inside functions, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            above = package_of(module).split(".")
            base = ".".join(above[: len(above) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module) if part)
            names = {f"{source}.{alias.name}" for alias in node.names}
            if source in MODULES:
                yield from names & MODULES.keys() or {source}


IMPORTS = {
    module: set(imported_by(module, ast.parse(path.read_text(encoding="utf-8")))) - {module}
    for module, path in MODULES.items()
}


def room_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def drawn_rooms(picture):
    """The rooms of the drawing, each with the row that it stands in: the higher, the smaller."""
    texts = ET.fromstring(picture).iterfind(".//{*}text[@class='room']")
    return {text.text: float(text.get("y")) for text in texts}


def upward(imports, rows):
    """The imports that do not go down in the drawing."""
    pairs = ((one, other) for one, others in imports.items() for other in others)
    return [
        f"{one} imports {other}"
        for one, other in pairs
        if room_of(one) != room_of(other) and "" not in (room_of(one), room_of(other))
        if rows[room_of(one)] >= rows[room_of(other)]
    ]


def cycle_in(imports):
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return " → ".join(error.args[1])
    return None


def test_every_room_is_drawn_and_no_other():
    assert drawn_rooms(DRAWING.read_text(encoding="utf-8")).keys() == {room_of(m) for m in MODULES} - {""}


def test_every_import_goes_down_in_the_drawing():
    assert upward(IMPORTS, drawn_rooms(DRAWING.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("autograder.model", "autograder.report.build"),
        ("autograder.grading.setup", "autograder.sandbox"),  # beside each other
        ("autograder.guest.wire", "autograder.model"),
    ],
)
def test_an_import_against_the_drawing_is_seen(one, other):
    rows = drawn_rooms(DRAWING.read_text(encoding="utf-8"))
    assert upward({one: {other}}, rows) == [f"{one} imports {other}"]


def test_the_drawing_is_of_the_contract():
    rooms = runpy.run_path(str(ROOT / "tools" / "rooms.py"))
    assert DRAWING.read_text(encoding="utf-8") == rooms["draw"](rooms["layers"]())


def test_the_root_names_the_notebooks_entry_point_and_nobody_goes_through_it():
    below = {
        room for room in drawn_rooms(DRAWING.read_text(encoding="utf-8")) if room not in ("cli", "publish")
    }
    assert [m for m, others in IMPORTS.items() if "autograder" in others and room_of(m) in below] == []


def test_no_module_imports_itself_in_a_circle():
    assert cycle_in(IMPORTS) is None


def test_a_circle_is_seen():
    assert cycle_in({"a": {"b"}, "b": {"a"}}) in ("a → b → a", "b → a → b")


def test_imports_inside_functions_and_relative_ones_count():
    code = "def f():\n    from . import wire\n    from ..model import Struct\n    import autograder.errors\n"
    found = set(imported_by("autograder.guest.clock", ast.parse(code)))
    assert found == {"autograder.guest.wire", "autograder.model", "autograder.errors"}


def test_code_inside_the_sandbox_imports_nothing_of_the_engine():
    guests = {module: others for module, others in IMPORTS.items() if room_of(module) == "guest"}
    assert guests
    assert {other for others in guests.values() for other in others if room_of(other) != "guest"} == set()


def test_the_contract_of_the_sandbox_forbids_every_other_room():
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = table["tool"]["importlinter"]["contracts"]
    (forbidden,) = (
        c["forbidden_modules"] for c in contracts if c.get("source_modules") == ["autograder.guest"]
    )
    assert {room_of(m) for m in forbidden} == {room_of(m) for m in MODULES} - {"", "__main__", "guest"}


def test_the_students_wheel_has_all_that_its_modules_import():
    inside = {".".join(Path("autograder", name).with_suffix("").parts) for name in modules(ENGINE)}
    inside = {name.removesuffix(".__init__") for name in inside if name != "autograder.py"}
    assert {m: gone for m in inside & IMPORTS.keys() if (gone := IMPORTS[m] - inside)} == {}


def test_at_most_ten_modules_stand_at_the_top():
    modules = [path.name for path in ENGINE.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= 10, modules


def test_no_two_classes_share_a_name():
    places = defaultdict(list)
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def exported():
    for module in MODULES:
        # the guest's code is imported inside the sandbox; it exports by module
        if module != "autograder.__main__" and room_of(module) != "guest":
            yield module


@pytest.mark.parametrize(
    "name", [m for m in exported() if "__all__" in MODULES[m].read_text(encoding="utf-8")]
)
def test_every_exported_name_exists(name):
    module = importlib.import_module(name)
    assert [public for public in module.__all__ if not hasattr(module, public)] == []
    assert len(set(module.__all__)) == len(module.__all__)


def test_every_type_that_the_page_names_exists():
    classes = {
        node.name
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)*)`", page))
    assert named
    assert named - classes == set()


def test_every_room_has_its_line_on_the_page():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = {
        name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)", line)
    }
    assert {room_of(module) for module in MODULES} - {""} <= rows


def test_the_linter_keeps_the_contracts():
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
