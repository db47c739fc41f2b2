"""Ask a platform over HTTP, with patience: again where that is safe, never for ever, and never elsewhere.

A question may be asked again. A write whose answer was lost may have taken effect: it is not repeated here,
but is `Unclear`, and whoever sent it reads back what the place has.
"""

from __future__ import annotations

import io
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3

from autograder.delivery.addresses import is_loopback, origin, url_problem
from autograder.delivery.answers import colon, innermost, json_problem, retry_after, said, unmade
from autograder.errors import DeliveryError
from autograder.model import Struct
from autograder.version import __version__

_MOST_BYTES = 64 << 20
_MOST_REDIRECTS = 5
_SLOWEST_BACKOFF = 30.0
# Below so many units of a platform's allowance, each request waits: it refills by about ten a second.
_LITTLE_LEFT, _LET_REFILL = 100.0, 2.0


class Refused(DeliveryError):
    """The place refuses a request, and nothing has changed there.

    `status` is HTTP's, 0 without an answer; `date` is the time that the answer gives, as it stands there.
    """

    def __init__(self, message: str, hint: str = "", status: int = 0, date: str = "") -> None:
        super().__init__(message, hint)
        self.status, self.date = status, date


class Unclear(DeliveryError):
    """A write may have taken effect, wholly or in part; if it is `over`, nothing more will come of it."""

    def __init__(self, message: str, hint: str = "", *, over: bool = False) -> None:
        super().__init__(message, hint)
        self.over = over


class Patience(Struct):
    """Limits in seconds: to connect, between two bytes, for an answer, and for a request with repeats."""

    connect: float = 10.0
    silence: float = 30.0
    answer: float = 60.0
    whole: float = 180.0
    tries: int = 6


class _Failed(Exception):
    """One try failed. It may have had an `effect`; the place may ask for a `wait`; `again` may help."""

    def __init__(
        self, why: str, *, effect: bool = True, wait: float | None = None, again: bool = True
    ) -> None:
        super().__init__(why)
        self.effect, self.wait, self.again = effect, wait, again


