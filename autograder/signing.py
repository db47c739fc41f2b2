"""Sign JSON files with Ed25519 (RFC 8032) over their canonical form (RFC 8785), and verify signatures.

A signature is about values: another layout of the same JSON has the same canonical form. JSON that can be
read in two ways has none, and is refused: a key that stands twice, a number that no double holds, half a
character.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import msgspec

from autograder.errors import SigningError, UsageError
from autograder.model import Struct

try:
    import rfc8785
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
        load_pem_public_key,
    )
except ModuleNotFoundError as missing:
    raise UsageError(
        f"signatures need {(missing.name or '').partition('.')[0]}, which is not installed",
        "pip install -e '.[instructor]' in the course's folder",
    ) from missing

_MAKE_ONE = "Make one with: autograder sign --new-key FILE"
_NAME_PUBLIC = "Name the public half, FILE.pub, that `autograder sign --new-key FILE` wrote."


class Signature(Struct, forbid_unknown_fields=True):
    """The content of a signature file.

    key_id      the first 16 hex digits of the SHA-256 of the public key's 32 bytes
    sha256      of the document's canonical form
    signature   128 hex digits: of the canonical form itself
    """

    algorithm: Literal["Ed25519"]
    key_id: str
    sha256: str
    signature: str


class Standing(Enum):
    """What a signature says of a document."""

    GOOD = "good"
    CHANGED = "changed"
    UNSIGNED = "unsigned"
    OTHER_KEY = "signed by another key"


class Verified(Struct):
    """The standing of a document, and the reason for it."""

    standing: Standing
    reason: str = ""


# --- documents -----------------------------------------------------------------------------------


def canonical(document: bytes) -> bytes:
    r"""Give the canonical form of a JSON document.

    Raises `SigningError` if it is not JSON, or is JSON that can be read in two ways.

    >>> canonical(b'{"b": 1.0,\n "a": "\\u00e9"}').decode()
    '{"a":"é","b":1}'
    """
    try:
        value = json.loads(
            document.decode("utf-8"),
            object_pairs_hook=_without_doubles,
            parse_constant=_refuse_constant,
            parse_float=_exact,
        )
        return rfc8785.dumps(value)
    except RecursionError as error:
        raise SigningError("it is nested too deeply") from error
    except (ValueError, rfc8785.CanonicalizationError) as error:
        raise SigningError(f"it is no JSON that can be signed: {error}") from error


def _without_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} stands twice")
        result[key] = value
    return result


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _exact(text: str) -> float:
    """Read a number whose digits a double holds, so that a change of any of them is a change of the value."""
    value = float(text)
    try:
        same = Decimal(text) == Decimal(repr(value))
    except ArithmeticError:  # an exponent beyond a decimal's range
        same = False
    if not same:
        raise ValueError(f"a double can't hold {text}")
    return value


# --- signatures ----------------------------------------------------------------------------------


def sign(document: bytes, key: Ed25519PrivateKey) -> bytes:
    """Give the content of a document's signature file; equal documents and keys give equal bytes.

    Raises `SigningError` as `canonical` does.
    """
    form = canonical(document)
    signature = Signature(
        algorithm="Ed25519",
        key_id=key_id(key.public_key()),
        sha256=hashlib.sha256(form).hexdigest(),
        signature=key.sign(form).hex(),
    )
    return msgspec.json.format(msgspec.json.encode(signature), indent=2) + b"\n"


def verify(document: bytes, signature: bytes | None, key: Ed25519PublicKey) -> Verified:
    """Say whether a document is the one that the key's owner signed; `signature` is the file's content."""
    if signature is None:
        return Verified(standing=Standing.UNSIGNED)
    try:
        signed = msgspec.json.decode(signature, type=Signature)
        raw = bytes.fromhex(signed.signature)
    except ValueError as error:  # msgspec's errors are of this kind, too
        return Verified(standing=Standing.CHANGED, reason=f"its signature file is damaged: {error}")
    if signed.key_id != key_id(key):
        return Verified(standing=Standing.OTHER_KEY, reason=f"key {signed.key_id}")
    change = _change(document, signed.sha256, raw, key)
    return Verified(standing=Standing.CHANGED if change else Standing.GOOD, reason=change)


def _change(document: bytes, sha256: str, signature: bytes, key: Ed25519PublicKey) -> str:
    """Say what is not as it was signed; empty if all is."""
    try:
        form = canonical(document)
        key.verify(signature, form)
    except SigningError as error:
        return error.message
    except InvalidSignature:
        return "its values are not those that were signed"
    same = hashlib.sha256(form).hexdigest() == sha256
    return "" if same else "its signature file names the hash of another document"


# --- keys ----------------------------------------------------------------------------------------


def key_id(key: Ed25519PublicKey) -> str:
    """Give the short name of a public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def new_key(passphrase: str) -> tuple[bytes, bytes]:
    """Make a key, and give its private and its public half as PEM; an empty passphrase leaves it open."""
    key = Ed25519PrivateKey.generate()
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def is_locked(pem: bytes) -> bool:
    """Say whether a private key asks for a passphrase."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem


def private_key(pem: bytes, passphrase: str, name: str) -> Ed25519PrivateKey:
    """Read a private key; `name` is its file's, for messages.

    Raises `UsageError` if it is none, or the passphrase is not its own.
    """
    locked = is_locked(pem)
    try:
        key = load_pem_private_key(pem, passphrase.encode() if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if locked:
            raise UsageError(f"{name}: the passphrase is not that of this key") from error
        raise UsageError(f"{name}: is no private key in PEM", _MAKE_ONE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{name}: is a private key, but not of Ed25519", _MAKE_ONE)
    return key


def public_key(pem: bytes, name: str) -> Ed25519PublicKey:
    """Read a public key; `name` is its file's, for messages. Raises `UsageError` if it is none."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{name}: is no public key in PEM", _NAME_PUBLIC) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{name}: is a public key, but not of Ed25519", _NAME_PUBLIC)
    return key
