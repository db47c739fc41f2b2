"""Rosters as spreadsheets and learning platforms write them."""

import pytest

from autograder.errors import UsageError
from autograder.grades.roster import read_roster

ROWS = "{0}s001{1}One{1}one@x.org\n{0}s002{1}Zoë{1}zoe@x.org\n"


@pytest.mark.parametrize("header", ["", "id,name,email\n", "Student,ID,SIS User ID\n    Points Possible,,\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_roster_in_every_form(tmp_path, header, encoding, separator):
    text = (header + ROWS.format("", ",")).replace(",", separator)
    (tmp_path / "class.csv").write_bytes(text.encode(encoding))
    roster = read_roster(tmp_path / "class.csv")
    assert [one.identities for one in roster.persons.values()] == [
        ("s001", "One", "one@x.org"),
        ("s002", "Zoë", "zoe@x.org"),
    ]
    assert [one.email for one in roster.persons.values()] == ["one@x.org", "zoe@x.org"]


@pytest.mark.parametrize(
    ("learners", "absent", "unknown"),
    [
        (["s001", "s002"], (), ()),
        (["S001 ", "zoë"], (), ()),
        (["ZOE@X.ORG", "s009"], ("s001",), ("s009",)),
        ([], ("s001", "s002"), ()),
        (["s001 + zoe@x.org", "s008 + s009"], (), ("s008", "s009")),
    ],
)
def test_who_handed_in_nothing_and_who_is_not_on_it(tmp_path, learners, absent, unknown):
    (tmp_path / "class.csv").write_text(ROWS.format("", ","), encoding="utf-8")
    roster = read_roster(tmp_path / "class.csv")
    assert roster.absent(learners) == absent
    assert roster.unknown(learners) == unknown


def test_a_name_stands_for_one_person_or_for_each_of_a_group(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("id,name\ns001,Ada + Partner\ns002,Two\n")
    roster = read_roster(path)
    for name, people in {
        "ada + partner": ("s001",),
        "Two + s009": ("s002", "s009"),
        "s002 + Two": ("s002",),
        "s009": ("s009",),
        " + ": (" + ",),
    }.items():
        assert roster.people(name) == people
    assert roster.names("s002", ["Two + s009", "s009", "two"]) == ["Two + s009", "s002", "two"]


def test_moodle_s_worksheet(tmp_path):
    (tmp_path / "class.csv").write_text("Identifier,Full name\nParticipant 11,One\nParticipant 12,Two\n")
    assert read_roster(tmp_path / "class.csv").absent(["11"]) == ("Participant 12",)


def test_ids_keep_their_zeros(tmp_path):
    (tmp_path / "class.csv").write_text("00123\n007\n")
    assert read_roster(tmp_path / "class.csv").absent(["123", "7"]) == ("00123", "007")


@pytest.mark.parametrize("content", ["", "id,name\n", "\n,\n", '"' + "x" * 200_000])
def test_a_roster_that_names_nobody_is_refused(tmp_path, content):
    (tmp_path / "class.csv").write_text(content)
    with pytest.raises(UsageError, match="names no learner"):
        read_roster(tmp_path / "class.csv")


def test_a_roster_that_can_not_be_read_is_refused(tmp_path):
    with pytest.raises(UsageError, match="can't be read: Is a directory"):
        read_roster(tmp_path)


def test_names_addresses_and_sections_are_known_by_the_header(tmp_path):
    text = "ID number,First name,Surname,Email address,Section\n7,Unus,Primus,a@x.org,B\n"
    (tmp_path / "class.csv").write_text(text)
    (person,) = read_roster(tmp_path / "class.csv").persons.values()
    assert (person.name, person.email, person.section) == ("Unus Primus", "a@x.org", "B")
    assert person.identities == ("7", "Unus", "Primus", "a@x.org", "Unus Primus")


def test_an_identity_that_two_people_share_is_nobody_s(tmp_path):
    (tmp_path / "class.csv").write_text("id,name\ns001,Kim\ns002,Kim\n")
    roster = read_roster(tmp_path / "class.csv")
    assert [roster.who(name) for name in ("Kim", "S001", "s003")] == ["Kim", "s001", "s003"]
    assert roster.names("s001", ["S001", "Kim", "s002"]) == ["S001", "s001"]
