"""The key by which a platform knows this tool: RSA, as all platforms of LTI 1.3 ask for."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from autograder.delivery.places import read_secret
from autograder.errors import UsageError

_BITS, _LEAST_BITS = 2048, 2048
_MAKE_ONE = "Make one: autograder send --new-key FILE"


def new_key() -> bytes:
    """Make a private key, as PEM."""
    key = generate_private_key(public_exponent=65537, key_size=_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(path: Path) -> RSAPrivateKey:
    """Read a private key.

    Raises
    ------
    UsageError
        It can't be read, others may read it, or it is no RSA key of 2048 bits or more.
    """
    pem = read_secret(path).encode()
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path}: is no private key that opens without a passphrase", _MAKE_ONE) from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise UsageError(f"{path}: expected an RSA key of {_LEAST_BITS} bits or more", _MAKE_ONE)
    return key


def key_set(key: RSAPrivateKey) -> str:
    """Give the public half as a JSON Web Key Set, which the platform is handed."""
    return json.dumps(
        {"keys": [{**_public(key), "alg": "RS256", "use": "sig", "kid": key_id(key)}]}, indent=2
    )


def key_id(key: RSAPrivateKey) -> str:
    """Give the key's thumbprint (RFC 7638), which is its name in assertions."""
    return _base64(hashlib.sha256(msgspec.json.encode(_public(key), order="sorted")).digest())


def _public(key: RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
