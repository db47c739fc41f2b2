"""The review page in Chromium: its keys, saving in the background, two people at once, hostile work, axe."""

import contextlib
import threading
from decimal import Decimal

import pytest
import uvicorn
from classroom import CODE, NOTICE, fill, findings, open_desk, person, report
from sqlalchemy import select

from autograder.grades import tables
from autograder.model import Notice
from autograder.pages.review.app import review_app
from autograder.pages.review.desk import Given
from autograder.pages.review.guard import Guard
from autograder.pages.review.serve import listen

WAIT = 10_000  # milliseconds; both cores may be busy


class Served:
    """A page that a real server serves, and browsers that opened its link."""

    def __init__(self, folder, chromium, reports, people=(), **more):
        self.url = f"sqlite:///{folder / 'g.sqlite3'}"
        fill(self.url, folder, reports, people)
        self.desk = open_desk(self.url, **more)
        self.folder = folder
        self.chromium = chromium
        self.refs = list(self.desk.pieces())
        self.closing = contextlib.ExitStack()
        self.asked, self.trouble = [], []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.closing.close()
        assert self.trouble == []

    def open(self, desk=None, **context):
        """Start a server for a person, and give a page of a browser of their own."""
        listener = listen(0)
        port = listener.getsockname()[1]
        guard = Guard(review_app(desk or self.desk, self.folder), port)
        config = uvicorn.Config(guard, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()

        def stop():
            server.should_exit = True
            thread.join(20)
            listener.close()

        self.closing.callback(stop)
        base = f"http://127.0.0.1:{port}"
        made = self.chromium.new_context(base_url=base, **context)
        self.closing.callback(made.close)
        page = made.new_page()
        page.set_default_timeout(WAIT)
        page.on("request", lambda request: self.asked.append(request.url.removeprefix(base)))
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("dialog", lambda dialog: (self.trouble.append(dialog.message), dialog.dismiss()))
        page.goto(guard.ticket())
        page.wait_for_selector("h1")
        return page

    def rows(self, table=tables.reviews):
        with self.desk.gradebook.reading() as connection:
            return connection.execute(select(table).order_by(table.c.row)).all()

    def at(self, page, ref):
        page.wait_for_url(f"**/work/*/{ref}*")
        ready(page)


@pytest.fixture
def served(tmp_path, chromium):
    made = [report(f"s{n:03}", integrity=(NOTICE,)) for n in range(1, 5)]
    with Served(tmp_path, chromium, made, [person("s001", "Unus Primus")]) as site:
        for words, points in (("No shape is named", "-2"), ("Says what, not why", "-1")):
            site.desk.put_remark("comments", words, points)
        yield site


def ready(page):
    """Wait until the script listens to keys."""
    page.wait_for_selector("#keys:not([hidden])")


def said(page, words):
    page.locator("#said", has_text=words).wait_for()


def test_a_class_is_judged_with_keys_alone(served):
    page = served.open()
    page.click("text=Review 4")
    served.at(page, served.refs[0])
    page.keyboard.press("?")
    assert page.is_visible("dialog >> text=ask for a second opinion")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert page.get_attribute("#points", "placeholder") == "8"
    said(page, "Saved: 8 points")
    assert page.text_content("#count") == "1 of 4 judged"
    page.keyboard.press("n")
    served.at(page, served.refs[1])
    page.keyboard.press("l")  # same as last
    said(page, "8 points, judged by ta1")
    ready(page)
    page.keyboard.press("ArrowRight")
    served.at(page, served.refs[2])
    page.keyboard.press("g")
    page.keyboard.type("6,5")
    page.keyboard.press("Enter")  # saves, and goes on
    served.at(page, served.refs[3])
    page.keyboard.press("s")  # nothing else waits
    page.wait_for_url("**/items/comments")
    page.go_back()
    served.at(page, served.refs[3])
    page.keyboard.press("a")
    page.keyboard.press("r")
    page.keyboard.type("Nearly. n 1")  # letters are letters here
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    served.at(page, served.refs[2])
    states = served.desk.states("comments")
    remarks = served.desk.remarks("comments")
    (shape, _) = remarks
    assert [(one.review.points, one.review.remarks, one.review.text) for one in states] == [
        (None, (shape,), ""),
        (None, (shape,), ""),
        (Decimal("6.5"), (), ""),
        (7, (), "Nearly. n 1"),
    ]
    assert len(served.rows()) == 4


def test_flags_have_keys_and_what_is_typed_is_saved_first(served):
    page = served.open()
    page.goto(f"/work/comments/{served.refs[0]}")
    served.at(page, served.refs[0])
    page.keyboard.press("m")
    page.keyboard.press("f")
    page.wait_for_selector("#flag[aria-pressed=true]")
    ready(page)
    page.keyboard.press("o")
    page.wait_for_selector("#second-opinion[aria-pressed=true]")
    ready(page)
    page.keyboard.press("f")
    page.wait_for_selector("#flag[aria-pressed=false]")
    assert [(row.kind, row.raised) for row in served.rows(tables.flags)] == [
        ("flag", True),
        ("second-opinion", True),
        ("flag", False),
    ]
    assert served.desk.states("comments")[0].review.points == 10


def test_a_line_s_number_begins_a_remark_there(served):
    page = served.open()
    page.goto(f"/work/comments/{served.refs[0]}")
    ready(page)
    for line in ("6", "10", "6"):
        page.keyboard.press("c")
        assert page.text_content(".here .no") == line
    page.click("[aria-label='Remark at line 7']")
    page.keyboard.type("why pad?")
    page.fill("#points", "9")
    said(page, "Saved: 9 points")
    page.reload()
    assert page.text_content(".line:has-text('padded = np.pad') + .at-line") == "why pad?"
    assert served.rows()[-1].text == "cell 3, line 7: why pad?"


def test_what_is_refused_is_said_and_not_left(served):
    page = served.open()
    page.goto(f"/work/smooth/{served.refs[0]}")
    page.fill("#points", "21")
    said(page, "expected 0 to 20")
    page.fill("#points", "20")
    said(page, "Say why")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    said(page, "Say why")
    assert served.refs[0] in page.url
    page.fill("#text", "Rightly so.")
    said(page, "Saved: 20 points")
    assert [(row.points, row.override) for row in served.rows()] == [("20", True)]


def test_a_new_remark_is_there_at_once_and_a_change_is_shown(served):
    page = served.open()
    page.goto(f"/work/comments/{served.refs[0]}")
    page.keyboard.press("2")
    said(page, "Saved: 9 points")
    page.click("text=New remark of the rubric")
    page.fill("#new-text", "Copied")
    page.fill("#new-points", "−4")
    page.click("button:text-is('Add')")
    page.check("label:has-text('Copied') input")
    said(page, "Saved: 5 points")
    page.goto("/remarks/comments")
    page.fill("#points-3", "-5")
    page.click("text=Change remark 3")
    assert "1 of 1 get other points" in page.text_content("main")
    page.click("text=Change for all")
    page.goto(f"/work/comments/{served.refs[0]}")
    said(page, "4 points, judged by ta1")


def test_two_people_at_one_submission_are_asked(served):
    address = f"/work/comments/{served.refs[0]}"
    first, second = served.open(), served.open(open_desk(served.url, "ta2"))
    first.goto(address)
    second.goto(address)
    second.wait_for_selector("text=ta1 is here, too")
    second.fill("#points", "4")
    said(second, "Saved: 4 points")
    first.fill("#text", "Well said.")
    first.fill("#points", "9")
    first.wait_for_selector("#conflict:has-text('ta2 gave 4 points')")
    assert first.input_value("#points") == "9"
    first.click("#mine")
    said(first, "Saved: 9 points")
    second.fill("#points", "5")
    second.wait_for_selector("#conflict:has-text('ta1 gave 9 points')")
    with second.expect_navigation():
        second.click("#theirs")
    said(second, "9 points, judged by ta1")
    assert [(row.who, row.points) for row in served.rows()] == [("ta2", "4"), ("ta1", "9")]


def test_without_scripts_the_forms_do_it(served):
    page = served.open(java_script_enabled=False)
    page.goto(f"/work/comments/{served.refs[0]}")
    page.fill("#points", "7")
    page.click("text=Save and next")
    page.wait_for_url(f"**/{served.refs[1]}*")
    page.check("label:has-text('No shape') input")
    page.click("#save")
    assert "8 points, judged by ta1" in page.text_content("#said")
    page.click("text=Second opinion")
    assert page.get_attribute("#second-opinion", "aria-pressed") == "true"
    assert not page.is_visible("#keys")


def test_a_server_that_is_gone_is_said(served):
    page = served.open()
    page.goto(f"/work/comments/{served.refs[0]}")
    page.route("**/*", lambda route: route.abort())
    page.fill("#points", "7")
    said(page, "Not saved: the server does not answer")
    page.unroute("**/*")
    page.fill("#points", "8")
    said(page, "Saved: 8 points")


# --- hostile work -------------------------------------------------------------------------------------

ATTACK = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><a href=javascript:alert(1)>"
    "x</a>![x](https://evil.example/x.png)<style>*{display:none}</style></textarea></code></div>"
    "<iframe src=//evil.example>\"'><base href=//evil.example>"
    "<meta http-equiv=refresh content='0;url=//evil.example'>{{ 7*7 }}{% x %}"
)
ALIVE = "main script, main iframe, base, main style, [onerror], [onload], main svg"


