"""Notebooks of every format, whole and damaged, are read, mended or refused."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples import code_cell, notebook_bytes, notebook_json

from autograder.errors import IntakeError
from autograder.intake import RejectedInput, parse_notebook, read_notebook
from autograder.intake import notebook as notebook_module
from autograder.intake.outputs import MAX_OUTPUTS, MAX_PNG, MAX_TEXT, MAX_TEXTS
from autograder.model import CellKind, Notice

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def parse(data):
    return parse_notebook(data, "HW5.ipynb")


def refusal(data):
    with pytest.raises(RejectedInput) as caught:
        parse(data)
    return caught.value.notice


def codes(data):
    return {notice.code for notice in parse(data)[1]} - {"metadata-lost"}


# --- cells ---------------------------------------------------------------------------------------


def test_cells_have_kinds_counts_and_ids():
    found, notices = parse(
        notebook_bytes(
            {"cell_type": "markdown", "id": "intro", "metadata": {}, "source": ["# Title\n", "text"]},
            code_cell("y = 2", id="b", execution_count=3, metadata={"nbgrader": {"grade_id": "run"}}),
            {"cell_type": "raw", "id": "c", "metadata": {}, "source": "raw"},
        )
    )
    assert [c.kind for c in found.cells] == [CellKind.MARKDOWN, CellKind.CODE, CellKind.RAW]
    assert [c.id for c in found.cells] == ["intro", "b", "c"]
    assert found.cells[0].source == "# Title\ntext"
    assert found.cells[1].execution_count == 3
    assert found.cells[1].grade_id == "run"
    assert found.cells[1].label == "cell 2"
    assert found.language == "python"
    assert notices == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = 1\nb = 2", "a = 1\nb = 2"),
        (["a = 1\n", "b = 2"], "a = 1\nb = 2"),
        (["a = 1", "b = 2"], "a = 1\nb = 2"),
        (["a = 1\n", 7, None, "b = 2"], "a = 1\nb = 2"),
        ("a = 1\r\nb = 2\rc = 3", "a = 1\nb = 2\nc = 3"),
        ("t = '\ud800é'", "t = '?é'"),
    ],
)
def test_a_source_may_be_saved_in_several_forms(source, expected):
    assert parse(notebook_bytes(code_cell(source)))[0].cells[0].source == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_of_unicode_is_read(encoding):
    text = json.dumps(notebook_json(code_cell("t = 'é✓'")), ensure_ascii=False)
    assert parse(text.encode(encoding))[0].cells[0].source == "t = 'é✓'"


def test_missing_ids_are_made_up_the_same_way_each_time():
    data = notebook_bytes(code_cell(), code_cell(), nbformat_minor=2)
    assert [c.id for c in parse(data)[0].cells] == ["cell-0", "cell-1"]
    assert parse(data) == parse(data)
    assert codes(data) == set()


def test_bad_ids_are_mended():
    found, notices = parse(notebook_bytes(*(code_cell(id=i) for i in ("a", "a", "not valid!", 7, "cell-1"))))
    assert [c.id for c in found.cells] == ["a", "cell-1", "cell-2", "cell-3", "cell-4"]
    assert "HW5.ipynb: 4 cell ids were invalid or repeated; mended." in [n.message for n in notices]


@pytest.mark.parametrize(
    "count", [True, "x", "3.5", -1, 0, 2.5, float("nan"), float("inf"), "9" * 40, 10**30, 1e300, -1e300, None]
)
def test_a_count_is_a_positive_number(count):
    assert parse(notebook_bytes(code_cell(execution_count=count)))[0].cells[0].execution_count is None


@pytest.mark.parametrize("count", [7, "7", 7.0])
def test_a_count_may_be_written_as_text_or_as_a_float(count):
    assert parse(notebook_bytes(code_cell(execution_count=count)))[0].cells[0].execution_count == 7


OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 1, "metadata": {}, "source": "old"},
                {
                    "cell_type": "code",
                    "language": "python",
                    "metadata": {},
                    "collapsed": False,
                    "input": ["x = 1\n", "x"],
                    "prompt_number": 4,
                    "outputs": [
                        {"output_type": "pyout", "prompt_number": 4, "text": ["1"], "metadata": {}},
                        {"output_type": "pyerr", "ename": "E", "evalue": "no", "traceback": []},
                        {"output_type": "stream", "stream": "stdout", "text": "printed"},
                        {
                            "output_type": "display_data",
                            "png": base64.b64encode(PNG).decode(),
                            "metadata": {},
                        },
                    ],
                },
            ]
        },
        {"cells": [{"cell_type": "code", "metadata": {}, "input": "y = 2", "outputs": []}]},
    ],
}


def test_format_3_is_upgraded():
    found, notices = parse(json.dumps(OLD).encode())
    assert [c.source for c in found.cells] == ["old", "x = 1\nx", "y = 2"]
    assert [c.execution_count for c in found.cells] == [None, 4, None]
    outputs = found.cells[1].outputs
    assert [(o.kind.value, o.text) for o in outputs] == [
        ("result", "1"),
        ("error", "E: no"),
        ("stream", "printed"),
        ("display", ""),
    ]
    assert outputs[3].png == PNG
    assert notices[0].code == "old-format"
    assert notices[0].message == "HW5.ipynb: has the old notebook format 3; it was upgraded to format 4."


def test_the_upgrade_agrees_with_nbformat():
    import nbformat

    upgraded = nbformat.convert(
        nbformat.reads(json.dumps({**OLD, "worksheets": OLD["worksheets"][:1]}), 3), 4
    )
    theirs = parse(nbformat.writes(upgraded, 4).encode())[0].cells
    ours = parse(json.dumps(OLD).encode())[0].cells
    assert theirs[0].source == "# old"
    assert (theirs[1].source, theirs[1].execution_count) == (ours[1].source, ours[1].execution_count)
    assert theirs[1].outputs == ours[1].outputs


@pytest.mark.parametrize("worksheets", [None, 7, [], [7], [{}], [{"cells": 7}], [{"cells": [7, None]}]])
def test_an_old_format_without_cells_has_no_code(worksheets):
    assert refusal(json.dumps({"nbformat": 3, "worksheets": worksheets}).encode()).code == "no-code"


def test_a_future_format_is_read_as_the_current_one():
    found, notices = parse(notebook_bytes(nbformat=9))
    assert found.cells[0].source == "x = 1"
    assert notices[0].message == "HW5.ipynb: names the notebook format 9; it was read as format 4."


def test_lost_and_repeated_metadata_get_notices():
    assert parse(notebook_bytes())[1][0].code == "metadata-lost"
    twice = [code_cell(metadata={"nbgrader": {"grade_id": "same"}}) for _ in range(2)]
    notices = parse(notebook_bytes(*twice))[1]
    assert [n.code for n in notices] == ["metadata-repeated"]
    assert "`same`" in notices[0].message


def test_another_language_gets_a_notice():
    data = notebook_bytes(metadata={"kernelspec": {"language": "R", "name": "ir"}})
    assert parse(data)[0].language == "r"
    assert codes(data) == {"other-language"}


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"name": "python2"}}, "python2"),
        ({"kernelspec": {"name": "cs231n", "display_name": "Python 2"}}, "python2"),
        ({"language_info": {"name": "python", "version": "2.7.12"}}, "python2"),
        ({"kernelspec": {"name": "python2"}, "language_info": {"version": "3.6.1"}}, "python"),
        ({"kernelspec": {"name": "python3"}}, "python"),
        ({"kernelspec": {"name": 2}, "language_info": {"version": 2.7}}, "python"),
    ],
)
def test_a_kernel_of_python_2_is_known_by_its_version_or_its_name(metadata, language):
    assert parse(notebook_bytes(code_cell(), metadata=metadata))[0].language == language


def test_metadata_of_any_shape_does_no_harm():
    for junk in (None, 7, [], "x", {"nbgrader": 7}, {"nbgrader": {"grade_id": ["x"]}}):
        cell = code_cell(metadata=junk)
        assert parse(notebook_bytes(cell, metadata=junk))[0].cells[0].grade_id is None


def test_undecodable_bytes_are_replaced():
    data = notebook_bytes(code_cell("t = 'X'")).replace(b"X", b"\xff\xfe")
    found, notices = parse(data)
    assert found.cells[0].source.startswith("t = '\ufffd")
    assert notices[0].code == "bad-encoding"


def test_raw_control_characters_nan_and_huge_numbers_do_no_harm():
    data = notebook_bytes(code_cell("x = 1\ty = 2", metadata={"n": 0}))
    data = data.replace(b"\\t", b"\t").replace(b'"n": 0', b'"n": [NaN, Infinity, ' + b"9" * 9000 + b"]")
    assert parse(data)[0].cells[0].source == "x = 1\ty = 2"


# --- outputs -------------------------------------------------------------------------------------


def outputs_of(*raws):
    found, notices = parse(notebook_bytes(code_cell(outputs=list(raws))))
    return found.cells[0].outputs, {n.code for n in notices}


def picture(data):
    return {
        "output_type": "display_data",
        "data": {"image/png": data, "text/plain": "<Figure>"},
        "metadata": {},
    }


def test_outputs_as_text_and_pictures():
    found, _ = outputs_of(
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
        {"output_type": "execute_result", "data": {"text/plain": "42"}, "metadata": {}},
        {"output_type": "error", "ename": "ValueError", "evalue": "\x1b[31mno\x1b[0m", "traceback": []},
        picture(base64.b64encode(PNG).decode()),
    )
    assert [o.kind.value for o in found] == ["stream", "result", "error", "display"]
    assert [o.text for o in found] == ["a\nb", "42", "ValueError: no", "<Figure>"]
    assert found[3].png == PNG


@pytest.mark.parametrize("data", ["not base64!", base64.b64encode(b"GIF89a").decode(), 7, None, "a"])
def test_a_damaged_picture_is_left_out(data):
    assert outputs_of(picture(data))[0][0].png is None


def test_malformed_outputs_are_skipped():
    assert outputs_of(7, None, {}, {"output_type": ["x"]}, {"output_type": "unknown"})[0] == ()
    assert parse(notebook_bytes(code_cell(outputs="none")))[0].cells[0].outputs == ()


def test_large_outputs_are_kept_in_part_with_a_notice():
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * (MAX_TEXT + 1)}
    found, codes_found = outputs_of(stream)
    assert len(found[0].text) == MAX_TEXT
    assert "outputs-capped" in codes_found
    found, codes_found = outputs_of(*[stream] * MAX_OUTPUTS)
    assert sum(len(o.text) for o in found) == MAX_TEXTS
    small = {"output_type": "stream", "name": "stdout", "text": "x"}
    found, codes_found = outputs_of(*[small] * (MAX_OUTPUTS + 5))
    assert len(found) == MAX_OUTPUTS
    assert "outputs-capped" in codes_found


def test_a_picture_above_the_cap_is_left_out_with_a_notice():
    found, codes_found = outputs_of(picture(base64.b64encode(PNG + b"\0" * MAX_PNG).decode()))
    assert found[0].png is None
    assert "outputs-capped" in codes_found


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty-file", "is empty"),
        (b"  \n", "empty-file", "is empty"),
        (b"print('hello')", "not-json", "is not JSON (line 1, column 1"),
        (b'{"cells": [', "not-json", "is not JSON"),
        (b"%PDF-1.4", "not-json", "is not JSON"),
        (b"<!DOCTYPE html><html>login</html>", "not-json", "is not JSON"),
        (b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n", "not-json", "is not JSON"),
        (b"[1, 2]", "not-a-notebook", "holds a JSON list"),
        (b"7", "not-a-notebook", "holds a JSON int"),
        (b"{}", "not-a-notebook", "no list of cells"),
        (b'{"url": "https://colab.example/x", "doc_id": "1"}', "not-a-notebook", "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "not-a-notebook", "no list of cells"),
        (b'{"nbformat": 4, "cells": []}', "no-code", "no cell with code"),
        (notebook_bytes(code_cell("  \n")), "no-code", "no cell with code"),
        pytest.param(b"[" * 100_000, "nested-too-deep", "nested too deep", id="lists"),
        pytest.param(b'{"a":' * 100_000, "nested-too-deep", "nested too deep", id="objects"),
        (notebook_bytes(metadata=9).replace(b"9", b"[" * 5000 + b"]" * 5000), "nested-too-deep", "too deep"),
    ],
)
def test_a_file_that_is_not_a_notebook_is_refused_with_a_reason(data, code, words):
    notice = refusal(data)
    assert notice.code == code
    assert words in notice.message
    assert notice.message.startswith("HW5.ipynb: ")
    assert notice.message.endswith(".")


def test_too_many_lists_are_refused(monkeypatch):
    monkeypatch.setattr(notebook_module, "MAX_BRACKETS", 10)
    notice = refusal(notebook_bytes(code_cell(metadata={"x": [[]] * 10})))
    assert notice.code == "too-complex"
    assert "more than 10 lists" in notice.message


def test_damaged_and_too_many_cells_are_left_out(monkeypatch):
    monkeypatch.setattr(notebook_module, "MAX_CELLS", 4)
    found, notices = parse(
        notebook_bytes(code_cell("a = 1"), 7, None, code_cell("b = 2"), code_cell("c = 3"))
    )
    assert [c.source for c in found.cells] == ["a = 1", "b = 2"]
    assert [n.message for n in notices[:2]] == [
        "HW5.ipynb: 2 of its cells are damaged; left out.",
        "HW5.ipynb: has 5 cells; the first 4 were read.",
    ]


def test_a_refusal_can_be_pickled():
    import pickle

    refused = RejectedInput(Notice(code="code", message="A sentence.", where="file"))
    assert pickle.loads(pickle.dumps(refused)).notice == refused.notice


# --- trusted notebooks ---------------------------------------------------------------------------


def test_a_trusted_notebook_is_read_or_an_error_says_why(tmp_path):
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    good.write_bytes(notebook_bytes())
    bad.write_bytes(b"no")
    assert read_notebook(good).cells[0].source == "x = 1"
    with pytest.raises(IntakeError, match=r"bad\.ipynb: can't be used: .*is not JSON"):
        read_notebook(bad)
    with pytest.raises(IntakeError, match="can't be read"):
        read_notebook(tmp_path / "missing.ipynb")


# --- garbage -------------------------------------------------------------------------------------

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "odd"]) | junk},
    optional={
        "id": st.text(max_size=5) | junk,
        "source": st.text(max_size=30) | st.lists(st.text(max_size=9)) | junk,
        "outputs": st.lists(
            st.fixed_dictionaries(
                {
                    "output_type": st.sampled_from(["stream", "error", "display_data", "execute_result"])
                    | junk
                },
                optional={
                    "text": junk,
                    "data": st.fixed_dictionaries({"image/png": junk}) | junk,
                    "ename": junk,
                },
            )
        )
        | junk,
        "execution_count": junk,
        "metadata": st.fixed_dictionaries({"nbgrader": junk}) | junk,
    },
)
notebooks = st.fixed_dictionaries(
    {"cells": st.lists(cells | junk, max_size=5) | junk},
    optional={"nbformat": st.sampled_from([1, 2, 3, 4, 5]) | junk, "worksheets": junk, "metadata": junk},
)


def read_or_refused(data):
    """Give the cells, or none if the notebook was refused with a message."""
    try:
        return parse(data)[0].cells
    except RejectedInput as refused:
        message = refused.notice.message
    assert message.endswith(".")
    return ()


@given(notebooks | junk)
def test_json_of_any_shape_is_read_or_refused(value):
    cells = read_or_refused(json.dumps(value).encode())
    assert len({cell.id for cell in cells}) == len(cells)
    assert all(cell.source.encode() is not None for cell in cells)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(data):
    read_or_refused(data)
