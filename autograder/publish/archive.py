"""Zips whose bytes follow from their contents alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# The earliest date that a zip can hold.
_DATE = (1980, 1, 1, 0, 0, 0)


def zip_bytes(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """A zip of the files, sorted, with one date and one mode; stored, as compressors differ by version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(folder + name, date_time=_DATE)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
