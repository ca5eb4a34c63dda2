"""How many requests may be in flight: as many as allowed, fewer while CleverTap says it is too many."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Answers, for each place in flight, that must go well before one more is tried; doubled while trying keeps failing.
_PATIENCE: Final = 4
_MOST_PATIENCE: Final = 64
#: Refusals in close succession that lower the bound. A request too many is refused again and again; a refusal now and
#: then has no lasting reason, and is best met by sending again.
_TOO_MANY: Final = 3
#: How much of a refusal is forgotten with each answer that goes well.
_FORGOTTEN: Final = 0.5


class AdaptiveConcurrencyLimit:
    """Bounds the requests in flight, and finds the bound the account really has.

    CleverTap's ceiling is for the whole account, so what others leave free is only known by being refused (429).
    Refusals lower the bound to what was in flight without them; going well at the bound raises it again, one at a time.

    :param most: the highest bound.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bound = most
        self._now = 0
        self._waiting: deque[threading.Lock] = deque()
        self._well = 0
        self._patience = _PATIENCE
        self._on_trial = False
        self._refusals = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a place, in the order of asking, and hold it for one request."""
        place = threading.Lock()
        place.acquire()
        with self._lock:
            self._waiting.append(place)
            self._admit()
        place.acquire()
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1
                self._admit()

    def went_well(self) -> None:
        """Note an answer that was no refusal for being too many; call it while the request has its place."""
        with self._lock:
            self._refusals = max(0.0, self._refusals - _FORGOTTEN)
            if self.bound == self.most or self._now < self.bound:
                return  # there is nothing to try, or what is allowed was not made use of and has proved nothing
            self._well += 1
            if self._well >= self.bound * (_PATIENCE if self._on_trial else self._patience):
                if self._on_trial:
                    self._patience = _PATIENCE
                self.bound += 1
                self._well = 0
                self._on_trial = True
                self._admit()

    def was_refused(self) -> None:
        """Note a refusal for being too many; call it while the request has its place."""
        with self._lock:
            self._refusals = min(self._refusals + 1, _TOO_MANY)
            if self._refusals <= _TOO_MANY - 1:
                return
            if self._on_trial:
                # A bound that had just been tried and failed is tried again later and later. A request that was still
                # under way within it says nothing against the one before it.
                self.bound -= 1
                self._refusals = 0.0
                self._patience = min(self._patience * 2, _MOST_PATIENCE)
            else:
                self.bound = max(1, min(self.bound, self._now) - 1)
                self._patience = _PATIENCE
            self._on_trial = False
            self._well = 0

    def _admit(self) -> None:
        while self._waiting and self._now < self.bound:
            self._now += 1
            self._waiting.popleft().release()
