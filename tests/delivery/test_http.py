"""The client: where a token goes, what is asked again, and how long it waits."""

import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from delivery.fakes import faults
from delivery.fakes.server import Answer, Fake
from delivery.platforms import PATIENCE
from msgspec.structs import replace

from autograder.delivery import http
from autograder.delivery.answers import number, retry_after, said
from autograder.delivery.http import Client, Refused, Unclear
from autograder.errors import DeliveryError


class Echo(Fake):
    """Answers with the headers that came."""

    def answer(self, request):
        return Answer({"headers": request.headers, "form": request.form})


@pytest.fixture
def fake():
    with Echo() as opened:
        yield opened


def client(fake, **more):
    slept = []
    made = Client(fake.url, **{"bearer": "t0ken", "patience": PATIENCE, "sleep": slept.append, **more})
    return made, slept


def test_the_token_goes_in_a_header(fake):
    asked, _ = client(fake)
    headers = asked.get(f"{fake.url}/a").json()["headers"]
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["User-Agent"].startswith("autograder/")


def test_a_password_in_netrc_does_not_take_its_place(fake, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    asked, _ = client(fake)
    asked._session.trust_env = True  # as for a platform that is elsewhere
    assert asked.get(f"{fake.url}/a").json()["headers"]["Authorization"] == "Bearer t0ken"
    silent, _ = client(fake, bearer="")
    silent._session.trust_env = True
    assert "Authorization" not in silent.get(f"{fake.url}/a").json()["headers"]


def test_no_proxy_stands_between_this_machine_and_itself(fake, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    asked, _ = client(fake)
    assert asked.get(f"{fake.url}/a").status_code == 200


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a", "https://canvas.example.org/a"])
def test_no_request_leaves_the_host(fake, url):
    asked, _ = client(fake)
    with pytest.raises(Refused, match="leads to another host"):
        asked.get(url)
    assert fake.requests == []


def test_a_token_is_not_sent_over_plain_http():
    with pytest.raises(DeliveryError, match="anybody on the way reads the token"):
        Client("http://canvas.example.org", bearer="t0ken")


def test_a_redirect_on_the_same_host_is_followed(fake):
    asked, _ = client(fake)
    fake.plan(lambda handler, effect: handler.reply(Answer(b"", 302, {"Location": "/there"})))
    assert asked.get(f"{fake.url}/a").status_code == 200
    assert [one.path for one in fake.requests] == ["/a", "/there"]


def test_a_write_is_made_once_and_a_question_again(fake):
    asked, slept = client(fake)
    fake.plan(faults.status(500), times=10)
    with pytest.raises(Unclear, match="answers 500"):
        asked.post(f"{fake.url}/a", data={"x": "1"})
    assert len(fake.requests) == 1
    assert slept == []
    with pytest.raises(Refused, match="answers 500"):
        asked.post(f"{fake.url}/a", data={"x": "1"}, again=True)
    assert len(fake.requests) == 1 + PATIENCE.tries


def test_waits_grow_and_are_not_the_same_for_everybody(fake):
    asked, slept = client(fake, patience=replace(PATIENCE, tries=6))
    fake.plan(faults.status(500), times=10)
    with pytest.raises(Refused):
        asked.get(f"{fake.url}/a")
    for wait, power in zip(slept, (1, 2, 4, 8, 16), strict=True):
        assert 0.5 * power <= wait <= 1.5 * power
    assert len(set(slept)) == 5


def test_all_waits_together_have_a_limit(fake):
    asked, slept = client(fake, patience=replace(PATIENCE, whole=30.0, tries=100))
    fake.plan(faults.status(503, Retry_After="10"), times=100)
    with pytest.raises(Refused) as caught:
        asked.get(f"{fake.url}/a")
    assert slept == [10.0, 10.0]
    assert "asks to wait for 10 seconds" in caught.value.hint


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({}, None),
        ({"Retry-After": "Tue, 09 Mar 2027 12:00:09 GMT", "Date": "Tue, 09 Mar 2027 12:00:00 GMT"}, 9.0),
        ({"Retry-After": "Tue, 09 Mar 2027 11:00:00 GMT", "Date": "Tue, 09 Mar 2027 12:00:00 GMT"}, 0.0),
    ],
)
def test_how_long_a_place_asks_to_wait(headers, seconds):
    assert retry_after(answered(b"", headers)) == seconds


def answered(body, headers=None):
    import requests

    answer = requests.Response()
    answer._content = body
    answer.headers.update(headers or {})
    return answer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"errors": [{"message": "No."}]}', "No."),
        (b'{"error": "invalid_client", "error_description": "unknown"}', "unknown"),
        (b'{"status": "bad", "errors": {"x": [{"message": "deep"}]}}', "deep"),
        (b'{"a": 1}', '{"a": 1}'),
        (b"[]", ""),
        (b"3", ""),
        (b'"text"', "text"),
        (b"<html><script>x()</script><p>Log\n in</p>", "Log in"),
        (b"\x1b[31mred\x07", "red\\x07"),
        (b"x" * 900, "x" * 200),
    ],
)
def test_what_an_answer_says(body, words):
    assert said(answered(body)).startswith(words)
    assert len(said(answered(body))) < 300


@pytest.mark.parametrize("value", ["nan", "inf", "many", True, [1]])
def test_what_are_no_points(value):
    with pytest.raises(ValueError, match="no"):
        number(value)


def test_an_answer_has_a_largest_size(fake, monkeypatch):
    monkeypatch.setattr(http, "_MOST_BYTES", 10)
    asked, slept = client(fake)
    with pytest.raises(Refused, match="the answer has more than 0 MB"):
        asked.get(f"{fake.url}/a")
    assert slept == []


def test_an_answer_that_needs_no_json(fake):
    asked, _ = client(fake)
    fake.plan(lambda handler, effect: handler.reply(Answer(b"", 204)))
    assert asked.post(f"{fake.url}/a", wants_json=False).status_code == 204


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path):
    with Echo() as fake:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(tmp_path))
        fake.server.socket = context.wrap_socket(fake.server.socket, server_side=True)
        slept = []
        asked = Client(fake.url.replace("http:", "https:"), bearer="t0ken", sleep=slept.append)
        with pytest.raises(Refused, match=r"its certificate is not accepted: .*self.signed"):
            asked.get(f"{asked.base}/a")
        assert slept == []
        assert fake.requests == []


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, no_password))
    return paths
