"""Counts the requests that are being answered, and rejects those above a limit.

CleverTap limits parallel requests per account and API, without any time window
(https://developer.clevertap.com/docs/api-request-limit). Whether the three kinds of upload share their 15 is not
documented; here they do, as they share a path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class TooManyRequestsError(Exception):
    """The concurrency limit is reached."""


class ConcurrencyCeiling:
    """The requests in flight, by API. Used from the event loop only."""

    def __init__(self) -> None:
        self._now: Counter[str] = Counter()
        self._peak: Counter[str] = Counter()

    @contextmanager
    def admit(self, api: str, limit: int) -> Iterator[int]:
        """Count one request as in flight while the context lasts; yield how many are in flight with it.

        :param api: the API's path.
        :param limit: how many may be in flight, with this one.
        :raises TooManyRequestsError: that many are in flight without it.
        """
        if self._now[api] >= limit:
            raise TooManyRequestsError
        self._now[api] += 1
        self._peak[api] = max(self._peak[api], self._now[api])
        try:
            yield self._now[api]
        finally:
            self._now[api] -= 1

    def now(self, api: str) -> int:
        """Return how many requests to an API are in flight."""
        return self._now[api]

    def peak(self, api: str) -> int:
        """Return how many were in flight at most since the last :meth:`reset_peaks`."""
        return self._peak[api]

    def peak_except(self, api: str) -> int:
        """Return the highest peak of all other APIs."""
        return max((peak for other, peak in self._peak.items() if other != api), default=0)

    def by_api(self) -> dict[str, dict[str, int]]:
        """Return ``in_flight`` and ``peak`` of every API that has had a request."""
        return {api: {"in_flight": self._now[api], "peak": peak} for api, peak in sorted(self._peak.items())}

    def reset_peaks(self) -> None:
        """Reset the peaks to the requests in flight now."""
        self._peak = Counter({api: now for api, now in self._now.items() if now})
