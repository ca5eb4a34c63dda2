"""Deadlines of requests: one for all requests of a load, which can be shortened while they run, and one for each."""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that requests in flight may still take once a load is stopped. Answers come within a few seconds, and few
#: systems wait for longer than half a minute before they kill a task.
STOP_SECONDS: Final = 20.0


class Deadline:
    """The moment by which all requests of a load must end. At first there is none."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = math.inf

    def shorten_to(self, seconds: float) -> None:
        """Move the deadline to ``seconds`` from now, unless it is earlier; requests in flight notice it in a second."""
        self.at = min(self.at, time.monotonic() + seconds)


class RequestState:
    """State of one request, shared by the code that sends it and the stream it is sent on.

    :param connecting: seconds for making the connection, with a proxy's tunnel and TLS.
    :param answering: seconds from the first byte of the request to the last byte of its answer.
    :param method: the HTTP method and a space, with which the request begins.
    """

    __slots__ = ("_answering", "_load", "_until", "doubt", "method", "started")

    def __init__(self, connecting: float, answering: float, method: bytes = b"POST ") -> None:
        self._answering = min(answering, getattr(_limits, "seconds", math.inf))
        self._until = time.monotonic() + connecting
        self._load: Deadline = getattr(_limits, "deadline", None) or Deadline()
        self.method = method
        #: the first byte of the request was sent, or may have been
        self.started = False
        #: why the answer may belong to another request; empty when nothing suggests it
        self.doubt = ""

    def seconds_left(self) -> float:
        """Return the seconds left for the current phase, connecting or answering; 0 or less when it is over."""
        return min(self._until, self._load.at) - time.monotonic()

    def start(self) -> None:
        """Record that the request is sent from now on, and start its time for answering."""
        self.started = True
        self._until = time.monotonic() + self._answering


_limits = threading.local()


@contextmanager
def limit_requests(deadline: Deadline, seconds: float) -> Iterator[None]:
    """Limit the time of all requests that this thread sends within the context.

    :param deadline: when they must have ended; it may be shared with other threads.
    :param seconds: for each of them, if this is less than the timeout of its client.
    """
    _limits.deadline, _limits.seconds = deadline, seconds
    try:
        yield
    finally:
        _limits.deadline, _limits.seconds = None, math.inf
