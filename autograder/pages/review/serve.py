"""Serve the review page on the loopback interface until it is interrupted."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from autograder.errors import UsageError
from autograder.pages.review.app import review_app
from autograder.pages.review.desk import Desk
from autograder.pages.review.guard import Guard

_HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Open the socket; port 0 takes a free one.

    Raises
    ------
    UsageError
        The port is taken.
    """
    # asyncio sends small answers without a wait only where the protocol is named
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen()  # a browser that is quicker than the server waits
    except OSError as error:
        listener.close()
        raise UsageError(f"--port {port}: {error.strerror}", "Name another port, or leave it out.") from error
    return listener


def has_screen() -> bool:
    """Say whether a window can be opened; elsewhere a browser of the terminal would take its place."""
    return sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def serve(desk: Desk, reports: Path, port: int, say: Callable[[str], None], *, browser: bool) -> None:
    """Serve a desk's pages until an interrupt, and say the link that opens them."""
    desk.pieces()
    with listen(port) as listener:
        number = listener.getsockname()[1]
        guard = Guard(review_app(desk, reports), number)
        link = f"http://{_HOST}:{number}{guard.ticket()}"
        say(link)
        if browser and has_screen():
            webbrowser.open(link)
        # no log of addresses: the link is one
        config = uvicorn.Config(
            guard, log_level="warning", access_log=False, server_header=False, lifespan="off"
        )
        with contextlib.suppress(KeyboardInterrupt):  # it is how the page is closed
            uvicorn.Server(config).run(sockets=[listener])
