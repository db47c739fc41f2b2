"""The class page and the similarity page in Chromium: sealed, sorted, readable by all, on any screen."""

import pytest
from class_records import FULL_CLASS, STRIDE, Result, lost, room, student
from classroom import RUBRIC, report
from test_in_a_browser import ATTACK, WAIT, Served
from test_similarity_page import LOOPS, SUPPORT, page_of, work

from autograder.model import Diagnosis
from autograder.pages.dashboard.from_gradebook import read_gradebook
from autograder.pages.dashboard.links import Places
from autograder.pages.dashboard.records import Item, PointsGiven
from autograder.pages.dashboard.render import render

LINKS = Places(feedback={"s001": "feedback/s001.html"}, review="http://127.0.0.1:8000")
UNSEEN = "a\u202eb\0c\u200bd\x1b[2J"
ALIVE = "main script, iframe, base, main style, [onerror], [onload], main img, object, embed, form"


def class_page():
    return render(FULL_CLASS, LINKS)


def similarity_page():
    third = "\n".join(f"x = x.p{n}(x)[x.q{n}].r{n}(x, {n})" for n in range(30))
    works = [
        work("s001", f"{SUPPORT}\n{LOOPS}"),
        work("s002", LOOPS),
        work("s003", LOOPS, third),
        work("s004", third),
    ]
    return page_of(works)


def hostile_class():
    bad = ATTACK + UNSEEN
    long = lost(1.0, "<" * 1_000_000, "y" * 100_000, Diagnosis(id=bad, message=bad))
    students = [
        student(bad, lost(1.0, bad, bad, STRIDE), shown=bad, id="x", ref=""),
        student("long", long, Result(points=None, waits=True), shown="x" * 500_000),
        student("out", points=None, left_out=bad, shown=bad),
    ]
    judged = (PointsGiven(reviewer=bad, item="smooth", points=1.0),)
    items = (Item(id="smooth", title=bad, maximum=20), Item(id="comments", title="y" * 9_000, maximum=10))
    return render(room(*students, items=items, judgements=judged, title=bad, notes=(bad,), source=bad), LINKS)


def hostile_works():
    bad = f"{LOOPS}\n# {ATTACK}{UNSEEN}\n" + "z" * 50_000
    return page_of([work(f"{ATTACK}{UNSEEN}", bad), work("b", bad, "\n" * 50_000)], title=ATTACK + UNSEEN)


