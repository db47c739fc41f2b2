"""A server on loopback in a thread, with faults that can be put before its answers."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    method: str
    path: str
    query: dict
    form: dict
    headers: dict
    body: str = ""


@dataclass
class Answer:
    body: object = None
    status: int = 200
    headers: dict = field(default_factory=dict)

    def bytes(self):
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Planned:
    """A fault that meets the next `times` requests of which `of` is true."""

    fault: object
    of: object
    times: int


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for an acknowledgement

    def handle_any(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(self.command, parts.path, query, form, dict(self.headers), body)
        fake = self.server.fake
        with fake.lock:
            fake.requests.append(request)
            planned = fake.next_fault(request)

        def effect():
            with fake.lock:
                return fake.answer(request)

        if planned is None:
            self.reply(effect())
        else:
            planned.fault(self, effect)

    do_GET = do_POST = handle_any  # noqa: N815

    def reply(self, answer):
        body = answer.bytes()
        if "Date" in answer.headers:
            self.send_response_only(answer.status)  # else the true date stands there, too
        else:
            self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that went away is part of the tests."""


class Fake:
    """What all fakes have; each gives its `answer` to a `Request`."""

    def __init__(self):
        self.lock = threading.RLock()
        self.requests = []
        self.planned = []
        self.gone = threading.Event()

    def __enter__(self):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.fake = self
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def plan(self, fault, of=lambda request: True, times=1):
        self.planned.append(Planned(fault, of, times))

    def next_fault(self, request):
        for one in self.planned:
            if one.times > 0 and one.of(request):
                one.times -= 1
                return one
        return None

    def answer(self, request):
        raise NotImplementedError
