"""Read a notebook's bytes as typed cells, for formats 2 to 4.5."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.intake.entries import refusal, remark
from autograder.intake.oldformat import upgraded_cells
from autograder.intake.outputs import Shelf, text_of
from autograder.model import Cell, CellKind, Notebook, Notice

MAX_BRACKETS = 3_000_000
MAX_CELLS = 5_000
MAX_GRADE_ID = 200
MOST_DIGITS = 9
_SAVE_AGAIN = "Open it in Jupyter or Colab, save it as .ipynb, and hand that in."
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = {"code": CellKind.CODE, "markdown": CellKind.MARKDOWN, "heading": CellKind.MARKDOWN}

Raw = Mapping[str, Any]


def parse_notebook(data: bytes, path: str) -> tuple[Notebook, tuple[Notice, ...]]:
    """Read a notebook from its bytes: JSON in any of Unicode's encodings. `path` is its name, for messages.

    Gives the notebook, with the texts and pictures of its outputs up to the caps, and notices about
    everything that was mended or left out. Raises `RejectedInput` if it is no notebook or holds no code.
    """
    notices: list[Notice] = []
    raw = _as_format_4(_load(data, path, notices), path, notices)
    cells = raw.get("cells")
    if not isinstance(cells, list):
        raise refusal("not-a-notebook", path, f"has no list of cells, so it is no notebook. {_SAVE_AGAIN}")
    shelf = Shelf()
    found = _cells(cells, shelf, path, notices)
    if not any(cell.kind is CellKind.CODE and cell.source.strip() for cell in found):
        raise refusal("no-code", path, "has no cell with code in it. Check that it is the right file.")
    notices += shelf.notices(path)
    return Notebook(path=path, cells=found, language=_language(raw, path, notices)), tuple(notices)


def _load(data: bytes, path: str, notices: list[Notice]) -> Raw:
    if not data.strip():
        raise refusal("empty-file", path, f"is empty. {_SAVE_AGAIN}")
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
        what = f"holds more than {MAX_BRACKETS:,} lists and objects. Clear its outputs."
        raise refusal("too-complex", path, what)
    try:
        loaded = json.loads(_decoded(data, path, notices), parse_int=_whole_number, strict=False)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise refusal("not-json", path, f"is not JSON ({place}: {error.msg}). {_SAVE_AGAIN}") from error
    except RecursionError as error:
        what = f"its JSON is nested too deep for any notebook. {_SAVE_AGAIN}"
        raise refusal("nested-too-deep", path, what) from error
    if not isinstance(loaded, dict):
        what = f"holds a JSON {type(loaded).__name__}, expected a notebook's object. {_SAVE_AGAIN}"
        raise refusal("not-a-notebook", path, what)
    return loaded


def _decoded(data: bytes, path: str, notices: list[Notice]) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        what = f"is not {encoding.upper()}; the characters that can't be read are replaced."
        notices.append(remark("bad-encoding", path, what))
        return data.decode(encoding, "replace")


def _whole_number(digits: str) -> int:
    """Convert a whole number; no field needs more than 18 digits, and Python refuses thousands."""
    return int(digits) if len(digits) < 19 else -1


def _as_format_4(raw: Raw, path: str, notices: list[Notice]) -> Raw:
    major = raw.get("nbformat", 3 if "worksheets" in raw else 4)
    if not isinstance(major, int) or isinstance(major, bool) or major > 4:
        what = f"names the notebook format {str(major)[:20]}; it was read as format 4."
        notices.append(remark("unknown-format", path, what))
        return raw
    if major == 4 or "cells" in raw:
        return raw
    what = f"has the old notebook format {major}; it was upgraded to format 4."
    notices.append(remark("old-format", path, what))
    return {**raw, "cells": upgraded_cells(raw)}


def _language(raw: Raw, path: str, notices: list[Notice]) -> str:
    metadata = _mapping(raw.get("metadata"))
    info, kernel = _mapping(metadata.get("language_info")), _mapping(metadata.get("kernelspec"))
    language = info.get("name") or kernel.get("language") or "python"
    language = language.lower()[:40] if isinstance(language, str) else "python"
    if not language.startswith(("python", "ipython")):
        what = f"says that it is written in {language}; it was read as Python anyway."
        notices.append(remark("other-language", path, what))
    return "python2" if _is_python2(info, kernel) else language


def _is_python2(info: Raw, kernel: Raw) -> bool:
    """Say whether the kernel that ran the notebook was Python 2, by its version, or else by its name."""
    version = info.get("version")
    if isinstance(version, str) and version:
        return version.startswith("2")
    names = (kernel.get("name"), kernel.get("display_name"))
    return any(isinstance(name, str) and name.lower().startswith(("python2", "python 2")) for name in names)


def _mapping(value: Any) -> Raw:
    return value if isinstance(value, dict) else {}


# --- cells ---------------------------------------------------------------------------------------


def _cells(raws: Sequence[Any], shelf: Shelf, path: str, notices: list[Notice]) -> tuple[Cell, ...]:
    whole = [raw for raw in raws[:MAX_CELLS] if isinstance(raw, dict)]
    if len(whole) < min(len(raws), MAX_CELLS):
        damaged = min(len(raws), MAX_CELLS) - len(whole)
        notices.append(remark("damaged-cells", path, f"{damaged} of its cells are damaged; left out."))
    if len(raws) > MAX_CELLS:
        what = f"has {len(raws)} cells; the first {MAX_CELLS} were read."
        notices.append(remark("too-many-cells", path, what))
    ids = _ids(whole, path, notices)
    cells = tuple(_cell(index, ids[index], raw, shelf) for index, raw in enumerate(whole))
    _note_grade_ids(cells, path, notices)
    return cells


def _ids(raws: Sequence[Raw], path: str, notices: list[Notice]) -> list[str]:
    """Give every cell's id; one that is missing, invalid or taken is made from the cell's place."""
    taken: set[str] = set()
    ids: list[str] = []
    mended = 0
    for index, raw in enumerate(raws):
        given = raw.get("id")
        chosen = given if isinstance(given, str) and _CELL_ID.fullmatch(given) else ""
        if not chosen or chosen in taken:
            mended += given is not None
            chosen = _made_id(index, taken)
        taken.add(chosen)
        ids.append(chosen)
    if mended:
        notices.append(remark("mended-ids", path, f"{mended} cell ids were invalid or repeated; mended."))
    return ids


def _made_id(index: int, taken: set[str]) -> str:
    made = f"cell-{index}"
    while made in taken:
        made += "-"
    return made[:64]


def _cell(index: int, cell_id: str, raw: Raw, shelf: Shelf) -> Cell:
    kind = _kind(raw.get("cell_type"))
    code = kind is CellKind.CODE
    source = text_of(raw.get("source", raw.get("input")))
    return Cell(
        index=index,
        id=cell_id,
        kind=kind,
        source=source.replace("\r\n", "\n").replace("\r", "\n") if "\r" in source else source,
        execution_count=_count(raw.get("execution_count")) if code else None,
        outputs=shelf.outputs(raw.get("outputs")) if code else (),
        grade_id=_grade_id(raw),
    )


def _kind(value: Any) -> CellKind:
    return _KINDS.get(value, CellKind.RAW) if isinstance(value, str) else CellKind.RAW


def _count(value: Any) -> int | None:
    """Give an execution count; some editors write it as text or as a float."""
    if isinstance(value, str) and len(value) <= MOST_DIGITS and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < 10**MOST_DIGITS else None


def _grade_id(raw: Raw) -> str | None:
    value = _mapping(_mapping(raw.get("metadata")).get("nbgrader")).get("grade_id")
    return value if isinstance(value, str) and 0 < len(value) <= MAX_GRADE_ID else None


def _note_grade_ids(cells: Sequence[Cell], path: str, notices: list[Notice]) -> None:
    ids = Counter(cell.grade_id for cell in cells if cell.grade_id is not None)
    if not ids:
        what = "its cells have lost their nbgrader metadata; they are found by their content."
        notices.append(remark("metadata-lost", path, what))
    twice = sorted(one for one, count in ids.items() if count > 1)
    if twice:
        what = f"more than one cell is marked `{twice[0]}`; their content decides which is meant."
        notices.append(remark("metadata-repeated", path, what))
