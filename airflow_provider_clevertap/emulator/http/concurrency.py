"""Counts the requests being answered, and says when there are too many.

CleverTap limits parallel requests per account and API, without any time window
(https://developer.clevertap.com/docs/api-request-limit). Whether the three kinds of upload share their 15 is not
documented; here they do, as they share a path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class TooManyRequestsError(Exception):
    """The ceiling is reached."""


class ConcurrencyCeiling:
    """The requests being answered, by API. Used from the event loop only."""

    def __init__(self) -> None:
        self._now: Counter[str] = Counter()
        self._peak: Counter[str] = Counter()

    @contextmanager
    def admit(self, api: str, ceiling: int) -> Iterator[int]:
        """Count one request in for as long as the context lasts.

        :param api: the API's path.
        :param ceiling: how many may be in flight, with this one.
        :raises TooManyRequestsError: that many are in flight without it.
        """
        if self._now[api] >= ceiling:
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
        """Return the most that were in flight at one time since the last :meth:`forget_peaks`."""
        return self._peak[api]

    def forget_peaks(self) -> None:
        """Begin a new record."""
        self._peak = Counter(self._now)
