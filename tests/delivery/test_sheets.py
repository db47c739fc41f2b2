"""Grades go into the tables that platforms export: the right cells change, and everybody else is named."""

from decimal import Decimal

import pytest

from autograder.delivery.outgoing import Outgoing, Readiness
from autograder.delivery.sheets import PLATFORMS, fill, read_sheet
from autograder.delivery.showing import changes, counted, failures, left_behind
from autograder.errors import UsageError

# As Canvas exports it: two sections, a course's own column, a posting row, totals that are read-only.
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Homework 5 (901),Quiz (902),Current Score,Final Score
,,,,,,Manual Posting,,,
    Points Possible,,,,,,100.00,10.00,(read only),(read only)
"One, A",7001,u001,s001,"Lab 1, Lab 2",,,9.00,90.00,45.00
"Two, B",7002,u002,s002,Lab 1,late,71.00,,,
"Three, C",7003,u003,s003,Lab 1,,EX,,,
"Four, D",7004,u004,s004,Lab 1,,N/A,,,
"Student, Test",7999,,abc,Lab 1,,,,,
"""
MOODLE = """\
Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 31","A One",u001,s001@example.org,"Submitted for grading - ",,"100,00",Yes,"Monday, 1 March","-",
"Participant 32","B Two",u002,s002@example.org,"No submission - ","71,00","100,00",Yes,-,-,"Well done!"
"Participant 33","C Three",u003,s003@example.org,"No submission - ",,"100,00",No,-,-,
"""
MOODLE_GRADEBOOK = """\
"First name",Surname,"ID number","Email address","Assignment: Homework 5 (Real)","Quiz: Homework 5 (Real)",\
"Assignment: Homework 6 (Real)","Assignment: Homework 6 (Feedback)","Course total (Real)",\
"Last downloaded from this course"
A,One,u001,s001@example.org,-,5.00,-,,50.00,1772000000
B,Two,u002,s002@example.org,71.00,-,12.00,,-,1772000000
"""
BRIGHTSPACE = """\
OrgDefinedId,Username,Last Name,First Name,\
Homework 5 Points Grade <Numeric MaxPoints:100 Weight:10 Category:Homework>,\
Letter Text Grade <Text>,Final Points Grade <Calculated MaxPoints:10>,End-of-Line Indicator
#u001,#s001,One,A,,A,,#
#u002,#s002,Two,B,71,,,#
"""
BLACKBOARD = """\
"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t\
"Homework 5 [Total Pts: 100 Score] |1281892"\t"Homework 5 [Total Pts: 10 Score] |1281893"\t\
"Overall [Total Pts: up to 55 Letter] |1281890"
"One"\t"A"\t"s001"\t"0042"\t"2027-03-01 20:20:47"\t"Yes"\t"Needs Grading"\t""\t""
"Two"\t"B"\t"s002"\t"0043"\t"2027-03-01 20:20:47"\t"Yes"\t"71.00"\t""\t""
"Three"\t"C"\t"s003"\t"0044"\t"2027-03-01 20:20:47"\t"Yes"\t"In Progress"\t""\t""
"""
BLACKBOARD_FILE = b"\xff\xfe" + BLACKBOARD.encode("utf-16-le")


def result(learner, points, **more):
    given = {"learner": learner, "identities": (learner,), "maximum": Decimal(100)}
    return Outgoing(**{**given, "points": None if points is None else Decimal(points), **more})


TWO = [result("s001", "85.5"), result("s002", "73.456")]


def filled(folder, form, content, results, *titles, **options):
    path = folder / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sheet = read_sheet(path)
    layout = PLATFORMS[form].layout(sheet, titles or ("Homework 5", "hw5"))
    return fill(sheet, layout, results, **options)


@pytest.mark.parametrize(
    ("form", "content", "titles", "replaced"),
    [
        (
            "canvas",
            CANVAS,
            (),
            {'"Lab 1, Lab 2",,,9.00': '"Lab 1, Lab 2",,85.50,9.00', "late,71.00": "late,73.46"},
        ),
        (
            "moodle",
            MOODLE,
            (),
            {'"Submitted for grading - ",,': '"Submitted for grading - ","85,50",', '"71,00"': '"73,46"'},
        ),
        (
            "moodle-gradebook",
            MOODLE_GRADEBOOK,
            ("Assignment: Homework 5",),
            {"org,-,5.00": "org,85.50,5.00", "org,71.00": "org,73.46"},
        ),
        ("brightspace", BRIGHTSPACE, (), {"A,,A": "A,85.50,A", "B,71": "B,73.46"}),
    ],
)
def test_the_right_cells_change_and_no_other_byte(tmp_path, form, content, titles, replaced):
    known = [
        result("s001", "85.5", identities=("s001", "u001")),
        result("s002", "73.456", identities=("u002",)),
    ]
    done = filled(tmp_path, form, content, known, *titles)
    for old, new in replaced.items():
        assert content.count(old) == 1
        content = content.replace(old, new)
    assert done.data.decode() == content
    assert list(changes(done.plan)) == ["s001  – → 85.5", "s002  71 → 73.46"]


def test_blackboard_s_utf_16_stays_and_the_column_s_id_decides(tmp_path):
    results = [*TWO, result("s003", "5")]
    done = filled(tmp_path, "blackboard", BLACKBOARD_FILE, results, "1281892")
    changed = BLACKBOARD.replace('"Needs Grading"', '"85.50"').replace('"71.00"', '"73.46"')
    assert done.data == b"\xff\xfe" + changed.encode("utf-16-le")
    assert list(failures(done.plan, done.refuses)) == [
        "refused: s003: `In Progress` stands there, which is no number of points."
    ]


@pytest.mark.parametrize("form", ["canvas", "moodle", "brightspace", "blackboard"])
def test_filling_a_filled_file_changes_nothing(tmp_path, form):
    content = {"canvas": CANVAS, "moodle": MOODLE, "brightspace": BRIGHTSPACE, "blackboard": BLACKBOARD_FILE}[
        form
    ]
    titles = ("1281892",) if form == "blackboard" else ()
    known = [
        result("s001", "85.5", identities=("s001", "u001"), comment="85.5 of 100 points.\na & b: 1 < 2"),
        result("s002", "73.456", identities=("u002", "s002"), comment="73.46 of 100 points."),
    ]
    once = filled(tmp_path, form, content, known, *titles)
    again = filled(tmp_path, form, once.data, known, *titles)
    assert (again.data, again.plan.transfers, len(again.plan.unchanged)) == (once.data, (), 2)


def test_everybody_who_is_not_filled_in_is_named(tmp_path):
    results = [
        result("s001", "85.5"),
        result("s003", "60"),
        result("s004", "61"),
        result("s005", "62"),
        result("s006", "63", readiness=Readiness.PROVISIONAL, why="4 points are still to be judged."),
        result("s007", "64", readiness=Readiness.PARTIAL, why="Some checks were switched off."),
        result("s008", None, readiness=Readiness.WITHOUT, why="Nothing was handed in."),
    ]
    done = filled(tmp_path, "canvas", CANVAS, results)
    assert list(failures(done.plan, done.refuses)) == [
        "unmatched: s005: Nobody there has one of this learner's ids: the roster can name them.",
        "refused: s003: The learner is excused there.",
        "refused: s004: The assignment is not assigned to the learner there.",
    ]
    assert list(left_behind(done.plan)) == [
        "held back: s006: 4 points are still to be judged.",
        "held back: s007: Some checks were switched off.",
        "held back: s008: Nothing was handed in.",
        "2 there of whom nothing is known here: 7002, 7999",
    ]
    assert counted(done.plan, done.refuses) == "1 changed, 0 as before, 3 held back, 1 unmatched, 2 refused."


def test_provisional_results_go_when_they_are_let_and_partial_ones_never(tmp_path):
    results = [
        result("s001", "63", readiness=Readiness.PROVISIONAL),
        result("s002", "64", readiness=Readiness.PARTIAL),
    ]
    done = filled(tmp_path, "canvas", CANVAS, results, provisional=True)
    assert list(changes(done.plan)) == ["s001  – → 63"]


def test_moodle_is_not_given_what_it_would_ignore(tmp_path):
    results = [result("u001", "100.5"), result("u003", "60")]
    done = filled(tmp_path, "moodle", MOODLE, results)
    assert list(failures(done.plan, done.refuses)) == [
        "refused: u001: It has 100.50 points, and the platform takes 100.00 at most.",
        "refused: u003: Moodle does not let this grade be changed.",
    ]
    assert done.data.decode() == MOODLE


def test_moodle_s_participants_are_known_by_their_numbers(tmp_path):
    done = filled(tmp_path, "moodle", MOODLE, [result("31", "85.5"), result("Participant 32", "5")])
    assert [one.there.key for one in done.plan.transfers] == ["row 2", "row 3"]


def test_a_comment_is_html_for_moodle_and_a_person_s_words_stay(tmp_path):
    comment = "85.5 of 100 points.\na & b: 1 < 2"
    results = [result("u001", "85.5", comment=comment), result("u002", "71", comment="71 of 100 points.")]
    done = filled(tmp_path, "moodle", MOODLE, results)
    assert '"85.5 of 100 points.<br>\na &amp; b: 1 &lt; 2"' in done.data.decode()
    assert "Well done!" in done.data.decode()
    assert [one.learner for one in done.plan.unchanged] == ["u002"]
    newer = [result("u001", "85.5", comment="85.5 of 100 points.\nnew"), results[1]]
    again = filled(tmp_path, "moodle", done.data, newer)
    assert "85.5 of 100 points.<br>\nnew" in again.data.decode()
    assert list(changes(again.plan)) == ["u001  85.5, with another comment"]


@pytest.mark.parametrize(
    ("form", "old", "new", "says"),
    [
        (
            "canvas",
            "Section",
            "Group",
            "is no gradebook of Canvas: expected `Student`, `ID` and `Section`, found `Stu",
        ),
        ("canvas", "100.00", "50.00", "`Homework 5 (901)` is of 50.00 points, and the results are of 100"),
        ("canvas", "100.00", "(read only)", "the column `Homework 5 (901)` is read-only\n  Name another."),
        (
            "moodle",
            "Identifier",
            "ID",
            "is no grading worksheet of Moodle: expected `Identifier`, `Grade` and",
        ),
        ("moodle", "Maximum grade", "Scale", "the assignment is graded by a scale"),
        ("moodle", "100,00", "50,00", "`Grade` is of 50.00 points, and the results are of 100"),
        (
            "moodle-gradebook",
            "(Real)",
            "(Letter)",
            "is no gradebook of Moodle: expected `Email address` or `ID number`",
        ),
        (
            "brightspace",
            " Points Grade",
            "",
            "is no export of Brightspace: expected `OrgDefinedId` or `Username`",
        ),
        ("brightspace", "MaxPoints:100", "MaxPoints:10", "is of 10 points, and the results are of 100"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(tmp_path, form, old, new, says):
    content = {
        "canvas": CANVAS,
        "moodle": MOODLE,
        "moodle-gradebook": MOODLE_GRADEBOOK,
        "brightspace": BRIGHTSPACE,
    }
    with pytest.raises(UsageError) as refused:
        filled(tmp_path, form, content[form].replace(old, new), TWO)
    assert str(refused.value).startswith(f"{tmp_path / 'export.csv'}: ")
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("form", "content", "title", "says"),
    [
        (
            "canvas",
            CANVAS,
            "Homework 4",
            "no column `Homework 4` that takes points\n  Name one with --column; did you",
        ),
        ("canvas", CANVAS, "Final Score", "no column `Final Score` that takes points"),
        (
            "moodle-gradebook",
            MOODLE_GRADEBOOK,
            "Homework 5",
            "several columns are called `Homework 5`: `Assignment: Homework 5 (Real)`, `Quiz: Homework 5",
        ),
        ("brightspace", BRIGHTSPACE, "Final", "no column `Final` that takes points"),
        ("blackboard", BLACKBOARD_FILE, "Homework 5", "several columns are called `Homework 5`"),
        ("blackboard", BLACKBOARD_FILE, "Overall", "no column `Overall` that takes points"),
        ("blackboard", b"a,b\n1,2\n", "b", "is no download of Blackboard: expected `Username` and"),
    ],
)
def test_a_column_that_is_not_there_or_not_the_only_one_is_said(tmp_path, form, content, title, says):
    with pytest.raises(UsageError) as refused:
        filled(tmp_path, form, content, TWO, title)
    assert says in str(refused.value)


@pytest.mark.parametrize("title", ["901", "homework 5", "Homework 5 (901)"])
def test_a_column_is_known_by_its_id_its_title_and_both(tmp_path, title):
    assert len(filled(tmp_path, "canvas", CANVAS, TWO, title).plan.transfers) == 2


def test_a_site_with_semicolons_has_decimal_commas(tmp_path):
    content = "Student;ID;SIS Login ID;Section;Homework 5 (901)\n    Points Possible;;;;100\nOne;1;s001;L;\n"
    done = filled(tmp_path, "canvas", content, [TWO[0]])
    assert done.data.decode().endswith("One;1;s001;L;85,50\n")


def test_points_have_two_decimals_and_no_thousands_separators(tmp_path):
    content = CANVAS.replace("100.00", "2000.00")
    results = [
        result("s001", "1234.565", maximum=Decimal(2000)),
        result("s002", "71.001", maximum=Decimal(2000)),
    ]
    done = filled(tmp_path, "canvas", content, results)
    assert ",1234.57,9.00" in done.data.decode()
    assert [one.learner for one in done.plan.unchanged] == ["s002"]


def test_extra_credit_goes_above_the_maximum_where_the_platform_takes_it(tmp_path):
    assert b",105.00," in filled(tmp_path, "canvas", CANVAS, [result("s001", "105")]).data
