"""The retry policy of batches: how often and how long to retry, and how long to wait in between."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_clevertap.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RetryPolicy"]

#: more doublings would overflow, and exceed every ``cap``
_MAX_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter, limited in attempts and in time.

    Full jitter spreads requests that failed at the same time over the whole wait, so that they are not retried at the
    same time.

    :param attempts: maximum number of attempts for one batch, the first one included.
    :param total_seconds: maximum time for all attempts of one batch, waits included.
    :param base: maximum wait in seconds after the first attempt; it doubles with each further attempt.
    :param cap: maximum wait in seconds after any attempt.
    :param uniform: returns a random number between its two arguments; for tests.
    :raises ConfigurationError: when a number is out of range.
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
        """Return the seconds to wait before the next attempt.

        When the service asked to wait, the result is at least that time, plus the jitter. It is not limited to ``cap``,
        as an earlier retry would fail again. The caller checks whether it fits into ``total_seconds``.

        :param attempt: the number of failed attempts so far, 1 or more.
        :param retry_after: seconds that the service asked to wait, ``None`` when it named no time.
        """
        doublings = min(max(attempt, 1) - 1, _MAX_DOUBLINGS)
        jitter = self.uniform(0.0, min(self.cap, self.base * 2.0**doublings))
        return jitter if retry_after is None else max(retry_after, 0.0) + jitter
