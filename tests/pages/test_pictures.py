"""Pictures beside reports: only those that a report names, small ones, and SVG only where it is asked for."""

import struct

import pytest
from classroom import png, report, write
from msgspec.structs import replace

from autograder.pages.pictures import read_picture

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'


@pytest.fixture
def batch(tmp_path):
    """A batch's folder with a report that names pictures, and the folder of these."""
    one = report("s001")
    names = ("a.png", "b.svg", "../c.png", "d.gif", "gone.png")
    check = replace(one.items[0].checks[0], pictures=names)
    one = replace(one, items=(replace(one.items[0], checks=(check,)), *one.items[1:]))
    write(tmp_path, one)
    folder = tmp_path / "pictures" / "s001" / "1"
    for name, content in {"a.png": png(), "b.svg": SVG, "../c.png": png(), "d.gif": b"GIF89a"}.items():
        (folder / name).write_bytes(content)
    return one, tmp_path, folder


def test_a_png_that_is_named_is_read_and_nothing_else(batch):
    one, folder, beside = batch
    assert read_picture(folder, one, "a.png") == png()
    (beside / "unnamed.png").write_bytes(png())
    for name in ("b.svg", "../c.png", "d.gif", "gone.png", "unnamed.png"):
        assert read_picture(folder, one, name) is None, name


def test_svg_is_read_where_it_is_asked_for(batch):
    one, folder, beside = batch
    assert read_picture(folder, one, "b.svg", (".png", ".svg")) == SVG
    (beside / "b.svg").write_bytes(b"<html><svg ")
    assert read_picture(folder, one, "b.svg", (".png", ".svg")) is None


def test_what_is_no_small_png_is_left_out(batch):
    one, folder, beside = batch
    huge = png()[:16] + struct.pack(">II", 100_000, 100_000) + png()[24:]
    for content in (b"", SVG, huge, png() + bytes(10_000_001)):
        (beside / "a.png").write_bytes(content)
        assert read_picture(folder, one, "a.png") is None
    (beside / "real.png").write_bytes(png())
    (beside / "a.png").unlink()
    (beside / "a.png").symlink_to(beside / "real.png")
    assert read_picture(folder, one, "a.png") is None
