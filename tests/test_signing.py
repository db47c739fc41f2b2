"""Signatures: equal values are good, and every change of a value is found or refused."""

import contextlib
import json
import re
import subprocess
import sys

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reports import make_report

from autograder.errors import SigningError, UsageError
from autograder.report import to_json
from autograder.signing import (
    Standing,
    canonical,
    key_id,
    new_key,
    private_key,
    public_key,
    sign,
    verify,
)


def a_pair(passphrase=""):
    private, public = new_key(passphrase)
    return private_key(private, passphrase, "key"), public_key(public, "key.pub")


KEY, PUBLIC = a_pair()
REPORT = to_json(make_report(message="Graded: é, 😀, 0.1.")).encode()


def standing(document, signature, key=PUBLIC):
    return verify(document, signature, key).standing


# --- good ----------------------------------------------------------------------------------------


def test_a_signed_report_is_good_and_signing_again_gives_equal_bytes():
    signature = sign(REPORT, KEY)
    assert standing(REPORT, signature) is Standing.GOOD
    assert sign(REPORT, KEY) == signature
    table = json.loads(signature)
    assert table["key_id"] == key_id(PUBLIC)
    assert list(table) == ["algorithm", "key_id", "sha256", "signature"]
    assert [len(table[name]) for name in ("key_id", "sha256", "signature")] == [16, 64, 128]


def test_another_layout_of_the_same_values_is_good():
    compact = json.dumps(json.loads(REPORT), sort_keys=True, separators=(",", ":")).encode()
    assert compact != REPORT
    assert standing(compact, sign(REPORT, KEY)) is Standing.GOOD


def test_any_json_can_be_signed():
    for document in (b"[1, 2.5, null, true]", b'"text"', b"{}", b'{"loss": 1e+300}', b"9007199254740991"):
        assert standing(document, sign(document, KEY)) is Standing.GOOD


# The examples of RFC 8785, section 3.2.
def test_the_canonical_form_is_that_of_the_rfc():
    document = rb"""{
      "numbers": [333333333.3333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical(document).decode() == expected


def test_keys_are_sorted_as_the_rfc_sorts_them():
    document = rb'{"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7}'
    assert list(json.loads(canonical(document)).values()) == [2, 4, 6, 7, 1, 5, 3]


# --- changed -------------------------------------------------------------------------------------


def values(text):
    """The places of all characters in the values of a JSON text, as (start, end) of each value."""
    token = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|-?[0-9][0-9.eE+-]*|true|false|null')
    return [found.span() for found in token.finditer(text) if found[1] is None]


TEXT = REPORT.decode()
PLACES = [place for start, end in values(TEXT) for place in range(start, end)]


@settings(deadline=None)
@given(st.sampled_from(PLACES), st.one_of(st.sampled_from("0123456789.-eE"), st.characters()))
def test_a_change_of_one_character_of_a_value_is_found(place, sign_there):
    changed = TEXT[:place] + sign_there + TEXT[place + 1 :]
    with contextlib.suppress(ValueError):  # no JSON any more
        assume(json.loads(changed) != json.loads(TEXT))
    document = changed.encode("utf-8", "surrogatepass")
    assert standing(document, sign(REPORT, KEY)) is Standing.CHANGED


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON_VALUES, JSON_VALUES)
def test_two_documents_have_one_form_only_if_they_are_equal(one, other):
    forms = [canonical(json.dumps(value).encode()) for value in (one, other)]
    assert json.loads(forms[0], parse_int=float) == one
    assert (forms[0] == forms[1]) == (typed(one) == typed(other))


def typed(value):
    """A value in which true is not 1; 1.0 is 1, as in JSON."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return (isinstance(value, bool), value)


@pytest.mark.parametrize("place", range(0, len(REPORT) - 1, 97))
def test_a_truncated_file_is_changed(place):
    assert standing(REPORT[:place], sign(REPORT, KEY)) is Standing.CHANGED


def test_a_moved_signature_is_found():
    other = to_json(make_report(message="Graded otherwise.")).encode()
    found = verify(other, sign(REPORT, KEY), PUBLIC)
    assert (found.standing, found.reason) == (
        Standing.CHANGED,
        "its values are not those that were signed",
    )


def test_no_signature_and_another_key():
    assert standing(REPORT, None) is Standing.UNSIGNED
    stranger, public = a_pair()
    found = verify(REPORT, sign(REPORT, stranger), PUBLIC)
    assert (found.standing, found.reason) == (Standing.OTHER_KEY, f"key {key_id(public)}")


def with_field(content, **changes):
    return json.dumps({**json.loads(content), **changes}).encode()


