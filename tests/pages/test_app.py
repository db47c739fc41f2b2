"""The review page without a browser: who gets in, what every answer carries, and what the pages say."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from classroom import NOTICE, fill, findings, open_desk, person, png, report
from msgspec.structs import replace
from sqlalchemy import select
from starlette.testclient import TestClient

from autograder.grades import tables
from autograder.model import Notice
from autograder.pages.pictures import read_picture
from autograder.pages.review.app import review_app
from autograder.pages.review.desk import Given
from autograder.pages.review.guard import MAX_FORM, POLICY, Guard

HOST = "127.0.0.1:8000"
NAMES = ("Unus Primus", "Duo Secundus", "Tres Tertius", "Quattuor Quartus")


class Site:
    """A page over a gradebook of its own, and a client that opened the link."""

    def __init__(self, folder, reports=None, people=None, **more):
        self.url = f"sqlite:///{folder / 'g.sqlite3'}"
        made = reports or [report(f"s{n:03}") for n, _ in enumerate(NAMES, 1)]
        people = people or [person(f"s{n:03}", name) for n, name in enumerate(NAMES, 1)]
        fill(self.url, folder, made, people)
        self.desk = open_desk(self.url, **more)
        self.guard = Guard(review_app(self.desk, folder), 8000)
        self.client = self.stranger()
        assert self.client.get(self.guard.ticket()).status_code == 200
        self.refs = list(self.desk.pieces())

    def stranger(self):
        return TestClient(self.guard, base_url=f"http://{HOST}", follow_redirects=False)

    def get(self, path, status=200):
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path, **fields):
        page = self.client.get("/remarks/comments").text
        token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        return self.client.post(path, data={"csrf": token, **fields})

    def work(self, number=0, item="comments"):
        return f"/work/{item}/{self.refs[number]}"

    def rows(self, table=tables.reviews):
        with self.desk.gradebook.reading() as connection:
            return connection.execute(select(table).order_by(table.c.row)).all()


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


# --- who gets in --------------------------------------------------------------------------------------


def test_a_link_opens_the_page_once(site):
    link = site.guard.ticket()
    first, second = site.stranger(), site.stranger()
    answer = first.get(link)
    (cookie,) = answer.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert first.get("/").status_code == 200
    assert first.get(link).status_code == 200  # again, in the same browser
    assert second.get(link).status_code == 403
    assert "open the link that it prints" in second.get("/").text


@pytest.mark.parametrize(
    "path",
    ["/", "/items/comments", "/static/pages.css", "/static/review.css", "/enter", "/enter?token=", "/x"],
)
def test_without_the_cookie_nothing_is_served(site, path):
    assert site.stranger().get(path).status_code == 403


FOLLOWED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def test_a_link_of_another_page_leads_on_with_our_own_and_says_nothing(site):
    path = f"{site.work()}?show=all"
    answer = site.stranger().get(path, headers=FOLLOWED)
    assert answer.status_code == 200
    assert f'content="0; url=http://{HOST}{path}"' in answer.text
    assert "comments" not in answer.text.replace(path, "")
    assert site.stranger().get(path, headers={**FOLLOWED, "sec-fetch-site": "same-origin"}).status_code == 403


@pytest.mark.parametrize("path", ["//evil.example/x", "/%22%3E%3Cscript%3E", "/\\evil.example"])
def test_no_link_leads_to_another_place_through_us(site, path):
    answer = site.stranger().get(f"http://{HOST}{path}", headers=FOLLOWED)
    (address,) = set(re.findall(r'(?:url=|href=")(http[^"]*)"', answer.text))
    assert address.startswith(f"http://{HOST}/")
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "other",
    [
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_requests_of_other_pages_are_refused(site, other):
    assert site.stranger().get("/", headers=FOLLOWED | other).status_code == 403


def test_a_form_of_another_page_is_refused_as_before(site):
    assert site.stranger().post(site.work(), data={"points": "1"}, headers=FOLLOWED).status_code == 403


@pytest.mark.parametrize("host", ["evil.example:8000", "127.0.0.1:8001", "127.0.0.1", "", "[::1]:8000"])
def test_a_foreign_name_for_this_machine_is_refused(site, host):
    for path in ("/", site.guard.ticket()):
        assert site.client.get(path, headers={"host": host}).status_code == 421
    assert site.client.get("/", headers={"host": "localhost:8000"}).status_code == 200


def test_every_answer_is_sealed(site):
    paths = ("/", "/items/comments", site.work(), "/remarks/comments", "/nothing", "/static/review.js")
    answers = [site.client.get(path) for path in paths]
    answers += [site.stranger().get("/"), site.stranger().get("/", headers={"host": "x"})]
    answers += [site.post("/nothing")]
    for answer in answers:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_pages_name_no_other_place_and_have_no_code_of_their_own(site):
    for path in ("/", "/items/comments", site.work(), "/remarks/comments"):
        page = site.get(path)
        assert "//" not in re.sub(r"<code>.*?</code>", "", page).replace("<!doctype", "")
        assert not re.search(r"<script(?! src=\"/static/)|\son\w+=|style=|javascript:", page)


@pytest.mark.parametrize("path", ["save", "flag", "here", "remarks"])
def test_a_form_needs_the_page_s_token(site, path):
    address = {"save": site.work(), "remarks": "/remarks/comments"}.get(path, f"{site.work()}/{path}")
    fields = {"points": "3", "kind": "flag", "raised": "1", "text": "x", "seen": "0"}
    for token in ({}, {"csrf": "guess"}, {"csrf": "é"}):
        answer = site.client.post(address, data=fields | token)
        assert (answer.status_code, "token is missing or old" in answer.text) == (403, True)
    assert (
        site.rows() + site.rows(tables.flags) + site.rows(tables.presence) + site.rows(tables.remarks) == []
    )


@pytest.mark.parametrize("place", ["cross-site", "same-site"])
def test_a_form_of_another_page_is_refused_even_with_the_token(site, place):
    token = re.search(r'name="csrf" value="([^"]+)"', site.get(site.work()))[1]
    answer = site.client.post(
        site.work(), data={"csrf": token, "points": "3"}, headers={"sec-fetch-site": place}
    )
    assert (answer.status_code, answer.text) == (403, "The form is another page's.\n")


def test_a_form_has_an_end(site):
    assert site.client.post(site.work(), content=b"x" * (MAX_FORM + 1)).status_code == 413
    assert site.client.post(site.work(), content=b"a=1&" * 500).status_code == 400
    assert site.client.post(site.work(), content=b"\xff\xfe").status_code == 400
    assert site.client.put(site.work(), content=b"").status_code == 403


# --- the pages ----------------------------------------------------------------------------------------


def test_the_start_lists_each_item_with_what_waits(site):
    first = site.desk.pieces()[site.refs[0]]
    site.desk.save(first, "comments", Given(points="7"))
    site.desk.flag(first, "why", "flag", raised=True)
    words = re.sub(r"<[^>]+>|\s+", " ", site.get("/"))
    words = " ".join(words.split())
    assert "Comments in the code 1 of 4 judged · 10 points Review 3 of Comments in the code" in words
    assert "Why the loss begins there 0 of 4 judged · 1 flagged · 5 points Review 4" in words
    assert "Judged automatically The smoothing function 20 points" in words


def test_a_check_that_earns_nothing_says_so(tmp_path):
    made = report("s001")
    (check,) = made.items[0].checks
    aside = replace(check, id="beside", max_score=0.0, score=0.0)
    items = (replace(made.items[0], checks=(check, aside)), *made.items[1:])
    site = Site(tmp_path, [replace(made, items=items)])
    words = " ".join(re.sub(r"<[^>]+>|\s+", " ", site.get(f"/work/smooth/{site.refs[0]}")).split())
    assert words.count("no points failed") == 1
    assert words.index("beside") < words.index("no points failed")


def test_the_style_of_pages_of_one_file_is_sent_too(site):
    assert site.client.get("/static/pages.css").headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme" in site.get("/static/pages.css")


@pytest.mark.parametrize(
    ("show", "count"), [("waiting", 3), ("flagged", 1), ("people", 4), ("all", 4), ("?", 4)]
)
def test_an_item_lists_its_submissions(site, show, count):
    piece = site.desk.pieces()[site.refs[0]]
    site.desk.save(piece, "comments", Given(points="7"))
    site.desk.flag(piece, "comments", "second-opinion", raised=True)
    page = site.get(f"/items/comments?show={show}")
    assert page.count('<th scope="row">') == count
    assert ("second opinion · ta1" in page) == (show != "waiting")


def test_a_page_shows_the_work_and_what_to_look_at(tmp_path):
    site = Site(
        tmp_path, [report("s001", integrity=(NOTICE,), notices=(Notice(code="x", message="Old format."),))]
    )
    page = site.get(site.work())
    assert re.search(r'<div class="line marked"><button[^>]+>6</button><code>    # the ends have', page)
    assert re.search(r'<div class="line"><button[^>]+>4</button><code>def smooth', page)
    for text in (
        "You commented 2 of 7 statements",
        "7 of 10",
        "number 6 of the release",
        "Old format.",
        "Not judged yet",
    ):
        assert text in page
    judged = site.get(site.work(item="smooth"))
    for text in ("10 of 20", "given automatically", "[2 3 2]", "[0 3 0]", "ends-left-out: Which values"):
        assert text in judged
    assert "each of the C classes" in site.get(site.work(item="why"))
    assert "epoch 2: loss 1.871" in site.get(site.work(item="plots"))


def test_the_next_one_that_waits(site):
    assert site.client.get("/items/comments/next").headers["location"] == f"{site.work(0)}?show=waiting"
    open_desk(site.url, "ta2").look(site.desk.pieces()[site.refs[1]], "comments")
    following = site.client.get(f"/items/comments/next?after={site.refs[0]}").headers["location"]
    assert following == f"{site.work(2)}?show=waiting"
    for piece in site.desk.pieces().values():
        site.desk.save(piece, "comments", Given(points="7"))
    assert site.client.get("/items/comments/next").headers["location"] == "/items/comments"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/items/none", "no such item"),
        ("/work/none/x", "no such item"),
        ("/work/comments/none", "no such submission"),
        ("/remarks/none", "no such item"),
        ("/none", "Not Found"),
    ],
)
def test_what_there_is_not_is_said(site, path, says):
    assert says in site.get(path, 404)


def test_a_remark_at_a_line_stands_there(site):
    piece = site.desk.pieces()[site.refs[0]]
    site.desk.save(piece, "comments", Given(points="7", text="Good.\ncell 3, line 6: why <b>divided</b>?"))
    page = site.get(site.work())
    assert re.search(
        r"# the ends have[^\n]+</div>\s+<p class=\"at-line\">why &lt;b&gt;divided&lt;/b&gt;\?</p>", page
    )


def test_a_database_that_fails_is_said(site):
    with site.desk.gradebook.writing() as connection:
        connection.exec_driver_sql("DROP TABLE flags")
    assert "no such table: flags" in site.get("/", 422)
    with site.desk.gradebook.writing() as connection:
        connection.exec_driver_sql("DROP TABLE persons")
    assert "no such table: persons" in site.get(site.work(), 422)


# --- saving without a script --------------------------------------------------------------------------


def test_a_form_saves_and_goes_on(site):
    answer = site.post(site.work(), points="7", seen="0", action="next", show="waiting")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/items/comments/next?after={site.refs[0]}&show=waiting"
    assert site.post(site.work(1), points="8", seen="0", action="save").headers["location"] == site.work(1)
    assert [row.points for row in site.rows()] == ["7", "8"]
    assert "7 points, judged by ta1 at " in site.get(site.work())


def test_what_is_wrong_is_said_and_what_was_typed_stays(site):
    answer = site.post(site.work(), points="70", text="My words", seen="0", action="next")
    assert answer.status_code == 422
    assert "points = 70, expected 0 to 10" in answer.text
    assert 'value="70"' in answer.text
    assert "My words" in answer.text


def test_a_form_that_comes_second_is_asked(site):
    piece = site.desk.pieces()[site.refs[0]]
    held = open_desk(site.url, "ta2").save(piece, "comments", Given(points="4", text="Thin."))
    answer = site.post(site.work(), points="9", text="Fine.", seen="0", action="next")
    assert answer.status_code == 409
    assert "ta2 gave 4 points" in answer.text
    assert "“Thin.”" in answer.text
    assert f'id="seen" value="{held.row}"' in answer.text  # sent again, it holds
    assert 'value="9"' in answer.text
    site.post(site.work(), points="9", text="Fine.", seen=str(held.row), action="save")
    assert [(row.who, row.points) for row in site.rows()] == [("ta2", "4"), ("ta1", "9")]


def test_the_same_as_last(site):
    site.desk.put_remark("comments", "No shape", "-2")
    (shape,) = site.desk.remarks("comments")
    assert "You have judged no other" in site.post(site.work(), seen="0", action="same").text
    first = site.desk.pieces()[site.refs[0]]
    site.desk.save(first, "comments", Given(remarks=(shape,), text="Good.\ncell 3, line 6: why?"))
    assert site.post(site.work(1), seen="0", action="same").status_code == 303
    row = site.rows()[-1]
    assert (row.points, row.remarks, row.text) == (None, f'["{shape}"]', "Good.")


def test_flags_by_a_form(site):
    for raised in ("1", "0", "1"):
        site.post(f"{site.work()}/flag", kind="flag", raised=raised, show="all")
    assert 'aria-pressed="true">Flag · ta1' in site.get(site.work())
    assert "no flag `star`" in site.post(f"{site.work()}/flag", kind="star", raised="1").text


def test_a_script_gets_json(site):
    json = {"accept": "application/json"}
    token = re.search(r'name="csrf" value="([^"]+)"', site.get(site.work()))[1]

    def post(path, **fields):
        return site.client.post(path, data={"csrf": token, **fields}, headers=json)

    saved = post(site.work(), points="7.50", seen="0").json()
    assert (saved["points"], saved["judged"], saved["people"]) == ("7.5", 1, 4)
    refused = post(site.work(), points="70", seen=str(saved["seen"]))
    assert refused.status_code == 422
    assert refused.json() == {"error": "Comments in the code: points = 70, expected 0 to 10"}
    second = post(site.work(), points="8", seen="0")
    assert (second.status_code, second.json()["who"], second.json()["points"]) == (409, "ta1", "7.5")
    open_desk(site.url, "ta2").look(site.desk.pieces()[site.refs[0]], "comments")
    (other,) = post(f"{site.work()}/here").json()["others"]
    assert (other["who"], other["here"], other["item"]) == ("ta2", True, "Comments in the code")
    assert post("/work/comments/none").json() == {
        "error": "There is no such submission, or another attempt counts now."
    }


# --- remarks ------------------------------------------------------------------------------------------


def test_a_change_of_a_remark_is_shown_before_it_holds(site):
    assert (
        site.post("/remarks/comments", text="No shape", points="-2").headers["location"]
        == "/remarks/comments"
    )
    (shape,) = site.desk.remarks("comments")
    for piece in list(site.desk.pieces().values())[:3]:
        site.desk.save(piece, "comments", Given(remarks=(shape,)))
    assert "3 have it" in site.get("/remarks/comments")
    shown = site.post("/remarks/comments", remark=shape, text="No shapes", points="-3", action="preview")
    assert "Change it for 3 submissions?" in shown.text
    assert "3 of 3 get other points" in shown.text
    assert shown.text.count('<td class="number">8</td><td class="number">7</td>') == 3
    assert site.desk.remarks("comments")[shape].points == -2
    site.post("/remarks/comments", remark=shape, text="No shapes", points="-3", action="apply")
    changed = site.desk.remarks("comments")[shape]
    assert (changed.text, changed.points) == ("No shapes", -3)
    assert "7 points, judged by ta1" in site.get(site.work())


def test_a_remark_that_nobody_has_is_changed_alone(site):
    site.desk.put_remark("comments", "No shape is named", "-2")
    (shape,) = site.desk.remarks("comments")
    shown = site.post("/remarks/comments", remark=shape, text="No shapes", points="-3", action="preview")
    assert "Nobody has it yet" in shown.text
    assert "get other points" not in shown.text


def test_a_new_remark_leads_back_to_the_submission(site):
    answer = site.post("/remarks/comments", text="x", points="-1", back=site.refs[2], show="flagged")
    assert answer.headers["location"] == f"{site.work(2)}?show=flagged"
    assert "A remark needs a text" in site.post("/remarks/comments", text="", points="1").text
    assert "no such remark" in site.post("/remarks/comments", remark="none", text="x", points="1").text


# --- pictures -----------------------------------------------------------------------------------------


def test_pictures_are_sent_as_png_alone(site, tmp_path):
    address = f"{site.work(item='plots')}/pictures/plots-check-1.png"
    answer = site.client.get(address)
    assert (answer.headers["content-type"], answer.content) == ("image/png", png())
    name = site.desk.report(next(iter(site.desk.pieces().values())).attempt.report_sha256).submission.id
    stored = tmp_path / "pictures" / name / "1" / "plots-check-1.png"
    for content in (b"<svg onload=alert(1)>", png()[:10], png()[:16] + b"\xff" * 8 + png()[24:]):
        stored.write_bytes(content)
        assert "or is no PNG" in site.get(address, 404)
    stored.unlink()
    stored.symlink_to(tmp_path / "g.sqlite3")
    site.get(address, 404)
    stored.unlink()
    assert "This picture is not in the folder of reports" in site.get(site.work(item="plots"))


def test_pictures_of_a_batch_before_attempts_are_found_in_either_folder(site, tmp_path):
    report = site.desk.report(next(iter(site.desk.pieces().values())).attempt.report_sha256)
    name = report.submission.id
    (tmp_path / "reports" / f"{name}.json").touch()
    (tmp_path / "pictures" / name / "1" / "plots-check-1.png").rename(
        tmp_path / "pictures" / name / "plots-check-1.png"
    )
    for folder in (tmp_path, tmp_path / "reports"):
        assert read_picture(folder, report, "plots-check-1.png") == png()


@pytest.mark.parametrize("name", ["..%2F..%2Fg.sqlite3", "%2Fetc%2Fpasswd", "other.png", "plots-check-1.svg"])
def test_only_the_report_s_own_pictures_are_sent(site, name):
    site.get(f"{site.work(item='plots')}/pictures/{name}", 404)


# --- anonymous ----------------------------------------------------------------------------------------


def test_an_anonymous_page_tells_nobody_s_name(tmp_path):
    found = findings(
        code="# by Unus Primus (s001)\ndef f():\n    pass", answer="I, Unus, think: unus@uni.example"
    )
    notice = Notice(code="x", message="Two notebooks in ann_lee.", where="ann_lee/hw1.ipynb")
    made = report(
        "s001",
        found=found,
        notices=(notice,),
        integrity=(notice,),
        origin="in/ann_lee",
        path="ann_lee/hw1.ipynb",
    )
    who = person("s001", "Unus Primus") | {"email": "unus@uni.example"}
    site = Site(tmp_path, [made], [who], anonymous=True)
    piece = site.desk.pieces()[site.refs[0]]
    site.desk.save(piece, "why", Given(points="1"))
    paths = ["/", "/remarks/comments", "/items/comments?show=all"]
    paths += [site.work(item=item) for item in ("comments", "why", "plots", "smooth")]
    for path in paths:
        assert not re.search(r"(?i)ann|lee|s001|uni\.example", site.get(path)), path
    assert "# by ▒▒▒ (▒▒▒)" in site.get(site.work())
    assert site.refs[0][:6].upper() in site.get(site.work())
    pages = html.unescape("".join(map(site.get, paths)))
    links = map(urlsplit, re.findall(r'(?:href|src|action|data-next)="([^"]+)"', pages))
    assert {name for link in links for name in parse_qs(link.query)} <= {"show", "after"}


def test_a_page_that_is_not_anonymous_says_who_it_is(site):
    page = site.get(site.work())
    assert any(name in page for name in NAMES)
    assert "submitted/s00" in page