PAGES = {"class": class_page, "similarity": similarity_page}
HOSTILE = {"class": hostile_class, "similarity": hostile_works}
SCREENS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 400, "height": 800}},
    "phone in the dark": {"color_scheme": "dark", "viewport": {"width": 400, "height": 800}},
}


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a page from a file; at the end nothing was asked for and nothing went wrong."""
    contexts, asked, trouble = [], [], []

    def open_page(text, **context):
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        contexts.append(chromium.new_context(**context))
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        assert asked.pop() == path.as_uri()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert (asked, trouble) == ([], [])


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_all_fits(opened, axe, name, screen):
    page = opened(PAGES[name](), **SCREENS[screen])
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert fits(page)


@pytest.mark.parametrize("screen", ["light", "phone"])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_strangers_wrote_is_text(opened, name, screen):
    page = opened(HOSTILE[name](), **SCREENS[screen])
    assert page.locator(ALIVE).count() == 0
    assert page.locator("main a:not([href^='#']):not([href^='http://127.0.0.1:8000/'])").count() == 0
    assert "<script>alert(1)</script>" in page.text_content("main")
    assert page.locator(".sign:text-is('U+202E')").count() >= 2
    assert fits(page)


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_lets_nothing_in(chromium, tmp_path, name):
    """Even a script that got into the page would not run, and nothing would be loaded."""
    path = tmp_path / "page.html"
    elsewhere = "http://127.0.0.1:9/x"
    injected = (
        f"<script>document.title='run'</script><img src='{elsewhere}'><form action='{elsewhere}'></form>"
    )
    path.write_text(PAGES[name]().replace("</main>", f"{injected}</main>"), encoding="utf-8")
    page = chromium.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("requestfailed", lambda request: asked.append((request.url, request.failure)))
    page.goto(path.as_uri())
    with page.expect_console_message(lambda message: "form-action" in message.text, timeout=WAIT):
        page.evaluate("document.forms[0].submit()")
    assert page.title() != "run"
    assert set(asked) == {(elsewhere, "csp")}
    for directive in ("script-src", "img-src"):
        assert any(directive in one for one in said), directive
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_it_is_dark_on_white_and_whole(opened, name):
    page = opened(PAGES[name](), color_scheme="dark", viewport={"width": 760, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert fits(page)
    if name == "class":
        assert page.is_visible("#points tbody tr >> nth=0")  # the table of a chart, though it is folded
    else:
        assert not page.is_visible(".given .line >> nth=0")


# --- the class page -----------------------------------------------------------------------------------


def column(page, place):
    return page.locator(f"#students tbody tr:visible > :nth-child({place})").all_text_contents()


def test_the_keyboard_sorts_by_any_column(opened):
    page = opened(class_page())
    button = page.locator("#students thead th:nth-child(3) button")
    button.focus()
    page.keyboard.press("Enter")
    assert column(page, 3) == ["37", "30", "20", "9", "0", "–"]
    assert page.get_attribute("#students thead th:nth-child(3)", "aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert column(page, 3) == ["0", "9", "20", "30", "37", "–"]
    page.locator("#students thead th:nth-child(1) button").press("Enter")
    assert column(page, 1) == [f"s00{n}" for n in range(1, 7)]
    assert page.locator("[aria-sort]").count() == 1


def test_students_are_found_by_any_word(opened):
    page = opened(class_page())
    page.get_by_label("Find").fill("S003")
    assert column(page, 1) == ["s003"]
    assert page.get_by_role("status").text_content().strip() == "1 of 6"
    page.get_by_label("Find").fill("")
    assert len(column(page, 1)) == 6


def test_without_scripts_all_is_there(opened):
    page = opened(class_page(), java_script_enabled=False)
    assert len(column(page, 1)) == 6
    assert page.locator("th button").count() == 0


def test_its_links_lead_into_the_review_page(tmp_path, chromium):
    with Served(tmp_path, chromium, [report("s001"), report("s002")]) as site:
        page = site.open()
        address = page.evaluate("location.origin")
        klass = read_gradebook(site.desk.gradebook, RUBRIC)
        (tmp_path / "class.html").write_text(render(klass, Places(review=address)), encoding="utf-8")
        page.goto((tmp_path / "class.html").as_uri())
        page.click("#students tbody tr:has-text('s002') >> text=waits >> nth=0")
        page.wait_for_url(f"{address}/work/comments/{klass.students[1].ref}")
        assert page.text_content("h1") == "s002"
        stranger = chromium.new_page()
        stranger.goto((tmp_path / "class.html").as_uri())
        stranger.click("text=waits >> nth=0")
        stranger.wait_for_selector("text=This page opens by its link")
        stranger.close()


# --- the similarity page ------------------------------------------------------------------------------


def places(page):
    return [one.bounding_box() for one in page.locator("#group-1 article").all()]


def test_sides_stand_beside_each_other_or_below(opened):
    one, other, *_ = places(opened(similarity_page(), **SCREENS["light"]))
    assert one["y"] == other["y"]
    assert one["x"] + one["width"] <= other["x"]
    one, other, *_ = places(opened(similarity_page(), **SCREENS["phone"]))
    assert one["x"] == other["x"]
    assert one["y"] + one["height"] <= other["y"]


def test_a_mark_has_its_number_and_given_code_opens_by_key(opened):
    page = opened(similarity_page())
    line = page.locator("#group-1 .line:has(mark) >> nth=0")
    assert line.locator(".of").text_content() == "1"
    assert not page.is_visible(".given .line >> nth=0")
    page.locator(".given summary >> nth=0").press("Enter")
    assert "def helper0" in page.text_content(".given .line >> nth=0")
    assert page.is_visible(".given .line >> nth=0")
