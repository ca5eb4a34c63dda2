"""How long to wait before a batch is sent again, and when to stop trying."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_clevertap.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RetryPolicy"]

#: doubling past this only overflows: no ``cap`` is that long
_MOST_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter, bounded in number and in time.

    Full jitter spreads the requests that failed together over the whole wait, so that they do not come back together.

    :param attempts: how often one batch may be sent in all, the first time included.
    :param total_seconds: how long one batch may be tried in all, waits included.
    :param base: the longest wait in seconds after the first attempt; it doubles with each further one.
    :param cap: the longest wait in seconds after any attempt.
    :param uniform: gives a random number between its two arguments; for tests.
    :raises ConfigurationError: when a number is out of bounds.
    """

    attempts: int = 8
    total_seconds: float = 300.0
    base: float = 0.5
    cap: float = 30.0
    uniform: Callable[[float, float], float] = field(default=random.uniform, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigurationError("A retry policy needs at least one attempt.")
        if not (math.isfinite(self.total_seconds) and self.total_seconds >= 0):
            raise ConfigurationError("A retry policy's total_seconds must be a number of seconds, 0 or more.")
        if not (math.isfinite(self.base) and math.isfinite(self.cap) and 0 < self.base <= self.cap):
            raise ConfigurationError("A retry policy needs 0 < base <= cap, both in seconds.")

    def delay(self, attempt: int, retry_after: float | None = None) -> float:
        """Give the seconds to wait before the next attempt.

        A service that says how long to wait gets at least that, plus the jitter. That time is not cut to ``cap``:
        asking earlier than told is of no use. Whether it still fits ``total_seconds`` is for the caller to see.

        :param attempt: how many attempts have failed so far, 1 or more.
        :param retry_after: seconds the service asked to wait, ``None`` when it did not say.
        """
        doublings = min(max(attempt, 1) - 1, _MOST_DOUBLINGS)
        jitter = self.uniform(0.0, min(self.cap, self.base * 2.0**doublings))
        return jitter if retry_after is None else max(retry_after, 0.0) + jitter
