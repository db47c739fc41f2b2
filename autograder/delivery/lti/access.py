"""The right to use a platform's services: a token, which a signed assertion gets, and which is kept.

A platform may limit how often tokens are asked for, so one serves all scores. The platform's clock decides
what is expired: if it refuses an assertion and its clock is another than ours, it is asked once more by its
own.
"""

from __future__ import annotations

import datetime
import email.utils
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from autograder.delivery.answers import colon
from autograder.delivery.http import Client, Refused
from autograder.delivery.lti.keys import key_id
from autograder.delivery.places import LtiPlace
from autograder.delivery.preparing import now
from autograder.errors import DeliveryError

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Seconds that an assertion holds, and those before its end at which a token counts as expired.
_HOLDS, _MARGIN = 300, 30
# Statuses by which a platform denies a token.
_DENIED = frozenset({400, 401, 403})
# A platform that does not say how long its token holds is asked again after so many seconds.
_UNSAID = 300
# Clocks that differ by less are equal: platforms allow for it.
_EQUAL = datetime.timedelta(seconds=20)


class Access:
    """Asks a platform's services with a token.

    Parameters
    ----------
    place : LtiPlace
        How the platform knows this tool.
    key : RSAPrivateKey
        Signs the assertions.
    scopes : sequence of str
        The rights to ask for.
    tokens, services : Client
        Ask for tokens, which may be another host's, and for the rest.
    clock : callable, optional
        Gives the time, with its zone.
    """

    def __init__(
        self,
        place: LtiPlace,
        key: RSAPrivateKey,
        scopes: Sequence[str],
        *,
        tokens: Client,
        services: Client,
        clock: Callable[[], datetime.datetime] = now,
    ) -> None:
        self._place, self._key, self._scopes = place, key, tuple(scopes)
        self._tokens, self.services, self._clock = tokens, services, clock
        self._skew = datetime.timedelta()
        self._until: datetime.datetime | None = None

    def time(self) -> datetime.datetime:
        """Give the time by the platform's clock, as far as it is known."""
        return self._clock() + self._skew

    def get(self, url: str, accept: str) -> requests.Response:
        """Ask for something."""
        return self._with_token(lambda: self.services.get(url, headers={"Accept": accept}))

    def post(self, url: str, media_type: str, body: bytes, *, wants_json: bool) -> requests.Response:
        """Write something."""
        headers = {"Content-Type": media_type}
        return self._with_token(
            lambda: self.services.post(url, data=body, headers=headers, wants_json=wants_json)
        )

    def _with_token(self, ask: Callable[[], requests.Response]) -> requests.Response:
        self._require_token()
        try:
            return ask()
        except Refused as error:
            if error.status != 401:
                raise
            self._until = None  # expired before its time, or revoked
            self._require_token()
            return ask()

    def _require_token(self) -> None:
        if self._until is not None and self._clock() < self._until:
            return
        try:
            token, seconds = self._asked()
        except Refused as error:
            skew = _skew(error.date, self._clock())
            if error.status not in _DENIED or abs(skew - self._skew) < _EQUAL:
                raise self._explained(error) from error
            self._skew = skew
            try:
                token, seconds = self._asked()
            except Refused as again:
                raise self._explained(again) from again
        self.services.authorize(token)
        self._until = self._clock() + datetime.timedelta(seconds=max(seconds - _MARGIN, 1))

    def _asked(self) -> tuple[str, float]:
        """Ask for a token; gives it, and the seconds that it holds."""
        # a token that is asked for twice is harmless; an assertion that is shown twice is refused
        answer: Any = self._tokens.post(self._place.token_url, again=True, data=self._form).json()
        try:
            token, seconds = answer["access_token"], float(answer.get("expires_in") or _UNSAID)
            granted = str(answer.get("scope") or " ".join(self._scopes)).split()
            if not isinstance(token, str) or not token:
                raise TypeError
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise DeliveryError(
                f"{self._place.token_url}: answers in a form that is not LTI's: it has no token",
                "Check `token_url` in places.toml.",
            ) from error
        missing = [scope for scope in self._scopes if scope not in granted]
        if missing:
            raise DeliveryError(
                f"{self._place.token_url}: does not grant {', '.join(missing)}",
                "Allow the tool these services where it is registered in the platform.",
            )
        return token, seconds

    def _form(self) -> dict[str, str]:
        """Give what a request for a token says, with an assertion of its own."""
        issued = int(self.time().timestamp())
        claims = {
            "iss": self._place.client_id,
            "sub": self._place.client_id,
            "aud": self._place.audience or self._place.token_url,
            "iat": issued - 5,
            "exp": issued + _HOLDS,
            "jti": uuid.uuid4().hex,
        }
        headers = {"kid": self._place.key_id or key_id(self._key)}
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION,
            "client_assertion": jwt.encode(claims, self._key, algorithm="RS256", headers=headers),
            "scope": " ".join(self._scopes),
        }

    def _explained(self, error: Refused) -> DeliveryError:
        if error.status not in _DENIED:
            return error
        audience = self._place.audience or self._place.token_url
        return DeliveryError(
            f"no token for the client {self._place.client_id}{colon(error.message)}",
            "The platform must have this key's public half (autograder send --show-key FILE), "
            f"and may want another `audience` in places.toml than {audience}.",
        )


def _skew(date: str, ours: datetime.datetime) -> datetime.timedelta:
    """Give how far a platform's clock is ahead, by the date of its answer."""
    try:
        theirs = email.utils.parsedate_to_datetime(date)
        return theirs - ours.replace(microsecond=0)
    except (ValueError, TypeError, OverflowError):
        return datetime.timedelta()
