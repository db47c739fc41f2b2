"""Judge the names of untrusted files: noise, unsafe paths, likeness to the notebook's name."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

NOISE_FOLDERS = frozenset({"__MACOSX", "__pycache__", ".git", ".idea", ".vscode"})
CHECKPOINTS = ".ipynb_checkpoints"
NOISE_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".gitignore", ".directory"})
TIMESTAMP = "timestamp.txt"
# A name in a zip may have 65,535 bytes; no file system allows more than 255.
MAX_NAME = 240
NOTEBOOK = ".ipynb"
_RENAMED = re.compile(r"\.ipynb([ _-]*\(\d+\))?\.(json|txt|text|download|bak|part)$", re.IGNORECASE)


def is_noise(path: str) -> bool:
    """Say whether an operating system or an editor left this file behind."""
    parts = path.split("/")
    return not NOISE_FOLDERS.isdisjoint(parts[:-1]) or parts[-1] in NOISE_FILES or parts[-1].startswith("._")


def is_checkpoint(path: str) -> bool:
    """Say whether Jupyter saved this file by itself, beside the notebook that its user saved."""
    return CHECKPOINTS in path.split("/")[:-1] or path.endswith("-checkpoint.ipynb")


def is_unsafe(path: str) -> bool:
    """Say whether a path leads out of its archive: it is absolute, has a drive, or goes through ``..``."""
    return path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path) is not None


def printable(text: str) -> str:
    """Make a name fit to be shown and stored: composed Unicode, no control characters, no surrogates.

    A name longer than `MAX_NAME` characters loses its middle; its start and its suffix stay.
    """
    if len(text) > MAX_NAME:
        text = f"{text[: MAX_NAME - 60]}…{text[-59:]}"
    if text.isascii() and text.isprintable():
        return text
    clean = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in clean)


def suffix(path: str) -> str:
    """Give the last suffix in lower case, with its dot.

    Browsers and mail programs put another one behind a notebook's: it stays a notebook.

    >>> suffix("Lab5.ipynb.json"), suffix("Lab5.ipynb (1).txt"), suffix("Lab5.PDF")
    ('.ipynb', '.ipynb', '.pdf')
    """
    return NOTEBOOK if _RENAMED.search(path) else PurePosixPath(path).suffix.lower()


def stem(path: str) -> str:
    """Give a file's name without its suffix; a notebook also loses a suffix that was put behind its own."""
    name = path.rpartition("/")[2]
    return _RENAMED.sub("", name) if _RENAMED.search(name) else PurePosixPath(name).stem


def stem_key(name: str) -> str:
    """Strip the marks of copies from a file's stem: case, ``(1)``, ``-1``, ``Copy of``.

    >>> stem_key("Copy of Lab5 (2).ipynb"), stem_key("lab5-1.ipynb")
    ('lab5', 'lab5')
    """
    key = stem(name).casefold().strip()
    key = re.sub(r"^copy[ _-]of[ _-]", "", key)
    key = re.sub(r"([ _-]*\(\d+\)|[-_ ]+\d{1,2}|[-_ ]+copy\d*|[-_ ]+final|-checkpoint)+$", "", key)
    return re.sub(r"[^a-z0-9]", "", key) or key


def likeness(path: str, notebook: str) -> int:
    """Rate how well a path's name fits the release's notebook, from 0 (nothing alike) to 4 (the same)."""
    name, key, wanted = PurePosixPath(path).name, stem_key(path), stem_key(notebook)
    if name == notebook:
        return 4
    if name.casefold() == notebook.casefold():
        return 3
    if key == wanted:
        return 2
    return int(bool(wanted) and wanted in key)
