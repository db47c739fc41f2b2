"""Addresses of platforms: which of them a token may be sent to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def url_problem(url: str) -> str:
    """Say why a URL is no address of a platform; empty if it is one."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "expected a URL that begins with https://"
    unwanted = {
        "name or password": parts.username or parts.password,
        "`?`": parts.query,
        "`#`": parts.fragment,
    }
    if found := [name for name, there in unwanted.items() if there]:
        return f"expected no {found[0]} in the URL"
    if parts.scheme == "http" and not is_loopback(url):
        return "expected https://; over http:// anybody on the way reads the token"
    return ""


def is_loopback(url: str) -> bool:
    """Say whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin(url: str) -> str:
    """Give the scheme, host and port of a URL."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"
