"""A student's page and a notebook's report in Chromium: axe, themes, a phone, print, keys, hostile work."""

import datetime

import numpy as np
import pytest
from classroom import DUE, report
from msgspec.structs import replace

from autograder.authoring import Answer, Case, Expected, Sum, explain_sum
from autograder.grades.records import Grade, GradeStatus, Step
from autograder.model import NOT_WRITTEN, Diagnosis, Notice, OutputText, Smallest, Status, Visibility
from autograder.pages.feedback.gather import Feedback
from autograder.pages.feedback.page import feedback_page
from autograder.pages.feedback.printing import find_browser, print_page
from autograder.report.html import report_html

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)></pre></details><style>*{display:none}</style>"


def drawn():
    """A drawing of a sum, and its words."""
    signal = np.array([[2.0, 5.0, 0.0]])
    case = Case(id="c", about="c", regime="", inputs={"signal": signal})
    answer = Answer(
        case=case, outputs={"out": signal / 3}, expected={"out": Expected(value=signal, allowed=signal)}
    )
    products = [(("signal", (0, n)), ("signal", (0, n))) for n in range(3)]
    made = Sum(output="out", index=(0, 1), arrays={"signal": signal}, products=products, constant=(1, "one"))
    return explain_sum(made, answer)


def rich_report(said="The ends are `0` where 2 was expected."):
    """A report with everything that can be said of a check."""
    one = report("s001", notices=(Notice(code="n", message=said, where="cell 2"),))
    matrix = "\n".join(" ".join(f"{n * m:6.2f}" for n in range(24)) for m in range(4))
    smallest = Smallest(
        case="width 1", inputs={"signal": matrix}, expected=matrix, actual=matrix, message=said, terms=said
    )
    bad = replace(
        one.items[0].checks[0],
        visibility=Visibility.VISIBLE,
        message=said,
        smallest=smallest,
        hints=(said, said),
        output=OutputText(text=said * 9, truncated=True),
        pictures=("smooth-check-1.svg",),
    )
    stopped = replace(bad, id="stopped", status=Status.ERROR, smallest=None)
    item = replace(one.items[0], checks=(bad, stopped))
    return replace(one, items=(item, *one.items[1:]))


class WithPicture(Feedback):
    """Feedback whose picture lies in no folder."""

    def pictures(self, names):
        return {name: drawn().drawing.encode() for name in names}


def page_of(said="The ends are `0` where 2 was expected.", **more):
    grade = Grade(
        learner="s001",
        status=GradeStatus.PROVISIONAL,
        points=None,
        maximum=35,
        late=datetime.timedelta(hours=2),
        steps=(Step(text=said),),
    )
    return feedback_page(WithPicture(report=rich_report(said), grade=grade), DUE, published=True)


HOSTS = {
    "a browser": "<body>{}",
    "JupyterLab, light": '<body data-jp-theme-light="true"><div class="jp-RenderedHTMLCommon">{}</div>',
    "JupyterLab, dark": '<body data-jp-theme-light="false" style="background:#111;color:#eee"><div '
    'class="jp-RenderedHTMLCommon">{}</div>',
    "VS Code, dark": '<body class="vscode-dark" style="background:#1e1e1e;color:#ccc">{}',
    "Colab, dark": '<script>document.documentElement.setAttribute("theme", "dark")</script>'
    '<body style="background:#383838;color:#fff">{}',
}
# As strong as the styles of notebooks for tables and code.
NOTEBOOK_STYLE = (
    "<style>.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th { text-align: right; padding: 0 }"
    ".jp-RenderedHTMLCommon tbody tr:nth-child(odd) { background: #f5f5f5 } table { font-size: 9px }"
    ".jp-RenderedHTMLCommon pre { color: #eee; white-space: pre-wrap } details { color: #999 }</style>"
)


def notebook(host, said="The ends are `0` where 2 was expected."):
    rich = rich_report(said)
    begun = rich.items[0]
    check = replace(
        begun.checks[0], message=said, diagnosis=Diagnosis(id=NOT_WRITTEN, message=said), status=Status.FAILED
    )
    items = (*rich.items, replace(begun, id="more", status=Status.FAILED, checks=(check,)))
    shown = report_html(
        replace(rich, items=items),
        {"smooth-check-1.svg": drawn().drawing.encode()},
        heading="hw1.ipynb, saved 2027-03-01 10:00:00",
        warning="Save first: `hw1.ipynb` is 12 minutes older than this cell.",
        closing="2 of 4 parts need work",
        points=False,
    )
    body = HOSTS[host].format(f"<main><h1>A notebook</h1>{shown}</main>")
    return f'<!doctype html><html lang="en"><head><title>n</title>{NOTEBOOK_STYLE}</head>{body}</html>'


