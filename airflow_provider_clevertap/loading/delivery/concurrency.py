"""How many requests may be in flight: as many as allowed, fewer while CleverTap answers that it is too many."""

from __future__ import annotations

from typing import Final

#: Answers, for each request in flight, that must succeed before one more is tried; doubled while trying keeps failing.
PROBE_INTERVAL: Final = 4
MAX_PROBE_INTERVAL: Final = 64
#: Answers of "too many requests" in close succession that lower the limit. A request too many meets them again and
#: again; a single one has no lasting reason, and is best met by sending again.
THROTTLED_LIMIT: Final = 3
#: How much of one such answer is forgotten with each answer that succeeds.
FORGOTTEN: Final = 0.5


class AdaptiveConcurrencyLimit:
    """The limit of requests in flight, adapted to what the account really allows.

    CleverTap's ceiling holds for the whole account, so what other loads leave free is known only by being throttled
    (429). Being throttled lowers the limit to what was in flight without it; success at the limit raises it again, one
    request at a time.

    :param maximum: the highest limit.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.limit = maximum
        self._succeeded = 0
        self._interval = PROBE_INTERVAL
        self._on_trial = False
        self._throttled = 0.0

    def succeeded(self, in_flight: int) -> None:
        """Record an answer other than "too many requests".

        :param in_flight: how many requests were in flight when it came, this one included.
        """
        self._throttled = max(0.0, self._throttled - FORGOTTEN)
        if self.limit == self.maximum or in_flight < self.limit:
            return  # there is nothing to try, or the limit was not used and so has proved nothing
        self._succeeded += 1
        if self._succeeded >= self.limit * (PROBE_INTERVAL if self._on_trial else self._interval):
            if self._on_trial:
                self._interval = PROBE_INTERVAL
            self.limit += 1
            self._succeeded = 0
            self._on_trial = True

    def throttled(self, in_flight: int) -> None:
        """Record an answer of "too many requests".

        :param in_flight: how many requests were in flight when it came, this one included.
        """
        self._throttled = min(self._throttled + 1, THROTTLED_LIMIT)
        if self._throttled <= THROTTLED_LIMIT - 1:
            return
        if self._on_trial:
            # A limit that has just been tried and failed is tried again later and later. A request that was still in
            # flight within it says nothing against the limit before.
            self.limit -= 1
            self._throttled = 0.0
            self._interval = min(self._interval * 2, MAX_PROBE_INTERVAL)
        else:
            self.limit = max(1, min(self.limit, in_flight) - 1)
            self._interval = PROBE_INTERVAL
        self._on_trial = False
        self._succeeded = 0
