"""How many requests may be in flight: as many as configured, fewer while CleverTap answers 429 (too many requests)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Successful answers, for each slot, before one more slot is tried. Doubled each time that the additional slot fails.
_PROBE_INTERVAL: Final = 4
_MAX_PROBE_INTERVAL: Final = 64
#: 429 answers in close succession that lower the limit. One request too many gets 429 again and again; a single 429 has
#: no lasting reason, and retrying is enough.
_LOWERING_SCORE: Final = 3
#: How much each success takes off that score.
_SCORE_DECAY: Final = 0.5


class AdaptiveConcurrencyLimit:
    """Limits the requests in flight of all threads, and finds the limit that the account allows.

    CleverTap's limit counts requests of the whole account, so how many of them are left to this load shows only in 429
    answers. These lower the limit to what was in flight without them; successes at the limit raise it, one at a time.

    :param max_limit: the highest limit.
    """

    def __init__(self, max_limit: int) -> None:
        self.max_limit = max_limit
        self.limit = max_limit
        self._in_flight = 0
        self._waiting: deque[threading.Lock] = deque()
        self._successes = 0
        self._probe_interval = _PROBE_INTERVAL
        self._probing = False
        self._rate_limited_score = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a free slot, first come, first served, and hold it for one request."""
        # A lock for each waiting thread: a free slot is handed to the first of them. With one condition variable a
        # thread that has just released its slot would take it again before the threads that wait are awake.
        turn = threading.Lock()
        turn.acquire()
        with self._lock:
            self._waiting.append(turn)
            self._admit()
        turn.acquire()
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1
                self._admit()

    def record_success(self) -> None:
        """Count an answer other than 429. Call it while the request holds its slot."""
        with self._lock:
            self._rate_limited_score = max(0.0, self._rate_limited_score - _SCORE_DECAY)
            if self.limit == self.max_limit or self._in_flight < self.limit:
                return  # the limit cannot be raised, or not all of it was used, which proves nothing about one more
            self._successes += 1
            if self._successes >= self.limit * (_PROBE_INTERVAL if self._probing else self._probe_interval):
                if self._probing:
                    self._probe_interval = _PROBE_INTERVAL
                self.limit += 1
                self._successes = 0
                self._probing = True
                self._admit()

    def record_rate_limited(self) -> None:
        """Count a 429 answer. Call it while the request holds its slot."""
        with self._lock:
            self._rate_limited_score = min(self._rate_limited_score + 1, _LOWERING_SCORE)
            if self._rate_limited_score <= _LOWERING_SCORE - 1:
                return
            if self._probing:
                # The additional slot failed, so the next attempt comes later. The score starts anew: requests that
                # were sent with the additional slot say nothing against the limit before it.
                self.limit -= 1
                self._rate_limited_score = 0.0
                self._probe_interval = min(self._probe_interval * 2, _MAX_PROBE_INTERVAL)
            else:
                self.limit = max(1, min(self.limit, self._in_flight) - 1)
                self._probe_interval = _PROBE_INTERVAL
            self._probing = False
            self._successes = 0

    def _admit(self) -> None:
        while self._waiting and self._in_flight < self.limit:
            self._in_flight += 1
            self._waiting.popleft().release()
