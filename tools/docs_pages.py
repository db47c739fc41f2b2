"""Have MkDocs take its pages from the repository, under their own paths."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give the site's files: the theme's own, those beside README.md, and the folder docs/."""
    theirs = [file for file in files if file.src_dir != config.docs_dir]
    pages = [
        *BESIDE,
        *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*")) if path.is_file()),
    ]
    return Files(
        [*theirs, *(File(page, str(ROOT), config.site_dir, config.use_directory_urls) for page in pages)]
    )