def test_a_signature_that_claims_a_key_is_not_of_that_key():
    stranger, _ = a_pair()
    forged = with_field(sign(REPORT, stranger), key_id=key_id(PUBLIC))
    assert standing(REPORT, forged) is Standing.CHANGED


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda s: s[:40], "its signature file is damaged"),
        (lambda s: b"", "its signature file is damaged"),
        (lambda s: b"\xff\xfe", "its signature file is damaged"),
        (lambda s: with_field(s, algorithm="none"), "its signature file is damaged"),
        (lambda s: with_field(s, more=1), "its signature file is damaged"),
        (lambda s: with_field(s, signature="xyz"), "its signature file is damaged"),
        (lambda s: with_field(s, signature=""), "its values are not those that were signed"),
        (lambda s: with_field(s, signature="00" * 64), "its values are not those that were signed"),
        (lambda s: with_field(s, sha256="0" * 64), "its signature file names the hash of another document"),
    ],
)
def test_a_damaged_signature_is_never_good(damage, says):
    found = verify(REPORT, damage(sign(REPORT, KEY)), PUBLIC)
    assert found.standing is Standing.CHANGED
    assert found.reason.startswith(says)


# --- refused: JSON that can be read in two ways --------------------------------------------------

REFUSED = [
    (b'{"a": 1, "a": 2}', "the key 'a' stands twice"),
    (rb'{"a": 1, "\u0061": 1}', "the key 'a' stands twice"),
    (b'[{"b": {"c": 0, "c": 0}}]', "the key 'c' stands twice"),
    (b'{"a": NaN}', "NaN is no number of JSON"),
    (b'{"a": -Infinity}', "-Infinity is no number of JSON"),
    (b'{"a": 9007199254740993}', "9007199254740993"),
    (b'{"a": -9007199254740993}', "9007199254740993"),
    (b'{"a": 9007199254740993.0}', "a double can't hold 9007199254740993.0"),
    (b'{"a": 0.10000000000000001}', "a double can't hold 0.10000000000000001"),
    (b'{"a": 1e400}', "a double can't hold 1e400"),
    (b'{"a": 1e-400}', "a double can't hold 1e-400"),
    (b'{"a": 1e-99999999999999999999}', "a double can't hold 1e-99999999999999999999"),
    (b'{"a": ' + b"1" * 5000 + b"}", "it is no JSON that can be signed"),
    (rb'{"a": "\ud800"}', "it is no JSON that can be signed"),
    (rb'{"\udc00": 1}', "it is no JSON that can be signed"),
    (b'{"a": "\xed\xa0\x80"}', "it is no JSON that can be signed"),
    (b"\xff\xfe{\x00}\x00", "it is no JSON that can be signed"),
    (b"\xef\xbb\xbf{}", "it is no JSON that can be signed"),
    (b"{} {}", "it is no JSON that can be signed"),
    (b"", "it is no JSON that can be signed"),
    (b"[" * 100_000 + b"]" * 100_000, "it is nested too deeply"),
]


@pytest.mark.parametrize(("document", "says"), REFUSED, ids=[d[:30].decode("latin-1") for d, _ in REFUSED])
def test_json_that_can_be_read_in_two_ways_is_neither_signed_nor_good(document, says):
    with pytest.raises(SigningError) as refused:
        sign(document, KEY)
    assert says in refused.value.message
    found = verify(document, sign(REPORT, KEY), PUBLIC)
    assert (found.standing, found.reason) == (Standing.CHANGED, refused.value.message)


# --- keys ----------------------------------------------------------------------------------------


def test_a_locked_key_opens_with_its_passphrase_alone():
    private, public = new_key("correct horse")
    assert b"ENCRYPTED" in private
    key = private_key(private, "correct horse", "key")
    assert standing(REPORT, sign(REPORT, key), public_key(public, "key.pub")) is Standing.GOOD
    with pytest.raises(UsageError, match="key: the passphrase is not that of this key"):
        private_key(private, "wrong", "key")


def of_another_kind():
    key = generate_private_key(SECP256R1())
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def test_what_is_no_key_is_named():
    private, public = new_key("")
    other, other_public = of_another_kind()
    for pem, says in ((b"", "is no private key"), (public, "is no private key"), (other, "not of Ed25519")):
        with pytest.raises(UsageError, match=f"k: .*{says}"):
            private_key(pem, "", "k")
    for pem, says in (
        (b"", "is no public key"),
        (private, "is no public key"),
        (other_public, "not of Ed25519"),
    ):
        with pytest.raises(UsageError, match=f"k: .*{says}"):
            public_key(pem, "k")


@pytest.mark.parametrize("package", ["cryptography", "rfc8785"])
def test_without_its_packages_it_says_how_to_install_them(package):
    code = f"import sys; sys.modules[{package!r}] = None; import autograder.signing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"signatures need {package}, which is not installed" in done.stderr.splitlines()[-2]
    assert "pip install -e '.[instructor]' in the course's folder" in done.stderr.splitlines()[-1]


def test_a_signature_file_is_the_type_that_the_page_describes():
    from autograder.signing import Signature

    assert msgspec.json.decode(sign(REPORT, KEY), type=Signature).algorithm == "Ed25519"
