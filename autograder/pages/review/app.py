"""The review page's addresses: each a function from a request to a page, over the desk."""

from __future__ import annotations

import datetime
import functools
import urllib.parse
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from autograder.assignment import ItemSpec
from autograder.errors import AutograderError, UsageError
from autograder.grades.compute import points_of, written
from autograder.pages.pictures import read_picture
from autograder.pages.review.desk import Conflict, Desk, Given, counts, worth
from autograder.pages.review.evidence import evidence_of, without_lines
from autograder.pages.review.pieces import (
    Piece,
    State,
    following,
    hidden_words,
    preceding,
    shown,
    without,
)
from autograder.pages.showing import plain, visible

_HERE = Path(__file__).parent
SHOWS = {"waiting": "Waiting", "flagged": "Flagged", "people": "For people", "all": "All"}
_KEYS = 9


def review_app(desk: Desk, reports: Path) -> Starlette:
    """Make the pages for a desk, with pictures from the folder of a batch."""
    pages = _Pages(desk, reports)
    return Starlette(
        routes=[
            Route("/", pages.start),
            Route("/items/{item}", pages.item),
            Route("/items/{item}/next", pages.next),
            Route("/work/{item}/{ref}", pages.work),
            Route("/work/{item}/{ref}", pages.save, methods=["POST"]),
            Route("/work/{item}/{ref}/flag", pages.flag, methods=["POST"]),
            Route("/work/{item}/{ref}/here", pages.here, methods=["POST"]),
            Route("/work/{item}/{ref}/pictures/{name}", pages.picture),
            Route("/remarks/{item}", pages.remarks),
            Route("/remarks/{item}", pages.put_remark, methods=["POST"]),
            Route("/static/pages.css", lambda _: FileResponse(_HERE.parent / "style.css")),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        exception_handlers={HTTPException: pages.refused, AutograderError: pages.refused},
    )


class _Pages:
    """The pages over one desk. Starlette runs each function in a thread, so it may wait for the database."""

    def __init__(self, desk: Desk, reports: Path) -> None:
        self._desk = desk
        self._reports = reports
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            plain=plain, visible=visible, written=written, clock=_clock, path=_quoted
        )

    # --- pages ------------------------------------------------------------------------------------------

    def start(self, request: Request) -> Response:
        """Show each item with what waits."""
        items = {one.id: one for one in self._desk.rubric().items}
        rows = [(items[name], counted) for name, counted in self._desk.counted().items()]
        people = [row for row in rows if row[1]["people"]]
        others = [row for row in rows if not row[1]["people"]]
        first = next((item.id for item, counted in people if counted["waiting"]), "")
        return self._page(
            request,
            "start.html",
            people=people,
            others=others,
            items=items,
            first=first,
            others_here=self._desk.others(),
        )

    def item(self, request: Request) -> Response:
        """List the pieces of an item."""
        item = self._item(request)
        states = self._desk.states(item.id)
        counted = dict(counts(states))
        show = _show(request, "people" if counted["people"] else "all")
        return self._page(
            request,
            "item.html",
            item=item,
            states=shown(states, show),
            counted=counted,
            show=show,
            shows=SHOWS,
            worth=self._worth(item),
        )

    def next(self, request: Request) -> Response:
        """Go to the next piece; to the item's list where there is none."""
        item = self._item(request)
        states = self._desk.states(item.id)
        show = _show(request, _usual(states))
        busy = frozenset(one.ref for one in self._desk.others() if one.item == item.id)
        found = following(states, show, request.query_params.get("after", ""), busy)
        if found is None:
            return RedirectResponse(f"/items/{_quoted(item.id)}", 303)
        return RedirectResponse(_address(item, found.piece, show), 303)

    def work(self, request: Request) -> Response:
        """Show one piece's work on an item, with what there is to say about it."""
        return self._work(request)

    def _work(self, request: Request, status: int = 200, given: Given | None = None, **more: Any) -> Response:
        item, piece = self._item(request), self._piece(request)
        states = self._desk.states(item.id)
        state = next(one for one in states if one.piece.ref == piece.ref)
        show = _show(request, _usual(states))
        before = preceding(states, show, piece.ref)
        report = self._desk.report(piece.attempt.report_sha256)
        remarks = self._desk.remarks(item.id)
        review = state.review
        holds = Given(
            points="" if review is None or review.points is None else written(review.points),
            remarks=review.remarks if review else (),
            text=review.text if review else "",
            seen=state.row,
        )
        context = {
            "error": "",
            "conflict": None,
            "item": item,
            "state": state,
            "counted": dict(counts(states)),
            "show": show,
            "before": _address(item, before.piece, show) if before else "",
            "evidence": evidence_of(report, item.id, holds.text, self._hide(piece)),
            "remarks": list(remarks.values()),
            "keys": _KEYS,
            "given": given or holds,
            "proposed": written(state.item.score) if state.item.score else "",
            "worth": worth(review, state, remarks) if review else "",
            "others": self._desk.others(),
            "origin": "" if self._desk.anonymous else report.submission.origin,
            "missing": self._missing(report),
        }
        return self._page(request, "work.html", status, **{**context, **more})

    def _missing(self, report: Any) -> Callable[[str], bool]:
        return lambda name: read_picture(self._reports, report, name) is None

    def save(self, request: Request) -> Response:
        """Record points, and say so: as JSON to a script, by a page to a form."""
        item, piece = self._item(request), self._piece(request)
        form, scripted = request.state.form, _is_scripted(request)
        given = _given(form)
        if _field(form, "action") == "same":
            given = self._same(piece, item, given)
        try:
            state = self._desk.save(piece, item.id, given)
        except UsageError as error:
            if scripted:
                return JSONResponse({"error": error.message}, 422)
            return self._work(request, 422, given, error=error.message)
        except Conflict as conflict:
            return self._conflict(request, item, conflict.state, given)
        if scripted:
            return JSONResponse(self._saved(item, state))
        show = _field(form, "show")
        query = urllib.parse.urlencode({"after": piece.ref, "show": show})
        if _field(form, "action") == "next":
            return RedirectResponse(f"/items/{_quoted(item.id)}/next?{query}", 303)
        return RedirectResponse(_address(item, piece, show), 303)

    def _same(self, piece: Piece, item: ItemSpec, given: Given) -> Given:
        """Give what this person gave last, for this piece; remarks at lines belong to the other's code."""
        last = self._desk.last_given(piece, item.id)
        if last is None:
            raise UsageError("You have judged no other submission on this item yet.")
        return Given(points=last.points, remarks=last.remarks, text=without_lines(last.text), seen=given.seen)

    def _saved(self, item: ItemSpec, state: State) -> dict[str, object]:
        counted = dict(counts(self._desk.states(item.id)))
        remarks = self._desk.remarks(item.id)
        return {
            "seen": state.row,
            "points": worth(state.review, state, remarks) if state.review else "",
            "judged": counted["judged"],
            "people": counted["people"],
            "at": _clock(state.at),
        }

    def _conflict(self, request: Request, item: ItemSpec, state: State, given: Given) -> Response:
        """Ask which review holds: the one that was recorded meanwhile, or the one that is sent now."""
        remarks = self._desk.remarks(item.id)
        review = state.review
        said = {
            "seen": state.row,
            "at": _clock(state.at),
            "who": review.reviewer if review else "",
            "points": worth(review, state, remarks) if review else "",
            "remarks": [remarks[one].text for one in review.remarks if one in remarks] if review else [],
            "text": review.text if review else "",
        }
        if _is_scripted(request):
            words = {name: plain(str(said[name]), 500) for name in ("who", "text")}
            return JSONResponse({**said, **words}, 409)
        newer = Given(points=given.points, remarks=given.remarks, text=given.text, seen=state.row)
        return self._work(request, 409, newer, conflict=said)

    def flag(self, request: Request) -> Response:
        """Raise or lower a flag."""
        item, piece, form = self._item(request), self._piece(request), request.state.form
        self._desk.flag(piece, item.id, _field(form, "kind"), raised=_field(form, "raised") == "1")
        return RedirectResponse(_address(item, piece, _field(form, "show")), 303)

    def here(self, request: Request) -> Response:
        """Record that this person looks at a piece, and say who else looks at what."""
        item, piece = self._item(request), self._piece(request)
        self._desk.look(piece, item.id)
        titles = {one.id: one.title for one in self._desk.rubric().items}
        pieces = self._desk.pieces()
        others = [
            {
                "who": plain(one.who, 40),
                "here": (one.item, one.ref) == (item.id, piece.ref),
                "item": titles.get(one.item, one.item),
                "label": plain(pieces[one.ref].label, 40) if one.ref in pieces else "",
            }
            for one in self._desk.others()
        ]
        return JSONResponse({"others": others})

    def picture(self, request: Request) -> Response:
        """Send a stored picture."""
        piece = self._piece(request)
        report = self._desk.report(piece.attempt.report_sha256)
        content = read_picture(self._reports, report, request.path_params["name"])
        if content is None:
            raise HTTPException(404, "The picture is not in the folder of reports, or is no PNG.")
        return Response(content, media_type="image/png")

    # --- the rubric's remarks ---------------------------------------------------------------------------

    def remarks(self, request: Request) -> Response:
        """Show an item's remarks, how many have each, and forms to change them."""
        return self._remarks(request)

    def _remarks(self, request: Request, status: int = 200, **more: Any) -> Response:
        item = self._item(request)
        reviews = [one.review for one in self._desk.states(item.id) if one.review is not None]
        remarks = list(self._desk.remarks(item.id).values())
        have = {one.id: sum(one.id in review.remarks for review in reviews) for one in remarks}
        context = {
            "item": item,
            "remarks": remarks,
            "have": have,
            "error": "",
            "changed": None,
            "changes": [],
        }
        return self._page(request, "remarks.html", status, **{**context, **more})

    def put_remark(self, request: Request) -> Response:
        """Make a remark; show what a change of one would do, and make it once that was seen."""
        item, form = self._item(request), request.state.form
        words, points, remark = (_field(form, name) for name in ("text", "points", "remark"))
        if remark and remark not in self._desk.remarks(item.id):
            raise HTTPException(404, "There is no such remark.")
        try:
            if remark and _field(form, "action") != "apply":
                changed = self._desk.worded(item.id, words, points, remark)
                changes = self._desk.changes(item.id, changed)
                return self._remarks(request, changed=changed, changes=changes)
            self._desk.put_remark(item.id, words, points, remark)
        except UsageError as error:
            return self._remarks(request, 422, error=error.message)
        back = self._desk.pieces().get(_field(form, "back"))
        return RedirectResponse(
            _address(item, back, _field(form, "show")) if back else f"/remarks/{_quoted(item.id)}", 303
        )

    # --- parts ------------------------------------------------------------------------------------------

    def refused(self, request: Request, error: Exception) -> Response:
        """Say what was wrong, on a page."""
        status = error.status_code if isinstance(error, HTTPException) else 422
        message = error.detail if isinstance(error, HTTPException) else str(error)
        if _is_scripted(request):
            return JSONResponse({"error": message}, status)
        return self._page(request, "refused.html", status, message=message)

    def _page(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:
        html = self._templates.get_template(name).render(
            csrf=request.state.csrf,
            who=self._desk.gradebook.who,
            assignment=self._desk.assignment,
            anonymous=self._desk.anonymous,
            **context,
        )
        # a lone half of a pair can't be encoded, and can only come from a name that is shown nowhere else
        return HTMLResponse(html.encode("utf-8", "replace"), status)

    def _item(self, request: Request) -> ItemSpec:
        for item in self._desk.rubric().items:
            if item.id == request.path_params["item"]:
                return item
        raise HTTPException(404, "There is no such item in the rubric that is applied.")

    def _piece(self, request: Request) -> Piece:
        piece = self._desk.pieces().get(request.path_params["ref"])
        if piece is None:
            raise HTTPException(404, "There is no such submission, or another attempt counts now.")
        return piece

    def _hide(self, piece: Piece) -> Callable[[str], str]:
        if not self._desk.anonymous:
            return lambda text: text
        report = self._desk.report(piece.attempt.report_sha256)
        return functools.partial(without, hidden_words(piece, report))

    def _worth(self, item: ItemSpec) -> Callable[[State], str]:
        remarks = self._desk.remarks(item.id)

        def points(state: State) -> Decimal | None:
            if state.review is None:
                return state.item.score
            return points_of(state.review, state.item.maximum, remarks)

        return lambda state: "–" if (found := points(state)) is None else written(found)


# --- requests -------------------------------------------------------------------------------------------


def _given(form: dict[str, list[str]]) -> Given:
    seen = _field(form, "seen")
    return Given(
        points=_field(form, "points"),
        remarks=tuple(form.get("remarks", ())),
        text=_field(form, "text"),
        seen=int(seen) if seen.isdecimal() and len(seen) < 12 else 0,
    )


def _field(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]


def _show(request: Request, usual: str) -> str:
    show = request.query_params.get("show") or _field(request.state.form, "show")
    return show if show in SHOWS else usual


def _usual(states: list[State]) -> str:
    """Give what is gone through: what waits, or everything where nothing is for people."""
    return "waiting" if any(one.is_for_people for one in states) else "all"


def _is_scripted(request: Request) -> bool:
    return request.headers.get("accept", "") == "application/json"


def _address(item: ItemSpec, piece: Piece, show: str) -> str:
    query = f"?show={show}" if show in SHOWS else ""
    return f"/work/{_quoted(item.id)}/{piece.ref}{query}"


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _clock(at: str) -> str:
    """Give a time of the day here, with its date if that is another one."""
    if not at:
        return ""
    moment = datetime.datetime.fromisoformat(at).astimezone()
    return moment.strftime("%H:%M" if moment.date() == datetime.date.today() else "%d %b %H:%M")
