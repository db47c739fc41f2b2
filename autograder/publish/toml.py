"""Write plain values as TOML, with the same bytes for the same values.

The standard library can't write TOML. Releases are compared byte for byte, so the layout must not depend on
the version of another library.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(table: Mapping[str, Any]) -> str:
    """Write a table of strings, numbers, booleans, lists and tables, without the keys whose value is None.

    Raises `TypeError` for any other value.
    """
    return "\n".join(_table(table, ())).lstrip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Write a table's plain keys, and then its inner tables, as TOML requires."""
    present = {key: value for key, value in table.items() if value is not None}
    plain = {k: v for k, v in present.items() if not isinstance(v, Mapping) and not _is_array_of_tables(v)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in present.items():
        inner = (*path, key)
        if isinstance(value, Mapping):
            lines += ["", f"[{'.'.join(map(_key, inner))}]", *_table(value, inner)]
        elif key not in plain:
            for one in value:
                lines += ["", f"[[{'.'.join(map(_key, inner))}]]", *_table(one, inner)]
    return lines


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    """Quote a text. TOML has JSON's escapes, except that it also escapes DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        inner = (f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"TOML has no {type(value).__name__}")
