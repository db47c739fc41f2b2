"""Changes seeds at random, where no coverage guides the search.

The suite's short form does this, and tools/fuzz without atheris. A change is one that finds most
in such formats: bytes changed, cut out, repeated, numbers at their ends, and pieces of other seeds put in.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

ENDS = (0, 1, 0x7F, 0x80, 0xFF)


def changed(seeds: Sequence[bytes], draw: random.Random) -> bytes:
    """Give one of the seeds, changed in a few places."""
    data = bytearray(draw.choice(seeds))
    for _ in range(draw.randint(1, 4)):
        draw.choice(CHANGES)(data, seeds, draw)
    return bytes(data)


def _flip(data: bytearray, seeds: Sequence[bytes], draw: random.Random) -> None:
    for _ in range(draw.randint(1, 3)) if data else ():
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def _end(data: bytearray, seeds: Sequence[bytes], draw: random.Random) -> None:
    at, count = draw.randint(0, len(data)), draw.choice((1, 2, 4, 8))
    data[at : at + count] = bytes([draw.choice(ENDS)]) * count


def _cut(data: bytearray, seeds: Sequence[bytes], draw: random.Random) -> None:
    at = draw.randint(0, len(data))
    del data[at : at + draw.choice((1, 4, 30, len(data)))]


def _repeat(data: bytearray, seeds: Sequence[bytes], draw: random.Random) -> None:
    at, length = draw.randint(0, len(data)), draw.randint(1, 40)
    data[at:at] = bytes(data[at : at + length]) * draw.choice((1, 2, 50))


def _graft(data: bytearray, seeds: Sequence[bytes], draw: random.Random) -> None:
    other = draw.choice(seeds)
    start = draw.randint(0, len(other))
    at = draw.randint(0, len(data))
    data[at : at + draw.choice((0, 0, 8))] = other[start : start + draw.choice((4, 40, 400))]


CHANGES = (_flip, _end, _cut, _repeat, _graft)
