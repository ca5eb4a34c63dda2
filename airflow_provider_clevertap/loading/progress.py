"""Progress and trouble in the task log, at a rate a person can read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from airflow_provider_clevertap.loading.outcomes.summary import Summary

_FIRST_AFTER = 5.0
_EVERY = 30.0
#: Seconds between two lines of trouble: threads that meet the same one would fill the log together.
_TROUBLE_EVERY = 10.0


class Progress:
    """Logs how far a load is: soon after its start, then twice a minute.

    :param log: where to.
    :param summary: the counts.
    :param share_read: gives the share of the source read so far, ``None`` when unknown.
    """

    def __init__(self, log: logging.Logger, summary: Summary, share_read: Callable[[], float | None]) -> None:
        self._log = log
        self._summary = summary
        self._share_read = share_read
        self._due = time.monotonic() + _FIRST_AFTER
        self._trouble_due = self._told_until = 0.0
        self._lock = threading.Lock()

    def tick(self) -> None:
        """Log a line when one is due."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _EVERY
        rows, seconds = self._summary.rows, self._summary.seconds
        self._log.info(
            "%s rows settled, %s rows/s, %s failed%s",
            f"{rows:,}",
            f"{rows / seconds:,.0f}",
            f"{self._summary.failed:,}",
            self._remaining(seconds),
        )

    def trouble(self, detail: str, seconds: float, then: str = "trying again") -> None:
        """Log that a batch waits; may be called from any thread.

        A wait that ends well after all those that were told of is told of at once.

        :param detail: what CleverTap answered; it holds no row data.
        :param seconds: how long the batch waits.
        :param then: what comes after it.
        """
        with self._lock:
            now = time.monotonic()
            if now < self._trouble_due and now + seconds < self._told_until + _TROUBLE_EVERY:
                return
            self._trouble_due = now + _TROUBLE_EVERY
            self._told_until = max(self._told_until, now + seconds)
        self._log.warning("%s; %s in %.1f s", detail, then, seconds)

    def _remaining(self, seconds: float) -> str:
        share = self._share_read()
        if not share:
            return ""
        return f", {share:.0%} read, about {_clock(seconds * (1 - share) / share)} to go"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
