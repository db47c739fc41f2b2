"""Upgrade notebooks of formats 2 and 3 to format 4.

The old names are worksheets of cells, ``input`` and ``prompt_number`` in code cells, ``pyout`` and ``pyerr``
among the outputs, and ``png`` for pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_OUTPUTS = {"pyout": "execute_result", "pyerr": "error"}
_DATA = {"text": "text/plain", "png": "image/png"}

Raw = Mapping[str, Any]


def upgraded_cells(raw: Raw) -> list[Any]:
    """Give the cells of all worksheets in format 4; anything else comes back unchanged."""
    return [_cell(cell) if isinstance(cell, dict) else cell for cell in _old_cells(raw)]


def _old_cells(raw: Raw) -> Iterator[Any]:
    worksheets = raw.get("worksheets")
    for sheet in worksheets if isinstance(worksheets, list) else ():
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        yield from cells if isinstance(cells, list) else ()


def _cell(cell: Raw) -> Raw:
    if cell.get("cell_type") != "code":
        return cell
    outputs = cell.get("outputs")
    return {
        **cell,
        "source": cell.get("input", ""),
        "execution_count": cell.get("prompt_number"),
        "outputs": [_output(o) for o in outputs if isinstance(o, dict)] if isinstance(outputs, list) else [],
    }


def _output(output: Raw) -> Raw:
    kind = output.get("output_type")
    data = {new: output[old] for old, new in _DATA.items() if old in output}
    kind = _OUTPUTS.get(kind, kind) if isinstance(kind, str) else kind
    return {**output, "output_type": kind, "data": data}
