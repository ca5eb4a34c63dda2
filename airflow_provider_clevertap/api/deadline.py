"""Until when a request may take: one bound over all of its parts, which may come nearer while it is under way."""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: seconds that what is in flight gets once a load is told to stop. Answers come within a few; whoever stops a task
#: rarely waits for longer than half a minute
STOP_SECONDS: Final = 20.0


class Deadline:
    """The moment at which all requests of somebody must have ended. There is none at first."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = math.inf

    def shorten_to(self, seconds: float) -> None:
        """Bring it so near, if it is not nearer already; requests under way take notice of it within a second."""
        self.at = min(self.at, time.monotonic() + seconds)


class RequestState:
    """The time of one request, and what its connection has noticed of it.

    :param connecting: seconds until the connection is there, a proxy's tunnel and TLS included.
    :param answering: seconds from the first byte of the request to the last one of its answer.
    :param verb: what the request begins with.
    """

    __slots__ = ("_answering", "_until", "_whole", "asked", "doubt", "verb")

    def __init__(self, connecting: float, answering: float, verb: bytes = b"POST ") -> None:
        self._answering = min(answering, getattr(_bounds, "seconds", math.inf))
        self._until = time.monotonic() + connecting
        self._whole: Deadline = getattr(_bounds, "deadline", None) or Deadline()
        self.verb = verb
        #: the first byte of the request has gone out, or may have
        self.asked = False
        #: why its answer may be that to something else; nothing when all is well
        self.doubt = ""

    def left(self) -> float:
        """Give the seconds left for what the request is about now; none when the number is not above 0."""
        return min(self._until, self._whole.at) - time.monotonic()

    def ask(self) -> None:
        """Note that the request goes out from now on."""
        self.asked = True
        self._until = time.monotonic() + self._answering


_bounds = threading.local()


@contextmanager
def limit_requests(deadline: Deadline, seconds: float) -> Iterator[None]:
    """Bound the requests that this thread makes meanwhile.

    :param deadline: when they must have ended, those of other threads as well.
    :param seconds: for each of them, if that is less than what its client grants.
    """
    _bounds.deadline, _bounds.seconds = deadline, seconds
    try:
        yield
    finally:
        _bounds.deadline, _bounds.seconds = None, math.inf
