"""``autograder sign``: signatures beside reports, and keys to make them with."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PASSPHRASE = "AUTOGRADER_KEY_PASSPHRASE"
SUFFIX = ".sig"


@click.command()
@click.argument("reports", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The private key.")
@click.option(
    "--new-key",
    type=click.Path(path_type=Path),
    help="Make a key: the private half in this file, the public one in the same with .pub.",
)
def command(reports: tuple[Path, ...], key: Path | None, new_key: Path | None) -> None:
    """Sign REPORTS (JSON files, or folders of reports): NAME.json gets NAME.json.sig beside it.

    A key's passphrase is read from AUTOGRADER_KEY_PASSPHRASE, or asked for at the terminal.
    """
    from autograder.errors import UsageError

    if new_key is not None and key is None and not reports:
        _make(new_key)
    elif key is not None and new_key is None and reports:
        _sign(reports, key)
    else:
        raise UsageError(
            "sign takes either REPORTS and --key FILE, or --new-key FILE alone",
            "Make a key first: autograder sign --new-key FILE",
        )


def _make(path: Path) -> None:
    from autograder.files import require_new, write_new
    from autograder.signing import key_id, new_key, public_key

    public_path = path.with_name(f"{path.name}.pub")
    for taken in (path, public_path):
        require_new(taken)
    passphrase = _passphrase(path, confirm=True)
    private, public = new_key(passphrase)
    write_new(path, private, 0o600)
    write_new(public_path, public, 0o644)
    click.echo(f"{path}: private, {'locked by the passphrase' if passphrase else 'without a passphrase'}")
    click.echo(f"{public_path}: public, key {key_id(public_key(public, str(public_path)))}")


def _sign(reports: tuple[Path, ...], key_file: Path) -> None:
    from autograder.errors import SigningError
    from autograder.files import PRIVATE, write_atomically
    from autograder.report import report_files
    from autograder.signing import key_id, sign

    key, paths, bad = _read_key(key_file), report_files(reports), 0
    for path in paths:
        try:
            signature = sign(path.read_bytes(), key)
        except SigningError as error:
            bad += 1
            click.echo(f"error: {path}: {error}", err=True)
        else:
            write_atomically(path.with_name(path.name + SUFFIX), signature, PRIVATE)
    click.echo(f"{len(paths) - bad} of {len(paths)} files are signed, with key {key_id(key.public_key())}.")
    if bad:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)


def _read_key(path: Path) -> Ed25519PrivateKey:
    from autograder.errors import UsageError
    from autograder.signing import is_locked, private_key

    pem = path.read_bytes()
    if b"PRIVATE KEY" in pem and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsageError(f"{path}: other users may read this private key", f"chmod 600 {path}")
    passphrase = _passphrase(path) if is_locked(pem) else ""
    if is_locked(pem) and not passphrase:
        raise UsageError(f"{path}: asks for a passphrase", f"Set {PASSPHRASE}, or sign at a terminal.")
    return private_key(pem, passphrase, str(path))


def _passphrase(path: Path, *, confirm: bool = False) -> str:
    """Give the passphrase of the environment, or the one that is typed; empty where nobody can be asked."""
    given = os.environ.get(PASSPHRASE)
    if given is not None or not sys.stdin.isatty():
        return given or ""
    question = f"Passphrase of {path}" + (" (empty for none)" if confirm else "")
    default = "" if confirm else None
    typed: str = click.prompt(
        question, hide_input=True, default=default, show_default=False, confirmation_prompt=confirm, err=True
    )
    return typed
