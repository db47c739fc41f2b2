"""Where two reports differ: named by items and checks, without times."""

import msgspec
from reports import make_report

from autograder.batch.rerun import differences
from autograder.model import Notice


def test_equal_reports_differ_in_nothing_whatever_the_time():
    later = make_report(generated_at="2030-01-01T00:00:00+00:00")
    assert differences(make_report(), later) == []


def test_a_check_is_named_by_its_item_and_its_id():
    report = make_report()
    (item,) = report.items
    first = msgspec.structs.replace(item.checks[0], score=0.25, duration=9.0)
    item = msgspec.structs.replace(item, checks=(first, *item.checks[1:]))
    assert differences(report, make_report(items=(item,))) == ["items.f.checks.a.score: 4.0 → 0.25"]


def test_what_is_in_one_report_alone_is_shown():
    notice = Notice(code="new", message="Long. " * 100)
    (line,) = differences(make_report(), make_report(notices=(notice,)))
    assert line.startswith('notices.1: null → {"code": "new", "message": "Long. Long.')
    assert line.endswith(" …")
    assert len(line) < 200
    assert differences(make_report(notices=(notice,)), make_report())[0].endswith("… → null")
