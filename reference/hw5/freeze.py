"""Freeze the fixed cases' outputs: ``python reference/hw5/freeze.py`` writes fixed.npz and its hash.

The file is written without compression and with one fixed date, so that equal numbers give equal
bytes; a test rebuilds it and compares.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def frozen_bytes() -> bytes:
    """The archive's bytes: for each fixed case out, dx, dw and db as float64."""
    from autograder.authoring.loading import load_authored

    load_authored(ROOT / "source/hw5/questions.py", ROOT / "reference/hw5/questions.py")
    hidden = next(m for name, m in sys.modules.items() if name.endswith("reference_hw5.questions"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for case in hidden.cases.fixed_cases():
            for name, value in hidden.compute(case).items():
                content = io.BytesIO()
                np.lib.format.write_array(content, np.ascontiguousarray(value))
                entry = zipfile.ZipInfo(f"{case.id}/{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, content.getvalue())
    return buffer.getvalue()


def main() -> None:
    """Write the archive and its hash beside this file."""
    content = frozen_bytes()
    here = Path(__file__).parent
    (here / "fixed.npz").write_bytes(content)
    (here / "fixed.npz.sha256").write_text(hashlib.sha256(content).hexdigest() + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