@pytest.fixture
def opened(chromium, tmp_path):
    """A function that opens a page's text; nothing else may be asked for, and nothing refused."""
    contexts, trouble, asked = [], [], []

    def open_page(text, *, width=1280, media="screen", **more):
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, **more))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda one: asked.append(one.url))
        page.emulate_media(media=media)
        page.goto(path.as_uri())
        return page

    yield open_page
    for one in contexts:
        one.close()
    assert trouble == []
    assert [one for one in asked if not one.startswith(("data:", tmp_path.as_uri()))] == []


def violations(page, axe):
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    return [(one["id"], node["html"]) for one in found["violations"] for node in one["nodes"]]


LOOKS = [
    {"color_scheme": "light"},
    {"color_scheme": "dark", "width": 400},
    {"color_scheme": "dark", "media": "print"},
]


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark on a phone", "print"])
def test_axe_finds_nothing_in_a_student_s_page(opened, axe, look):
    page = opened(page_of(), **look)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("look", LOOKS[:2], ids=["light", "dark on a phone"])
def test_axe_finds_nothing_in_a_notebook_s_report(opened, axe, host, look):
    page = opened(notebook(host), **look)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("host", "scheme", "is_dark"),
    [
        ("a browser", "dark", True),
        ("a browser", "light", False),
        ("JupyterLab, light", "dark", False),
        ("JupyterLab, dark", "light", True),
        ("VS Code, dark", "light", True),
        ("Colab, dark", "light", True),
    ],
)
def test_a_report_follows_the_theme_of_its_notebook(opened, host, scheme, is_dark):
    page = opened(notebook(host), color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.querySelector('.ag-report')).backgroundColor")
    assert (max(map(int, ground[4:-1].split(","))) < 100) == is_dark


def test_the_keyboard_opens_what_is_folded_and_reaches_what_scrolls(opened):
    page = opened(notebook("a browser"))
    closed = page.locator(".ag-check:not([open]) > summary").first
    closed.focus()
    page.keyboard.press("Enter")
    assert page.locator(".ag-check[open]").count() == 2
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('pre')"):
            break
    else:
        pytest.fail("no matrix was reached")


def test_the_picture_is_there_and_can_be_seen(opened):
    for text in (page_of(), notebook("VS Code, dark")):
        page = opened(text)
        image = page.locator("img.ag-picture").first
        assert image.evaluate("one => one.complete && one.naturalWidth") >= 400
        assert image.get_attribute("alt") == "The ends are `0` where 2 was expected."


def test_hostile_work_is_text_and_nothing_runs(opened):
    for text in (page_of(ATTACK), notebook("a browser", ATTACK)):
        page = opened(text)
        assert page.locator(".ag-details script, .ag-details style, [onerror], iframe").count() == 0
        assert ATTACK in page.text_content("main")


def test_a_page_s_policy_lets_nothing_run_and_nothing_in(chromium, tmp_path):
    added = "<p onclick='alert(1)'>x</p><script>alert(1)</script><img src='https://example.org/x.png'></main>"
    (tmp_path / "p.html").write_text(page_of().replace("</main>", added))
    refused, dialogs = [], []
    page = chromium.new_page()
    page.on("console", lambda message: refused.append(message.text))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto((tmp_path / "p.html").as_uri())
    page.click("p >> text=x >> nth=-1")
    page.close()
    assert dialogs == []
    assert sum("Content Security Policy" in one for one in refused) >= 3


def test_a_page_is_printed_with_what_is_folded(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    try:
        browser = find_browser()
    except Exception:
        pytest.skip("Chromium is not installed (Debian, as root: tools/setup dev)")
    (tmp_path / "s001.html").write_text(page_of())
    print_page(browser, tmp_path / "s001.html", tmp_path / "s001.pdf")
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "s001.pdf").pages)
    assert "The smoothing function" in text
    assert "What your code printed" in text
    assert "[0 3 0]" in text