def test_hostile_work_is_shown_as_text_and_nothing_leaves(tmp_path, chromium):
    unseen = "a\u202eb\0c\u200bd\x1b[2J\u2028"
    long = "x" * 10_000_000
    notice = Notice(code="to-read", message=ATTACK + unseen, where=ATTACK)
    found = findings(f"{ATTACK}\n{CODE}{unseen}", ATTACK, unseen)
    huge = findings(long, "<" * 10_000_000, "\n" * 1_000_000)
    made = [
        report(f"{ATTACK}{unseen}", found=found, integrity=(notice,)),
        report(long[:5_000_000], found=huge, notices=(notice,), origin=long),
    ]
    with Served(tmp_path, chromium, made) as site:
        site.desk.put_remark("comments", ATTACK, "-1")
        (remark,) = site.desk.remarks("comments")
        given = Given(remarks=(remark,), text=f"{ATTACK}\ncell 3, line 4: {ATTACK}")
        other = open_desk(site.url, f"<b onload=alert(1)>{unseen}")
        for piece in site.desk.pieces().values():
            other.save(piece, "comments", given)
            other.look(piece, "comments")
        page = site.open()
        paths = ["/", "/items/comments", "/remarks/comments"]
        paths += [f"/work/{item}/{ref}" for ref in site.refs for item in ("comments", "plots")]
        for path in paths:
            page.goto(path)
            assert page.is_visible("h1")
            assert page.locator(ALIVE).count() == 0
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        (ref,) = (ref for ref, piece in site.desk.pieces().items() if "script" in piece.learner)
        page.goto(f"/work/comments/{ref}")
        assert ATTACK in page.text_content(".line >> nth=0")
        assert ATTACK in page.text_content(".at-line")
        assert page.locator(".sign:text-is('U+202E')").count() >= 2
        assert [one for one in site.asked if not one.startswith("/")] == []


