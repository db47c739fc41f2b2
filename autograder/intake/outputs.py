"""Read stored outputs: their plain text and their pictures, up to caps."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.intake.entries import remark
from autograder.model import Notice, Output, OutputKind

MAX_TEXT = 64 * 1024
MAX_TEXTS = 4 * 1024 * 1024
MAX_PNG = 4 * 1024 * 1024
MAX_PNGS = 40 * 1024 * 1024
# Outputs of one cell, and of one notebook.
MAX_OUTPUTS = 200
MAX_ALL_OUTPUTS = 20_000
_PNG = b"\x89PNG\r\n\x1a\n"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_KINDS = {
    "stream": OutputKind.STREAM,
    "display_data": OutputKind.DISPLAY,
    "execute_result": OutputKind.RESULT,
    "error": OutputKind.ERROR,
}


def text_of(value: Any) -> str:
    """Read a multi-line string of the notebook format: one string, or a list of lines.

    Lines without line ends get them back. Halves of surrogate pairs, which no encoding can carry, become
    question marks.
    """
    if isinstance(value, list):
        lines = [line for line in value if isinstance(line, str)]
        cut = len(lines) > 1 and not any(line.endswith("\n") for line in lines[:-1])
        value = ("\n" if cut else "").join(lines)
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


class Shelf:
    """Takes one notebook's outputs up to the caps, and counts those that it leaves out."""

    def __init__(self) -> None:
        self._texts = MAX_TEXTS
        self._pngs = MAX_PNGS
        self._outputs = MAX_ALL_OUTPUTS
        self._left_out = 0

    def outputs(self, raws: Any) -> tuple[Output, ...]:
        """Take one cell's outputs; anything else in the list is skipped."""
        if not isinstance(raws, list):
            return ()
        room = min(MAX_OUTPUTS, self._outputs)
        self._outputs -= min(room, len(raws))
        self._left_out += max(0, len(raws) - room)
        known = (raw for raw in raws[:room] if isinstance(raw, dict))
        return tuple(self._output(kind, raw) for raw in known if (kind := _kind(raw)) is not None)

    def notices(self, path: str) -> Iterator[Notice]:
        """Say how much was left out, if anything."""
        if self._left_out:
            what = f"{self._left_out} stored outputs are too large or too many; only a part is kept."
            yield remark("outputs-capped", path, what)

    def _output(self, kind: OutputKind, raw: Mapping[str, Any]) -> Output:
        if kind is OutputKind.STREAM:
            return Output(kind=kind, text=self._text(text_of(raw.get("text"))))
        if kind is OutputKind.ERROR:
            named = f"{text_of(raw.get('ename'))}: {text_of(raw.get('evalue'))}"
            return Output(kind=kind, text=self._text(named))
        data = data if isinstance(data := raw.get("data"), dict) else {}
        return Output(kind=kind, text=self._text(text_of(data.get("text/plain"))), png=self._png(data))

    def _text(self, text: str) -> str:
        text = _ANSI.sub("", text) if "\x1b" in text else text
        room = min(MAX_TEXT, self._texts)
        if len(text) > room:
            self._left_out += 1
            text = text[:room]
        self._texts -= len(text)
        return text

    def _png(self, data: Mapping[str, Any]) -> bytes | None:
        text = text_of(data.get("image/png"))
        if len(text) * 3 // 4 > min(MAX_PNG, self._pngs):
            self._left_out += 1
            return None
        try:
            png = base64.b64decode(text)
        except (binascii.Error, ValueError):
            return None
        self._pngs -= len(png)
        return png if png.startswith(_PNG) else None


def _kind(raw: Mapping[str, Any]) -> OutputKind | None:
    kind = raw.get("output_type")
    return _KINDS.get(kind) if isinstance(kind, str) else None
