"""Make zips whose bytes depend only on their contents."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping

# The earliest date that a zip can hold.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, stat.S_IFREG | 0o644


def zip_bytes(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """Zip the files, sorted, with one date and one mode.

    They are not compressed, since compressors differ between versions. `folder`, with a slash at its end, is
    put before each name.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(folder + name, date_time=_DATE)
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
