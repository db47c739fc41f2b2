#!/usr/bin/env python3
"""Draw the rooms of the engine into docs/rooms.svg.

The layers are those of the contract "Imports point down" in pyproject.toml: a room may import what stands
below it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "rooms.svg"

WIDTH, MARGIN, LEFT = 760, 16, 110
BOX, GAP, ROW = 30, 10, 46
FONT = "font-family='sans-serif' font-size='14' text-anchor='middle'"


def layers() -> list[list[str]]:
    """Give the rooms by layer, the highest first."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = table["tool"]["importlinter"]["contracts"]
    (contract,) = (
        one for one in contracts if one["type"] == "layers" and one["containers"] == ["autograder"]
    )
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def draw(rows: Sequence[Sequence[str]]) -> str:
    """Give the drawing as SVG: a row of boxes for each layer."""
    height = 2 * MARGIN + ROW * len(rows) - (ROW - BOX)
    boxes = [_row(rooms, MARGIN + ROW * number) for number, rooms in enumerate(rows)]
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img'>",
            "<title>The rooms of the engine; a room may import what stands below it</title>",
            f"<rect width='{WIDTH}' height='{height}' rx='8' fill='#ffffff'/>",
            _arrow(height),
            *boxes,
            "</svg>\n",
        ]
    )


def _row(rooms: Sequence[str], top: int) -> str:
    width = (WIDTH - LEFT - MARGIN - GAP * (len(rooms) - 1)) / len(rooms)
    lefts = (LEFT + number * (width + GAP) for number in range(len(rooms)))
    return "\n".join(_box(room, left, top, width) for room, left in zip(rooms, lefts, strict=True))


def _box(room: str, left: float, top: int, width: float) -> str:
    size = f"width='{width:g}' height='{BOX}' rx='5'"
    shape = f"<rect x='{left:g}' y='{top}' {size} fill='#e8eef7' stroke='#3b5b8c'/>"
    middle = f"x='{left + width / 2:g}' y='{top + BOX / 2 + 5:g}'"
    return f"{shape}\n<text class='room' {middle} {FONT} fill='#1b2b45'>{room}</text>"


def _arrow(height: int) -> str:
    """Draw the one rule: imports go down."""
    x, tip, middle = 78, height - MARGIN, height // 2
    return (
        f"<path d='M{x} {MARGIN} V{tip - 8}' stroke='#3b5b8c' stroke-width='2'/>"
        f"<path d='M{x - 6} {tip - 10} h12 l-6 10 z' fill='#3b5b8c'/>\n"
        f"<text x='40' y='{middle - 4}' {FONT} fill='#3b5b8c'>may<tspan x='40' dy='18'>import</tspan></text>"
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(layers()), encoding="utf-8")
