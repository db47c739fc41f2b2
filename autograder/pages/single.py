"""Pages of one file: style, script and pictures are in it, and its policy lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from autograder.pages.showing import plain, visible

_HERE = Path(__file__).parent
_NONE: Mapping[str, Callable[..., Any]] = {}


class SinglePage:
    """The templates of a page, with its own style and script.

    Parameters
    ----------
    room : Path
        The folder with ``templates`` and ``static``.
    style, script : str
        Files in ``static``.
    more : str, optional
        The style of parts that are rendered elsewhere.
    filters : mapping, optional
        Functions for the templates, beside `plain` and `visible`.
    """

    def __init__(
        self,
        room: Path,
        style: str = "",
        script: str = "",
        *,
        more: str = "",
        filters: Mapping[str, Callable[..., Any]] = _NONE,
    ) -> None:
        self._style = (_HERE / "style.css").read_text("utf-8") + more + _read(room, style)
        self._script = _read(room, script)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader([room / "templates", _HERE]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(plain=plain, visible=visible, **filters)

    def render(self, template: str, **values: Any) -> str:
        """Render a template."""
        return self._templates.get_template(template).render(
            style=Markup(self._style), script=Markup(self._script), policy=self._policy(), **values
        )

    def _policy(self) -> str:
        style, script = (_source(text) for text in (self._style, self._script))
        return (
            f"default-src 'none'; style-src {style}; script-src {script}; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        )


def _read(room: Path, name: str) -> str:
    return (room / "static" / name).read_text("utf-8") if name else ""


def _source(text: str) -> str:
    if not text:
        return "'none'"
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
