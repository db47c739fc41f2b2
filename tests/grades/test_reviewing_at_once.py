"""People who review at once, in SQLite and PostgreSQL: each save is seen by the next, or it is asked."""

import threading

import pytest
from classroom import fill, report

from autograder.grades import tables
from autograder.grades.store import Gradebook
from autograder.pages.review.desk import Conflict, Desk, Given


@pytest.fixture
def desks(url, tmp_path):
    fill(url, tmp_path, [report("s001")])
    return [Desk(Gradebook(url, f"ta{n}"), "hw1") for n in range(4)]


def test_of_many_who_save_at_once_one_is_first_and_the_others_are_asked(desks):
    together, asked = threading.Barrier(len(desks)), []

    def save(desk):
        (piece,) = desk.pieces().values()
        together.wait()
        try:
            desk.save(piece, "comments", Given(points=str(desks.index(desk))))
        except Conflict as conflict:
            asked.append(conflict.state.row)

    people = [threading.Thread(target=save, args=(desk,)) for desk in desks]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    with desks[0].gradebook.reading() as connection:
        (row,) = connection.execute(tables.reviews.select()).all()
    assert asked == [row.row] * 3


def test_people_on_several_machines_see_where_the_others_are(desks):
    for number, desk in enumerate(desks):
        (piece,) = desk.pieces().values()
        desk.look(piece, ("comments", "why")[number % 2])
    assert [(one.who, one.item) for one in desks[0].others()] == [
        ("ta1", "why"),
        ("ta2", "comments"),
        ("ta3", "why"),
    ]


def test_a_gradebook_from_before_the_review_page_gets_its_table(url):
    with Gradebook(url) as gradebook, gradebook.writing() as connection:
        connection.exec_driver_sql("DROP TABLE presence")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with Gradebook(url) as gradebook, gradebook.reading() as connection:
        assert connection.execute(tables.presence.select()).all() == []
