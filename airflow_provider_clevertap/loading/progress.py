"""Lines in the task log about progress and waits, rarely enough for a person to read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from airflow_provider_clevertap.loading.outcomes.summary import Summary

_FIRST_PROGRESS_SECONDS = 5.0
_PROGRESS_INTERVAL = 30.0
#: Seconds between two lines about waits: in an outage all threads wait, and would fill the log together.
_WAIT_INTERVAL = 10.0


class Progress:
    """Logs the progress of a load: soon after its start, then twice a minute.

    :param log: the log.
    :param summary: the counts.
    :param share_read: returns the share of the source read so far, ``None`` when unknown.
    """

    def __init__(self, log: logging.Logger, summary: Summary, share_read: Callable[[], float | None]) -> None:
        self._log = log
        self._summary = summary
        self._share_read = share_read
        self._next_progress = time.monotonic() + _FIRST_PROGRESS_SECONDS
        self._next_wait_line = self._reported_until = 0.0
        self._lock = threading.Lock()

    def tick(self) -> None:
        """Log a line when one is due."""
        if time.monotonic() < self._next_progress:
            return
        self._next_progress = time.monotonic() + _PROGRESS_INTERVAL
        rows, seconds = self._summary.rows, self._summary.seconds
        self._log.info(
            "%s rows settled, %s rows/s, %s failed%s",
            f"{rows:,}",
            f"{rows / seconds:,.0f}",
            f"{self._summary.failed:,}",
            self._remaining(seconds),
        )

    def report_wait(self, detail: str, seconds: float, then: str) -> None:
        """Log that a batch waits. May be called from any thread.

        A wait that ends well after all waits reported before is logged at once.

        :param detail: CleverTap's answer; it holds no row data.
        :param seconds: how long the batch waits.
        :param then: what happens after the wait.
        """
        with self._lock:
            now = time.monotonic()
            if now < self._next_wait_line and now + seconds < self._reported_until + _WAIT_INTERVAL:
                return
            self._next_wait_line = now + _WAIT_INTERVAL
            self._reported_until = max(self._reported_until, now + seconds)
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