class Client:
    """A platform's address, with the right to use it.

    Parameters
    ----------
    base : str
        Where the platform is; no request leaves its host, so that no token does.
    bearer : str, optional
        The token that goes along in each request's header.
    secrets : tuple of str, optional
        More texts that no message may show.
    hints : mapping of int to str, optional
        What to do about a status, in the platform's own words.
    patience : Patience, optional
        The limits.
    sleep : callable, optional
        Waits for some seconds.
    """

    def __init__(
        self,
        base: str,
        *,
        bearer: str = "",
        secrets: tuple[str, ...] = (),
        hints: Mapping[int, str] | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if problem := url_problem(base):
            raise DeliveryError(f"{base}: {problem}")
        self.base = base.rstrip("/")
        self._secrets = tuple(one for one in (bearer, *secrets) if one)
        self._bearer = bearer
        self._hints = hints or {}
        self._patience = patience or Patience()
        self._sleep = sleep
        self._session = self._opened()

    def _opened(self) -> requests.Session:
        session = requests.Session()
        session.headers["User-Agent"] = f"autograder/{__version__}"
        session.auth = self._authorize  # else a password from ~/.netrc would take the token's place
        if is_loopback(self.base):
            session.trust_env = False  # no proxy leads back to this machine
        return session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._bearer:
            request.headers["Authorization"] = f"Bearer {self._bearer}"
        return request

    def authorize(self, bearer: str) -> None:
        """Let another token go along from now on."""
        self._bearer = bearer
        self._secrets = (*self._secrets, bearer)

    def get(self, url: str, **given: Any) -> requests.Response:
        """Ask; `given` is what `requests` takes."""
        return self.request("GET", url, again=True, **given)

    def post(
        self, url: str, *, again: bool = False, wants_json: bool = True, **given: Any
    ) -> requests.Response:
        """Write, or ask by POST: then it may be done `again`."""
        return self.request("POST", url, again=again, wants_json=wants_json, **given)

    def request(
        self, method: str, url: str, *, again: bool, wants_json: bool = True, **given: Any
    ) -> requests.Response:
        """Make a request and give its answer, which has a status of success, and JSON where it `wants_json`.

        `given` is what `requests` takes; `data` may be a function that gives it anew for each try.

        Raises
        ------
        Refused
            The place refuses it, or can't be reached.
        Unclear
            A write's answer was lost.
        """
        self._require_own(url)
        spent = 0.0
        for number in range(1, self._patience.tries + 1):
            begun = time.monotonic()
            try:
                return self._paced(self._once(method, url, wants_json, given))
            except _Failed as failed:
                why = self.hidden(str(failed))
                if failed.effect and not again:
                    raise Unclear(f"{self.base}: {why}", "It may have taken effect.") from failed
                wait = _backoff(number) if failed.wait is None else failed.wait
                spent += time.monotonic() - begun + wait
                late = spent > self._patience.whole
                if late or not failed.again or number == self._patience.tries:
                    raise Refused(f"{self.base}: {why}", _advice(failed.wait)) from failed
                self._sleep(wait)
        raise AssertionError("the last try returns or raises")

    def hidden(self, text: str) -> str:
        """Give a text without this client's secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text

    # --- one try ------------------------------------------------------------------------------------------

    def _once(self, method: str, url: str, wants_json: bool, given: Mapping[str, Any]) -> requests.Response:
        for _ in range(_MOST_REDIRECTS):
            answer = self._in_time(lambda url=url: self._fetched(method, url, given))  # type: ignore[misc]
            if not answer.is_redirect:
                break
            url = self._redirected(method, url, answer)
        else:
            raise _Failed("sends in a circle of redirects", effect=False, again=False)
        self._require_success(answer)
        if wants_json and (problem := json_problem(answer)):
            raise _Failed(problem)
        if "next" in answer.links:
            self._require_own(urljoin(url, answer.links["next"]["url"]))
        return answer

    def _in_time(self, call: Callable[[], requests.Response]) -> requests.Response:
        """Call in a thread, and leave it behind when the time is up.

        The look-up of a name, and headers that arrive letter by letter, know no other limit.
        """
        box: queue.SimpleQueue[requests.Response | BaseException] = queue.SimpleQueue()

        def run() -> None:
            try:
                box.put(call())
            except BaseException as error:
                box.put(error)

        threading.Thread(target=run, daemon=True).start()
        try:
            found = box.get(timeout=self._patience.answer)
        except queue.Empty:
            self._session = self._opened()  # the other one is still in use by the thread
            raise _Failed(f"no whole answer came within {self._patience.answer:g} seconds") from None
        if isinstance(found, BaseException):
            raise found
        return found

    def _fetched(self, method: str, url: str, given: Mapping[str, Any]) -> requests.Response:
        limits = (self._patience.connect, self._patience.silence)
        data = given.get("data")
        given = {**given, "data": data() if callable(data) else data}
        try:
            answer = self._session.request(
                method, url, timeout=limits, allow_redirects=False, stream=True, **given
            )
            with answer:
                body = _body(answer)
            answer.raw = io.BytesIO(body)
        except requests.exceptions.SSLError as error:
            why = f"its certificate is not accepted: {innermost(error)}"
            raise _Failed(why, effect=False, again=False) from error
        except requests.ConnectTimeout as error:
            why = f"no connection within {self._patience.connect:g} seconds"
            raise _Failed(why, effect=False) from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _Failed(f"no answer within {self._patience.silence:g} seconds") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _Failed(f"the connection failed: {innermost(error)}", effect=not unmade(error)) from error
        return answer

    def _require_own(self, url: str) -> None:
        if origin(url) != origin(self.base):
            raise Refused(
                f"{self.base}: leads to another host, {origin(url)}; the token was not sent there",
                "Correct `url` in places.toml if the platform has moved.",
            )

    def _redirected(self, method: str, url: str, answer: requests.Response) -> str:
        target = urljoin(url, answer.headers["Location"])
        self._require_own(target)
        if method != "GET":
            raise Refused(
                f"{self.base}: sends a write on to {self.hidden(target)}, and nothing was written",
                "Correct `url` in places.toml.",
                answer.status_code,
            )
        return target

    def _require_success(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status < 400:
            return
        says = self.hidden(f"answers {status}{colon(said(answer))}")
        if status == 429 or (status == 403 and "rate limit exceeded" in answer.text.lower()):
            raise _Failed(says, effect=False, wait=retry_after(answer))
        if status >= 500 or status == 408:
            raise _Failed(says, wait=retry_after(answer))
        hint, date = self._hints.get(status, ""), answer.headers.get("Date", "")
        raise Refused(f"{self.base}: {says}", hint, status, date)

    def _paced(self, answer: requests.Response) -> requests.Response:
        try:
            left = float(answer.headers.get("X-Rate-Limit-Remaining", "inf"))
        except ValueError:
            return answer
        if left < _LITTLE_LEFT:
            self._sleep(_LET_REFILL)
        return answer


def _advice(wait: float | None) -> str:
    if wait is None:
        return "Send again later: the platform keeps what has arrived, and it is not sent twice."
    return f"It asks to wait for {wait:g} seconds: send again then."


def _backoff(number: int) -> float:
    """Give the seconds before the next try: twice as long each time, and not the same for everybody."""
    return min(_SLOWEST_BACKOFF, 2.0 ** (number - 1)) * random.uniform(0.5, 1.5)


def _body(answer: requests.Response) -> bytes:
    parts, size = [], 0
    for part in answer.raw.stream(1 << 16, decode_content=True):
        size += len(part)
        if size > _MOST_BYTES:
            raise _Failed(f"the answer has more than {_MOST_BYTES >> 20} MB", again=False)
        parts.append(part)
    return b"".join(parts)
