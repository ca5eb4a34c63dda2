"""How many requests may be in flight: as many as allowed, fewer while CleverTap says it is too many."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Answers, for each place in flight, that must go well before one more is tried; doubled while trying keeps failing.
_PATIENCE = 4
_MOST_PATIENCE = 256


class InFlight:
    """Bounds the requests in flight, and finds the bound the account really has.

    CleverTap's ceiling is for the whole account, so what others leave free is only known by being refused (429). A
    refusal lowers the bound to what was in flight without it; going well raises it again, one at a time.

    :param most: the highest bound.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bound = most
        self._now = 0
        self._well = 0
        self._patience = _PATIENCE
        self._raised = False
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a place, and hold it for one request."""
        with self._changed:
            self._changed.wait_for(lambda: self._now < self.bound)
            self._now += 1
        try:
            yield
        finally:
            with self._changed:
                self._now -= 1
                self._changed.notify()

    def went_well(self) -> None:
        """Note an answer that was no refusal for being too many."""
        with self._changed:
            self._well += 1
            if self.bound < self.most and self._well >= self._patience * self.bound:
                self.bound += 1
                self._well = 0
                self._raised = True
                self._changed.notify()

    def was_refused(self) -> None:
        """Note a refusal for being too many; call it after the request has left its place."""
        with self._changed:
            lower = max(1, min(self.bound - 1, self._now))
            if lower < self.bound:
                # A bound that had just been tried and failed is tried again later and later.
                self._patience = min(self._patience * 2, _MOST_PATIENCE) if self._raised else _PATIENCE
                self.bound = lower
            self._raised = False
            self._well = 0
