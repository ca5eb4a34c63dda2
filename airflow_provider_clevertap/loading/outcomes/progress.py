"""Progress in the task log and for a report, and transient failures in the log, at a rate a person can read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from airflow_provider_clevertap.loading.outcomes.rate_series import RateSeries
from airflow_provider_clevertap.loading.outcomes.summary import Counts

#: Seconds until the first line, and between two of them.
FIRST_AFTER: Final = 5.0
EVERY: Final = 30.0
#: Seconds until the first report of a running load, and between two of them.
FIRST_REPORT_AFTER: Final = 2.0
REPORT_EVERY: Final = 10.0
#: Seconds between two lines about waits: batches that meet the same failure would fill the log together.
WAIT_LINES_EVERY: Final = 10.0


class Progress:
    """Logs how far a load is, soon after its start, then twice a minute; and has it reported more often than that.

    :param log: the task log.
    :param counts: the counts of the load.
    :param report: called when a report is due.
    """

    def __init__(self, log: logging.Logger, counts: Counts, report: Callable[[], None] | None = None) -> None:
        self._log = log
        self._counts = counts
        self._report = report
        self._rate = RateSeries()
        self._due = time.monotonic() + FIRST_AFTER
        self._report_due = time.monotonic() + FIRST_REPORT_AFTER
        self._share_read: float | None = None
        self._next_wait_line = self._logged_until = 0.0

    def read(self, share: float | None) -> None:
        """Record the share of the source read so far, ``None`` when it is unknown."""
        self._share_read = share

    def tick(self) -> None:
        """Log a line when one is due, and report when that is due."""
        now = time.monotonic()
        self._add_point()
        if self._report is not None and now >= self._report_due:
            self._report_due = now + REPORT_EVERY
            self._report()
        if now < self._due:
            return
        self._due = now + EVERY
        rows, seconds = self._counts.rows, self._counts.seconds
        self._log.info(
            "%s rows settled, %s rows/s, %s failed%s",
            f"{rows:,}",
            f"{rows / seconds:,.0f}",
            f"{self._counts.failed:,}",
            self._remaining(seconds),
        )

    def facts(self) -> dict[str, Any]:
        """Return how far the load is and how it came there, as JSON can hold it.

        :return: the share of the source that was read, ``None`` when it is unknown; the rate, as pairs of the seconds
            and the rows of this attempt; and the attempts, as pairs of the row at which each began and its time in
            seconds since 1970.
        """
        self._add_point()
        return {
            "share": None if self._share_read is None else round(self._share_read, 4),
            "rate": self._rate.points(),
            "attempts": [list(attempt) for attempt in self._counts.attempts],
        }

    def _add_point(self) -> None:
        self._rate.add(time.monotonic() - self._counts.started, self._counts.settled_rows)

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
