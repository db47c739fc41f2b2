"""Addresses of a cluster: a connection to another machine must be encrypted."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.delivery.addresses import is_loopback
from autograder.errors import UsageError
from autograder.model import Struct

_FORM = re.compile(r"(?:(?P<scheme>[a-z]+)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})")


class TlsFiles(Struct):
    """The files for TLS: whose certificates are trusted, this side's certificate, and its key."""

    authority: Path
    certificate: Path
    key: Path


class Cluster(Struct):
    """A scheduler's address, ``tcp://…`` or ``tls://…``.

    `patience` is the time in seconds to wait for a worker while there is none.
    """

    scheduler: str
    tls: TlsFiles | None = None
    patience: float = 60.0


def cluster_of(
    scheduler: str, authority: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> Cluster:
    """Make a cluster of what the command line names.

    Raises `UsageError` if the address is none, the files for TLS are not all there, or the scheduler is on
    another machine and the connection would not be encrypted.
    """
    found = _FORM.fullmatch(scheduler)
    if found is None or found["scheme"] not in (None, "tcp", "tls"):
        raise UsageError(
            f"--scheduler {scheduler}: is no address of a scheduler",
            "Write tcp://127.0.0.1:8786, or tls://HOST:8786 for another machine.",
        )
    tls = _tls_files(authority, certificate, key)
    scheme = found["scheme"] or ("tls" if tls else "tcp")
    if scheme == "tls" and tls is None:
        raise UsageError(f"--scheduler {scheduler}: has no files for TLS", _THREE)
    if scheme == "tcp" and tls is not None:
        raise UsageError(
            f"--scheduler {scheduler}: is not encrypted", "Write tls:// to use the files for TLS."
        )
    address = f"{scheme}://{found['host']}:{found['port']}"
    if not is_safe(address):
        raise UsageError(
            f"--scheduler {scheduler}: is another machine, and the connection would not be encrypted",
            f"Start scheduler and workers with --protocol tls. {_THREE}",
        )
    return Cluster(scheduler=address, tls=tls)


_THREE = "Name --tls-ca, --tls-cert and --tls-key."


def _tls_files(authority: Path | None, certificate: Path | None, key: Path | None) -> TlsFiles | None:
    if authority is None and certificate is None and key is None:
        return None
    if authority is None or certificate is None or key is None:
        raise UsageError("TLS needs three files, and they are not all named", _THREE)
    return TlsFiles(authority=authority, certificate=certificate, key=key)


def is_safe(address: str) -> bool:
    """Say whether nobody on a network can read or change what goes to an address.

    >>> is_safe("tcp://127.0.0.1:8786"), is_safe("tcp://192.0.2.1:8786"), is_safe("tls://192.0.2.1:8786")
    (True, False, True)
    """
    found = _FORM.fullmatch(address)
    return found is not None and (found["scheme"] == "tls" or is_loopback(address))
