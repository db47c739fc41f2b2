"""Read lists of a platform to their end, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from autograder.delivery.lti.access import Access
from autograder.errors import DeliveryError
from autograder.model import Struct


class Page(Struct):
    """One page of a list, and the address that it came from."""

    url: str
    body: Any


def all_pages(access: Access, url: str, media_type: str) -> Iterator[Page]:
    """Follow the links to the next page, to the last one.

    Raises
    ------
    DeliveryError
        The pages lead in a circle, or to another host, or the platform refuses one.
    """
    seen: set[str] = set()
    following: str | None = url
    while following is not None:
        if following in seen:
            raise DeliveryError(f"{url}: the pages of a list lead in a circle")
        seen.add(following)
        answer = access.get(following, media_type)
        yield Page(url=following, body=answer.json())
        link = answer.links.get("next")
        following = urljoin(following, link["url"]) if link else None


def odd(page: Page) -> DeliveryError:
    """Make the error for an answer of another form."""
    return DeliveryError(
        f"{page.url}: answers in a form that is not LTI's", "Check the addresses in places.toml."
    )
