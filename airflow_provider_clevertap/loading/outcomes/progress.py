"""Progress and transient failures in the task log, at a rate a person can read."""

from __future__ import annotations

import logging
import time
from typing import Final

from airflow_provider_clevertap.loading.outcomes.summary import Counts

#: Seconds until the first line, and between two of them.
FIRST_AFTER: Final = 5.0
EVERY: Final = 30.0
#: Seconds between two lines about waits: batches that meet the same failure would fill the log together.
WAIT_LINES_EVERY: Final = 10.0


class Progress:
    """Logs how far a load is: soon after its start, then twice a minute.

    :param log: the task log.
    :param counts: the counts of the load.
    """

    def __init__(self, log: logging.Logger, counts: Counts) -> None:
        self._log = log
        self._counts = counts
        self._due = time.monotonic() + FIRST_AFTER
        self._share_read: float | None = None
        self._next_wait_line = self._logged_until = 0.0

    def read(self, share: float | None) -> None:
        """Record the share of the source read so far, ``None`` when it is unknown."""
        self._share_read = share

    def tick(self) -> None:
        """Log a line when one is due."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVERY
        rows, seconds = self._counts.rows, self._counts.seconds
        self._log.info(
            "%s rows settled, %s rows/s, %s failed%s",
            f"{rows:,}",
            f"{rows / seconds:,.0f}",
            f"{self._counts.failed:,}",
            self._remaining(seconds),
        )

    def report_wait(self, detail: str, seconds: float, then: str) -> None:
        """Log that a batch waits. A wait that ends well after all those logged is logged at once.

        :param detail: what CleverTap answered; it holds no row data.
        :param seconds: how long the batch waits.
        :param then: what follows.
        """
        now = time.monotonic()
        if now < self._next_wait_line and now + seconds < self._logged_until + WAIT_LINES_EVERY:
            return
        self._next_wait_line = now + WAIT_LINES_EVERY
        self._logged_until = max(self._logged_until, now + seconds)
        self._log.warning("%s; %s in %.1f s", detail, then, seconds)

    def _remaining(self, seconds: float) -> str:
        share = self._share_read
        if not share:
            return ""
        if share >= 1 or not self._counts.rows:  # the end depends on CleverTap's answers, not on the reading
            return f", {share:.0%} read"
        return f", {share:.0%} read, about {_clock(seconds * (1 - share) / share)} to go"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
