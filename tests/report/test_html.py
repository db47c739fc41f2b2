"""A report as HTML: whole, escaped, closed to everything else, and without need of colour."""

import base64
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace
from reports import finding, item, make_report

from autograder.model import NOT_WRITTEN, Diagnosis, Notice, Outcome, OutputText, Smallest, Status
from autograder.report.html import details, mark, picture, report_html
from autograder.report.html_style import STYLE
from autograder.report.scoring import score_item
from autograder.report.totals import reason_elsewhere, same_reason

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 200"><title>t</title></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>&"


class Parts(HTMLParser):
    """The tags with their attributes, and the text outside of the style."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.words, self._open = [], [], []
        self.feed(content)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta", "link", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def failing(**changes):
    """A report whose second check fails, with all that a check can say."""
    report = make_report()
    one = report.items[0]
    smallest = Smallest(
        case="x (1, 2)",
        inputs={"x": "[[1. 2.]]"},
        expected="[[3.]]",
        actual="[[4.]]",
        message="`f[0, 0]` is 4 instead of 3",
        terms="f[0, 0] = 1 + 2 = 3",
    )
    bad = {
        "smallest": smallest,
        "diagnosis": Diagnosis(id="one-too-many", message="Where does `range` end?"),
        "output": OutputText(text="got here"),
        "pictures": ("b-1.svg",),
    }
    checks = (one.checks[0], replace(one.checks[1], **(bad | changes)))
    return replace(report, items=(replace(one, checks=checks),))


def test_all_that_is_known_is_there():
    shown = Parts(report_html(failing(), {"b-1.svg": SVG}, heading="a.ipynb", closing="1 part needs work"))
    for words in (
        "a.ipynb",
        "4 / 8",
        "✗ failed",
        "Looks like one-too-many : Where does range end?",
        "The smallest case that fails: x (1, 2)",
        "[[1. 2.]]",
        "expected [[3.]] yours [[4.]]",
        "f[0, 0] = 1 + 2 = 3",
        "look again",
        "The numbers that were compared expected [1 2] yours [3 4]",
        "What your code printed got here",
        "1 part needs work",
    ):
        assert words in shown.text, words


def test_its_picture_is_in_it_with_words_in_place_of_it():
    (image,) = (a for tag, a in Parts(report_html(failing(), {"b-1.svg": SVG})).tags if tag == "img")
    assert base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")) == SVG
    assert image["alt"] == "f[0, 0] = 1 + 2 = 3"
    assert (image["width"], image["height"]) == ("640", "200")


def test_a_picture_that_is_not_given_is_left_out_and_a_png_is_one():
    assert "<img" not in report_html(failing())
    assert 'src="data:image/png;base64,' in picture(PNG, "a plot")


def test_the_first_lost_check_is_open_and_the_others_are_folded():
    report = make_report()
    found = {name: replace(finding(name, 0), hints=("look again",)) for name in "abc"}
    lost = replace(report, items=(score_item(item(a=1, b=1, c=1), found),))
    folds = [a for tag, a in Parts(report_html(lost)).tags if tag == "details"]
    assert ["open" in one for one in folds] == [True, False, False]


def test_work_that_was_not_begun_is_no_mistake_and_one_reason_is_said_once():
    unwritten = Diagnosis(id=NOT_WRITTEN, message="Not written yet.")
    said = {
        "a": replace(finding("a", 0), message="Not written yet.", diagnosis=unwritten),
        "b": replace(finding("b", 0), message=same_reason("a"), diagnosis=unwritten),
        "c": replace(finding("c", 0), message=same_reason("a"), diagnosis=unwritten),
    }
    one = score_item(item(a=1, b=1, c=1), said)
    away = {"d": replace(finding("d", 0), message=reason_elsewhere("f", "a"))}
    two = replace(score_item(item(d=1), away), title="g")
    shown = Parts(report_html(make_report(items=(one, two)), points=False))
    assert "○ not written f Not written yet. – not judged g Not judged, as “f” fails: see a ." in shown.text
    assert shown.text.count("Not written yet") == 1
    assert "same reason" not in shown.text
    assert "details" not in {tag for tag, _ in shown.tags}


def test_different_reasons_of_an_item_have_rows_of_their_own():
    said = {"a": finding("a", 1), "b": finding("b", 0), "c": replace(finding("c", 0), message="another")}
    shown = Parts(report_html(make_report(items=(score_item(item(a=1, b=1, c=1), said),)), points=False))
    assert "1 of 3 checks passed. ✗ failed b b: 0 ✗ failed c another" in shown.text


def test_a_self_check_has_no_points():
    assert "4 / 8" not in report_html(failing(), points=False)
    assert "Points" not in report_html(failing(), points=False)


@pytest.mark.parametrize("status", Status)
def test_a_state_is_a_word_and_its_sign_is_not_read_out(status):
    shown = mark(status)
    assert re.search(r'<span aria-hidden="true">.</span> [a-z ]+</span>$', shown)
    assert len({mark(one) for one in Status}) == len(Status)


def test_what_is_written_by_others_is_text():
    smallest = Smallest(case=ATTACK, inputs={ATTACK: ATTACK}, message=ATTACK, expected=ATTACK, terms=ATTACK)
    report = failing(
        message=ATTACK,
        hints=(ATTACK,),
        smallest=smallest,
        diagnosis=Diagnosis(id=ATTACK, message=f"`{ATTACK}`"),
        output=OutputText(text=ATTACK, truncated=True),
    )
    report = replace(report, notices=(Notice(code="n", message=ATTACK, where=ATTACK),))
    shown = report_html(report, {"b-1.svg": SVG}, heading=ATTACK, closing=ATTACK)
    tags = {tag for tag, _ in Parts(shown).tags}
    assert not tags & {"script", "iframe", "object", "link", "meta", "a", "form"}
    assert not [a for _, attrs in Parts(shown).tags for a in attrs if a.startswith("on")]
    assert Parts(shown).text.count("<script>alert(1)</script>") >= 10


def test_it_asks_for_nothing_and_every_class_is_its_own():
    shown = report_html(failing(), {"b-1.svg": SVG})
    assert not re.search(r"url\(|@import|https?:", STYLE)
    sources = [a[key] for _, a in Parts(shown).tags for key in ("src", "href") if key in a]
    assert all(one.startswith("data:") for one in sources)
    classes = {one for _, a in Parts(shown).tags for one in a.get("class", "").split()}
    assert classes
    assert all(one.startswith("ag-") for one in classes)
    selectors = re.sub(r"\{[^{}]*\}", "{}", re.sub(r"@media[^{]*\{", "", STYLE))
    for selector in re.findall(r"[^{}]+(?=\{)", selectors):
        assert all(".ag-" in one for one in alternatives(selector)), selector


def alternatives(selector):
    """The parts of a selector between its outer commas."""
    parts, depth = [""], 0
    for sign in selector:
        depth += (sign == "(") - (sign == ")")
        parts = [*parts, ""] if sign == "," and not depth else [*parts[:-1], parts[-1] + sign]
    return parts


def test_a_long_text_is_cut_and_a_sign_that_is_not_seen_is_written_out():
    shown = details(replace(failing().items[0].checks[1], message="x" * 30_000 + "y", hints=("a\u202eb",)))
    assert "y" not in shown.partition("</p>")[0]
    assert "a\\u202eb" in shown


def test_where_code_stopped_its_line_is_shown():
    check = replace(
        failing().items[0].checks[1],
        status=Status.ERROR,
        cause=replace(failing().items[0].checks[1].cause, expected="", actual="cell 3, line 2\n    1 / 0"),
    )
    assert "Where your code stopped: cell 3, line 2 1 / 0" in Parts(details(check)).text


def test_what_could_not_be_graded_says_so():
    report = make_report(outcome=Outcome.UNGRADABLE, message="The zip is damaged.", score=None, items=())
    shown = Parts(report_html(report))
    assert "The zip is damaged." in shown.text
    assert "table" not in {tag for tag, _ in shown.tags}
