"""The places of a course, and where their tokens are."""

import pytest

from autograder.delivery.addresses import is_loopback, url_problem
from autograder.delivery.places import CanvasPlace, MoodlePlace, read_place, read_secret, token_of
from autograder.errors import UsageError

GOOD = """\
[ours]
kind = "canvas"
url = "https://canvas.example.org"
course = 3
assignment = "Homework 5"
token_env = "CANVAS_TOKEN"

[theirs]
kind = "moodle"
url = "https://moodle.example.org/m"
course = 4
assignment = 7
token_file = "token"
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "places.toml").write_text(GOOD)
    return tmp_path


def refused(root, name="ours"):
    with pytest.raises(UsageError) as caught:
        read_place(root, name)
    return str(caught.value).replace(f"{root}/", "")


def test_each_kind_of_place_is_read(root):
    assert read_place(root, "ours") == CanvasPlace(
        kind="canvas",
        url="https://canvas.example.org",
        course=3,
        assignment="Homework 5",
        token_env="CANVAS_TOKEN",
    )
    assert isinstance(read_place(root, "theirs"), MoodlePlace)


def test_a_course_without_the_file(tmp_path):
    assert refused(tmp_path).startswith(
        "places.toml: there is no such file\n  It says where grades are sent."
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[ours]", "[our]", "places.toml: has no place `ours`; did you mean `our`?"),
        ('kind = "canvas"', 'kind = "canva"', "places.toml:2: [ours] kind = 'canva'; did you mean `canvas`?"),
        ('kind = "canvas"\n', "", "places.toml:1: [ours] kind = None; known are: canvas, lti, moodle"),
        ("course = 3", 'course = "3"', "places.toml:4: [ours] course: Expected `int`, got `str`"),
        ("course = 3", "corse = 3", "places.toml:4: [ours] has an unknown key `corse`; did you mean"),
        ("course = 3\n", "", "places.toml:1: [ours] needs the key `course`"),
        ("token_env", "token", "places.toml:6: [ours] token: a secret does not belong in this file; use"),
        ("https://c", "http://c", "places.toml:3: [ours] url = 'http://canvas.example.org': expected https://"),
        (".org\"", ".org?a\"", "places.toml:3: [ours] url = 'https://canvas.example.org?a': expected no `?`"),
        ("[ours]", "[ours", "places.toml:1: not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_the_nearest_key(root, old, new, says):
    (root / "places.toml").write_text(GOOD.replace(old, new, 1))
    assert refused(root).startswith(says)


def test_a_place_that_is_no_table(root):
    (root / "places.toml").write_text("ours = 3\n")
    assert refused(root).startswith("places.toml:1: [ours] kind = None")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://a.example.org/x", ""),
        ("http://127.0.0.1:8000", ""),
        ("http://[::1]:8000", ""),
        ("http://localhost", ""),
        ("http://a.example.org", "expected https://; over http:// anybody on the way reads the token"),
        ("ftp://a.example.org", "expected a URL that begins with https://"),
        ("canvas.example.org", "expected a URL that begins with https://"),
        ("https://u:p@a.example.org", "expected no name or password in the URL"),
        ("https://a.example.org/#x", "expected no `#` in the URL"),
        ("https://a.example.org:many", "is no URL: Port could not be cast to integer value as 'many'"),
    ],
)
def test_an_address_is_one_that_a_token_may_go_to(url, problem):
    assert url_problem(url) == problem


def test_other_machines_are_not_this_one():
    assert is_loopback("http://127.9.9.9/")
    assert not is_loopback("http://127.0.0.1.example.org/")


# --- tokens ---------------------------------------------------------------------------------------------


def test_a_token_comes_from_the_environment(root):
    place = read_place(root, "ours")
    assert token_of(root, "ours", place, {"CANVAS_TOKEN": " abc\n"}) == "abc"
    with pytest.raises(UsageError, match="the variable CANVAS_TOKEN is not set"):
        token_of(root, "ours", place, {"CANVAS_TOKEN": " "})


def test_a_token_comes_from_a_file_beside_places_toml(root):
    (root / "token").write_text("abc\n")
    (root / "token").chmod(0o600)
    assert token_of(root, "theirs", read_place(root, "theirs"), {}) == "abc"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_token_that_others_can_read_is_refused_with_the_command_that_mends_it(root, mode):
    (root / "token").write_text("abc")
    (root / "token").chmod(mode)
    with pytest.raises(UsageError, match=rf"others may read it \(mode {mode:o}\)") as caught:
        read_secret(root / "token")
    assert caught.value.hint == f"chmod 600 {root / 'token'}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "can't be read: No such file"),
        (b" \n", "is empty"),
        (b"\xff", "is not UTF-8"),
        (b"two words", "expected a token, one word"),
        ("töken".encode(), "expected a token, one word"),
        (b"a\nb", "expected a token, one word"),
    ],
)
def test_a_token_file_that_holds_none(root, content, says):
    if content is not None:
        (root / "token").write_bytes(content)
        (root / "token").chmod(0o600)
    with pytest.raises(UsageError, match=says) as caught:
        token_of(root, "theirs", read_place(root, "theirs"), {})
    assert "words" not in str(caught.value)


@pytest.mark.parametrize("keys", ["", 'token_env = "A"\ntoken_file = "b"\n'])
def test_a_place_has_one_token(root, keys):
    (root / "places.toml").write_text(GOOD.replace('token_env = "CANVAS_TOKEN"\n', keys))
    with pytest.raises(UsageError, match="needs either token_env or token_file"):
        token_of(root, "ours", read_place(root, "ours"), {"A": "x"})
