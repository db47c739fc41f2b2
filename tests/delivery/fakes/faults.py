"""Faults: each gets the handler of a request, and `effect`, which lets the request do its work."""

import email.utils
import socket
import struct
import time

from delivery.fakes.server import Answer


def _cut(handler):
    """End the connection as a crash does: with a reset."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def reset_before(handler, effect):
    _cut(handler)


def reset_after(handler, effect):
    effect()
    _cut(handler)


def status(code, body=b"", **headers):
    def fault(handler, effect):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.reply(Answer(body, code, {"Content-Type": "text/html", **given}))

    return fault


def effect_then(code, body=b""):
    """The work is done, and the answer gets lost on its way: a proxy says something else."""

    def fault(handler, effect):
        effect()
        handler.reply(Answer(body, code, {"Content-Type": "text/html"}))

    return fault


def retry_at(seconds, skew):
    """429 with a date, by a clock that is wrong."""

    def fault(handler, effect):
        now = time.time() + skew
        handler.send_response_only(429)
        handler.send_header("Date", email.utils.formatdate(now, usegmt=True))
        handler.send_header("Retry-After", email.utils.formatdate(now + seconds, usegmt=True))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return fault


def silent_before(handler, effect):
    handler.server.fake.gone.wait(5)
    _cut(handler)


def silent_after(handler, effect):
    effect()
    silent_before(handler, effect)


def truncated(handler, effect):
    answer = effect()
    body = answer.bytes()
    handler.send_response(answer.status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body) + 10))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def half_json(handler, effect):
    """All bytes that were promised come, and they are half of the JSON."""
    answer = effect()
    handler.reply(Answer(answer.bytes()[:-1] or b"{", answer.status))


def empty(handler, effect):
    effect()
    handler.reply(Answer(b""))


def wrong_type(handler, effect):
    effect()
    handler.reply(Answer(b"<html><b>Please log in</b></html>", 200, {"Content-Type": "text/html"}))


def odd_json(handler, effect):
    """JSON of another form than the platform's."""
    effect()
    handler.reply(Answer({"odd": [1, 2]}))


def drip_body(handler, effect):
    body = effect().bytes()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) + 1_000))
    handler.end_headers()
    _drip(handler, body + b" " * 1_000)


def drip_headers(handler, effect):
    effect()
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1_000)


def _drip(handler, data):
    for at in range(len(data)):
        if handler.server.fake.gone.wait(0.02):
            return
        handler.wfile.write(data[at : at + 1])
        handler.wfile.flush()


def elsewhere(url):
    def fault(handler, effect):
        handler.reply(Answer(b"", 302, {"Location": f"{url}/stolen"}))

    return fault


def circle(handler, effect):
    handler.reply(Answer(b"", 302, {"Location": handler.path}))


def links_elsewhere(url):
    def fault(handler, effect):
        answer = effect()
        answer.headers["Link"] = f'<{url}/api/v1/stolen>; rel="next"'
        handler.reply(answer)

    return fault
