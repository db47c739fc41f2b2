"""Open the place that ``places.toml`` names. What a kind of place needs is imported for it alone."""

from __future__ import annotations

from pathlib import Path

from autograder.delivery.addresses import origin
from autograder.delivery.http import Client
from autograder.delivery.outgoing import Destination
from autograder.delivery.places import AnyPlace, CanvasPlace, LtiPlace, read_place, token_of
from autograder.errors import UsageError


def open_place(root: Path, name: str, *, comments: bool = True) -> Destination:
    """Open a place of a course.

    Parameters
    ----------
    root : Path
        The course's root folder.
    name : str
        The place's name in ``places.toml``.
    comments : bool, optional
        Whether comments go along.

    Raises
    ------
    UsageError
        The place is not there, its keys or its token are wrong, or what its kind needs is not installed.
    """
    place = read_place(root, name)
    try:
        return _opened(root, name, place, comments=comments)
    except ImportError as error:
        raise UsageError(
            f"a place of the kind {place.kind} needs {error.name}, which is not installed",
            "pip install -e '.[instructor]' in the course's folder",
        ) from error


def _opened(root: Path, name: str, place: AnyPlace, *, comments: bool) -> Destination:
    if isinstance(place, LtiPlace):
        return _lti(root, place)
    if isinstance(place, CanvasPlace):
        from autograder.delivery.canvas import HINTS, CanvasDestination

        token = token_of(root, name, place)
        return CanvasDestination(place, Client(place.url, bearer=token, hints=HINTS))
    from autograder.delivery.moodle import MoodleDestination

    token = token_of(root, name, place)
    return MoodleDestination(place, Client(place.url, secrets=(token,)), token, comments=comments)


def _lti(root: Path, place: LtiPlace) -> Destination:
    from autograder.delivery.lti import Access, LtiDestination, memberships, read_key, read_members
    from autograder.delivery.lti.destination import SCOPES
    from autograder.delivery.lti.members import SCOPE

    key = read_key(root / place.key_file)
    tokens, services = Client(origin(place.token_url)), Client(origin(place.line_items or place.line_item))
    if place.members:
        access = Access(place, key, (*SCOPES, SCOPE), tokens=tokens, services=services)
        return LtiDestination(place, access, memberships(place.members))
    listed = read_members(root / place.members_file)
    access = Access(place, key, SCOPES, tokens=tokens, services=services)
    return LtiDestination(place, access, lambda _: listed)
