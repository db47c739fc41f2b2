"""Talk to a Dask scheduler: ask workers for answers, and hear of workers, in one queue of events.

What the network does happens in Dask's own thread. The batch takes events from the queue, one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import logging
import queue
import warnings
from collections.abc import Callable, Iterator
from typing import Any, cast

import cloudpickle
from distributed import Client, Future, Security, fire_and_forget, wait

from autograder.batch.cluster import travelling
from autograder.batch.cluster.address import Cluster
from autograder.errors import AutograderError, UsageError
from autograder.model import Struct

_CONNECT_SECONDS, _POLL_SECONDS, _LEAVE_SECONDS = 10, 0.5, 5
_LOGGERS = ("client", "core", "comm", "batched", "protocol", "worker", "utils")


class Present(Struct):
    """The workers that there are: address and the worker's own folder, which tells it from a former one."""

    workers: frozenset[str]


class Came(Struct):
    """A worker's answer to what it was asked; an exception if there is none."""

    worker: str
    about: str
    answer: Any


class Gone(Struct):
    """The scheduler can't be reached any more."""

    reason: str


class WasRead(Struct):
    """A submission was read and is ready to be sent, or reading it failed."""

    id: str
    result: Any


Happening = Present | Came | Gone | WasRead


class ByValue:
    """A function whose code travels with it: neither the scheduler nor a worker needs to have its module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__name__ = function.__name__
        self._code = _code_of(function)

    def __call__(self, *args: Any) -> Any:
        """Call the function here, which nobody does: Dask asks for something that can be called."""
        return cloudpickle.loads(self._code)(*args)

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        return cloudpickle.loads, (self._code,)


@functools.cache
def _code_of(function: Callable[..., Any]) -> bytes:
    cloudpickle.register_pickle_by_value(travelling)
    try:
        return bytes(cloudpickle.dumps(function))
    finally:
        cloudpickle.unregister_pickle_by_value(travelling)


class Connection:
    """A connection to a scheduler; see `connected`."""

    def __init__(self, client: Client) -> None:
        self.events: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._client = client
        self._loop: asyncio.AbstractEventLoop = cast(Any, client.loop).asyncio_loop
        self._numbers = itertools.count(1)
        self._asked: dict[str, Any] = {}
        self._name = f"autograder-{client.id}"  # two batches on a scheduler never share a key
        self._in_loop(self._watch())

    def ask(self, worker: str, about: str, function: Callable[..., Any], *args: Any) -> None:
        """Have a worker call a function; the answer comes as a `Came`."""
        self._asked[worker] = self._in_loop(self._call(worker, about, function, args))

    def forget(self, worker: str) -> None:
        """Wait no longer for the answer of a worker that has left."""
        if (asked := self._asked.pop(worker, None)) is not None:
            asked.cancel()

    def _in_loop(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _call(
        self, worker: str, about: str, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        address = address_of(worker)
        # a key of its own: Dask counts the deaths of workers by it, and the board counts here
        key = f"{self._name}-{function.__name__}-{next(self._numbers)}"
        carried = ByValue(function)
        future: Future[Any] = self._client.submit(carried, *args, key=key, workers=[address], pure=False)
        try:
            answer = await future
        except asyncio.CancelledError as error:
            if not future.cancelled():
                raise
            answer = error
        except Exception as error:
            answer = error
        finally:
            future.release()
        self.events.put(Came(worker=worker, about=about, answer=answer))

    async def _watch(self) -> None:
        """Say again and again which workers there are, until the scheduler is gone."""
        try:
            while True:
                asked = cast(Any, self._client.scheduler).identity(n_workers=-1)
                found = await asyncio.wait_for(asked, timeout=_CONNECT_SECONDS)
                names = (
                    f"{address} {facts['local_directory']}" for address, facts in found["workers"].items()
                )
                self.events.put(Present(workers=frozenset(names)))
                await asyncio.sleep(_POLL_SECONDS)
        except Exception as error:
            self.events.put(Gone(reason=f"{type(error).__name__}: {error}"))

    def leave(self, idle: set[str], busy: set[str], function: Callable[..., Any], *args: Any) -> None:
        """Have workers call a function for a last time; wait a little for the idle ones."""
        with contextlib.suppress(Exception):  # the scheduler may be gone
            asked = {one: self._last(one, function, *args) for one in idle | busy}
            wait([asked[one] for one in idle], timeout=_LEAVE_SECONDS)

    def _last(self, worker: str, function: Callable[..., Any], *args: Any) -> Future[Any]:
        carried = ByValue(function)
        future: Future[Any] = self._client.submit(carried, *args, workers=[address_of(worker)], pure=False)
        fire_and_forget(future)  # a worker that is busy calls it when this process has ended
        return future


def address_of(worker: str) -> str:
    """Give the address in a worker's name."""
    return worker.partition(" ")[0]


@contextlib.contextmanager
def connected(cluster: Cluster) -> Iterator[Connection]:
    """Connect to a scheduler.

    Raises `UsageError` if none answers.
    """
    _quiet()
    try:
        client = Client(
            cluster.scheduler, timeout=_CONNECT_SECONDS, security=_security(cluster), set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--scheduler {cluster.scheduler}: no scheduler answers there: {_reason(error)}",
            "Start one with `dask scheduler`, or look at its address and its certificates.",
        ) from error
    try:
        yield Connection(client)
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=_LEAVE_SECONDS)


def lost(cluster: Cluster, reason: str) -> AutograderError:
    """Give the error for a scheduler that has ended."""
    return AutograderError(
        f"the scheduler at {cluster.scheduler} is gone: {reason}",
        "Finished reports are kept: start scheduler and workers again, and go on with --resume.",
    )


def _security(cluster: Cluster) -> Security | None:
    if cluster.tls is None:
        return None
    files = cluster.tls
    return Security(
        tls_ca_file=str(files.authority),
        tls_client_cert=str(files.certificate),
        tls_client_key=str(files.key),
        require_encryption=True,
    )


def _reason(error: BaseException) -> str:
    """Give the first cause: Dask wraps what the system said."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def _quiet() -> None:
    """Keep Dask's own messages from the terminal: what matters comes as an event."""
    for name in _LOGGERS:
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", module=r"distributed\.")
