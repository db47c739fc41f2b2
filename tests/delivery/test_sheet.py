"""Tables are read as the csv module reads them, and written with the new cells changed and nothing else."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.delivery.sheets.sheet import read_sheet, with_values
from autograder.errors import UsageError

CELLS = st.text(st.sampled_from('ab ,;\t"\n8.é'), max_size=6)
FORMS = st.sampled_from(
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")]
)


def sheet_of(folder, data, name="a.csv"):
    path = folder / name
    path.write_bytes(data)
    return read_sheet(path)


@st.composite
def tables(draw):
    width = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4))
    separator = draw(st.sampled_from(",;\t"))
    rows.insert(0, [f"t{column}" for column in range(width)])
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    text = io.StringIO()
    csv.writer(
        text, delimiter=separator, quoting=quoting, lineterminator=draw(st.sampled_from(["\n", "\r\n"]))
    ).writerows(rows)
    encoding, mark = draw(FORMS)
    return rows, mark + text.getvalue().encode(encoding)


@given(tables(), st.data())
def test_a_table_is_read_as_the_csv_module_reads_it_and_changed_in_one_cell(tmp_path_factory, table, data):
    rows, content = table
    sheet = sheet_of(tmp_path_factory.mktemp("t"), content)
    assert [[cell.value for cell in row] for row in sheet.rows] == rows
    assert with_values(sheet, {}) == content
    row, column = data.draw(st.integers(1, len(rows) - 1)), data.draw(st.integers(0, len(rows[0]) - 1))
    value = data.draw(CELLS)
    changed = sheet_of(tmp_path_factory.mktemp("t"), with_values(sheet, {(row, column): value}))
    rows[row][column] = value
    assert [[cell.value for cell in one] for one in changed.rows] == rows


@pytest.mark.parametrize(
    ("data", "column", "becomes"),
    [
        (b"a,b,c\nx,1,y\n", 1, b"a,b,c\nx,8.50,y\n"),
        (b'a,b,c\r\n"x", 1 ,y\r\n', 1, b'a,b,c\r\n"x",8.50,y\r\n'),
        (b'a,b,c\nx,"1",y', 1, b'a,b,c\nx,"8.50",y'),
        (b"a,b,c\nx\n", 2, b"a,b,c\nx,,8.50\n"),
        (b"a,b,c\nx,1,\n", 2, b"a,b,c\nx,1,8.50\n"),
        (b"a,b,c\nx,1,", 2, b"a,b,c\nx,1,8.50"),
    ],
)
def test_all_other_bytes_stay(tmp_path, data, column, becomes):
    assert with_values(sheet_of(tmp_path, data), {(1, column): "8.50"}) == becomes


def test_an_old_encoding_stays_and_may_lack_a_sign(tmp_path):
    sheet = sheet_of(tmp_path, "Größe,b\nJosé,\n".encode("cp1252"))
    assert sheet.titles == ("Größe", "b")
    assert with_values(sheet, {(1, 1): "− ü"}) == "Größe,b\nJosé,? ü\n".encode("cp1252")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is no table\n  Expected CSV with a row of titles, as the platform exports it."),
        (b"alone\nx\n", "is no table"),
        (b'a,b\n1,2\nx,"open\n', ":3: a quote is not closed\n  Download the file again."),
        (b"\xff\xfea\x00,\x00b\x00\n", "is not utf-16-le, as its first bytes say\n  Download it again."),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, data, says):
    with pytest.raises(UsageError) as refused:
        sheet_of(tmp_path, data)
    assert str(refused.value).startswith(str(tmp_path / "a.csv"))
    assert says in str(refused.value)


def test_a_file_that_can_not_be_read_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"can't be read: Is a directory\n  Name a file"):
        read_sheet(tmp_path)
