"""Guard the review page: who may ask, what a form must carry, and what a browser may do with an answer.

Every page of the machine's browser can send requests to a server on the loopback interface. So the host's
name is held to this server's own (a foreign name may lead here, too), a cookie is asked for that only the
printed link gives, and a form must carry a token that only our own pages have.
"""

from __future__ import annotations

import secrets
import urllib.parse

from markupsafe import Markup
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A picture, a style or a script comes from here, and nothing else from anywhere.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
MAX_FORM = 300_000
_MAX_FIELDS = 200
_SHIFT = 12 * 3600
# With the link, the browser comes from elsewhere; a strict cookie goes only to what a page of ours asks for.
_GO_ON = Markup(
    '<!doctype html><html lang="en"><title>Review</title><link rel="icon" href="/static/icon.svg">'
    '<meta http-equiv="refresh" content="0; url={address}">'
    '<p><a href="{address}">Go on to the review page</a></p></html>'
)
_ENTERED = _GO_ON.format(address="/")
# A browser says this of a link that somebody followed on a page of another place, such as the class page.
_FOLLOWED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
_CLOSED = "This page opens by its link: start `autograder review` again, and open the link that it prints.\n"


class Guard:
    """Lets in requests of the browser that opened the printed link.

    Parameters
    ----------
    app : ASGI application
        The pages. A form's fields are in ``request.state.form``, its token in ``request.state.csrf``.
    port : int
        The port that the server listens on.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._cookie = f"autograder-review-{port}"  # cookies know no ports
        self._tickets: set[str] = set()
        self._sessions: dict[str, str] = {}

    def ticket(self) -> str:
        """Make the path that opens the page once."""
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket)
        return f"/enter?token={ticket}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it in."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send) if scope["type"] == "lifespan" else None

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        request = Request(scope, receive)
        answer = await self._refusal(request)
        return await (answer or self._app)(scope, receive, sealed)

    async def _refusal(self, request: Request) -> Response | None:
        """Give the answer to a request that is not for the pages; None if it is let in."""
        if request.headers.get("host", "") not in self._hosts:
            return PlainTextResponse("The host's name is not this server's.\n", 421)
        if request.url.path == "/enter":
            return self._enter(request)
        csrf = self._sessions.get(request.cookies.get(self._cookie, ""))
        if csrf is None:
            return _from_elsewhere(request) or PlainTextResponse(_CLOSED, 403)
        request.state.csrf, request.state.form = csrf, {}
        if request.method in ("GET", "HEAD"):
            return None
        return await self._form_refusal(request, csrf)

    def _enter(self, request: Request) -> Response:
        """Exchange the link's token, once, for a cookie."""
        ticket = request.query_params.get("token", "")
        if ticket not in self._tickets:
            if request.cookies.get(self._cookie, "") in self._sessions:
                return HTMLResponse(_ENTERED)
            return PlainTextResponse(_CLOSED, 403)
        self._tickets.discard(ticket)
        session = secrets.token_urlsafe(32)
        self._sessions[session] = secrets.token_urlsafe(32)
        answer = HTMLResponse(_ENTERED)
        answer.set_cookie(self._cookie, session, max_age=_SHIFT, httponly=True, samesite="strict")
        return answer

    async def _form_refusal(self, request: Request, csrf: str) -> Response | None:
        # `Origin` says nothing here: without a referrer, browsers send it empty
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return PlainTextResponse("The form is another page's.\n", 403)
        body = await _body(request)
        if body is None:
            return PlainTextResponse("The form is too long.\n", 413)
        try:
            form = urllib.parse.parse_qs(
                body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="replace"
            )
        except ValueError:
            return PlainTextResponse("The form can't be read.\n", 400)
        sent = form.get("csrf", [""])[0]
        if not secrets.compare_digest(sent.encode(), csrf.encode()):
            return PlainTextResponse("The form's token is missing or old: load the page again.\n", 403)
        request.state.form = form
        return None


def _from_elsewhere(request: Request) -> Response | None:
    """Answer a link of another page with one of ours that leads to the same place, now with the cookie.

    It says nothing and asks nothing: whoever has no cookie is refused there.
    """
    if request.method != "GET" or any(request.headers.get(k) != v for k, v in _FOLLOWED.items()):
        return None
    path = urllib.parse.quote(request.url.path)
    query = f"?{request.url.query}" if request.url.query else ""
    # the host's name was held to our own: a path such as //elsewhere leads nowhere else
    return HTMLResponse(_GO_ON.format(address=f"http://{request.headers['host']}{path}{query}"))


async def _body(request: Request) -> bytes | None:
    """Read a form's bytes; None if there are more than a form of ours has."""
    body = b""
    async for some in request.stream():
        body += some
        if len(body) > MAX_FORM:
            return None
    return body
