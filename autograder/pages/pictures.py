"""Read the pictures beside reports: small PNG files, and the SVG files that the engine draws."""

from __future__ import annotations

from pathlib import Path

from autograder.model import Report
from autograder.report import pictures_path

PNG = b"\x89PNG\r\n\x1a\n"
_MAX_BYTES = 10_000_000
_MAX_PIXELS = 40_000_000


def picture_place(folder: Path, report: Report, name: str) -> Path:
    """Give the place of a report's picture; the folder is a batch's, or its ``reports/``."""
    batch = folder if (folder / "pictures").is_dir() else folder.parent
    return pictures_path(batch, report.submission.id, report.submission.attempt) / name


def read_picture(
    folder: Path, report: Report, name: str, suffixes: tuple[str, ...] = (".png",)
) -> bytes | None:
    """Read a picture that a report names, of a size that a browser bears; None if there is none.

    SVG (``.svg``) is only for pages that hold it as an image: opened by itself, it could run a script.
    """
    named = {one for item in report.items for check in item.checks for one in check.pictures}
    if name not in named or "/" in name or "\\" in name or not name.endswith(suffixes):
        return None
    path = picture_place(folder, report, name)
    if not path.is_file() or path.is_symlink() or path.stat().st_size > _MAX_BYTES:
        return None
    content = path.read_bytes()
    fits = _is_small_png(content) if name.endswith(".png") else content.startswith(b"<svg ")
    return content if fits else None


def _is_small_png(content: bytes) -> bool:
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return content.startswith(PNG) and content[12:16] == b"IHDR" and 0 < width * height <= _MAX_PIXELS