# --- people with other eyes ---------------------------------------------------------------------------


def test_axe_finds_nothing(served, axe):
    first, second, *_ = served.desk.pieces().values()
    served.desk.flag(first, "comments", "flag", raised=True)
    served.desk.save(second, "comments", Given(points="7", text="cell 3, line 6: a"))
    one, other = (f"/work/comments/{ref}" for ref in served.refs[:2])
    wide, narrow = {"width": 1280, "height": 800}, {"width": 400, "height": 800}
    light = served.open(color_scheme="light", viewport=wide)
    dark = served.open(color_scheme="dark", viewport=wide)
    small = served.open(color_scheme="light", viewport=narrow)
    small_and_dark = served.open(color_scheme="dark", viewport=narrow)
    listed = "/items/comments?show=all"
    places = [(light, path) for path in ("/", listed, "/remarks/comments", one)]
    places += [(dark, other), (small, one), (small_and_dark, listed), (small_and_dark, other)]
    for page, path in places:
        page.goto(path)
        if path == one:
            page.keyboard.press("1")
            page.click("summary:has-text('New remark')")
        page.evaluate(axe)
        found = page.evaluate("axe.run()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_state_is_one_line_on_a_phone(served):
    page = served.open(viewport={"width": 320, "height": 800})
    page.goto("/items/smooth?show=all")
    lines = page.eval_on_selector_all("td .soft", "all => all.map(each => each.getClientRects().length)")
    assert lines == [1, 1, 1, 1]
