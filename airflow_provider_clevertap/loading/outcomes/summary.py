"""The summary of a load: its counts, small enough for XCom and without row data."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome


@dataclass(slots=True)
class Summary:
    """The counts of one load, updated while it runs.

    ``rows == accepted + rejected + invalid + unconfirmed + skipped`` is true at any time for the rows settled so far.

    :param kind: the kind of record, such as ``profiles``.
    :param dry_run: ``None``, ``"local"`` or ``"server"``.
    """

    kind: str
    dry_run: str | None = None
    accepted: int = 0
    rejected: int = 0
    invalid: int = 0
    unconfirmed: int = 0
    skipped: int = 0
    values_dropped: int = 0
    repeated: int = 0
    resent: int = 0
    requests: int = 0
    retries: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    resumed_from_row: int | None = None
    earlier_seconds: float = 0.0
    rejects_rows: int = 0
    rejects_path: str | None = None
    report_path: str | None = None
    _started: float = field(default_factory=time.monotonic)
    _ended: float | None = None

    @property
    def rows(self) -> int:
        """Rows that have an outcome."""
        return self.accepted + self.failed + self.skipped

    @property
    def failed(self) -> int:
        """Rows that count against ``max_rejects``."""
        return self.rejected + self.invalid + self.unconfirmed

    @property
    def seconds(self) -> float:
        """Seconds that the load has taken, in all its attempts."""
        return self.earlier_seconds + (time.monotonic() if self._ended is None else self._ended) - self._started

    def count(self, outcome: RowOutcome) -> None:
        """Count one row."""
        match outcome.outcome:
            case Outcome.ACCEPTED:
                self.accepted += 1
            case Outcome.REJECTED:
                self.rejected += 1
            case Outcome.INVALID:
                self.invalid += 1
            case Outcome.UNCONFIRMED:
                self.unconfirmed += 1
            case Outcome.SKIPPED:
                self.skipped += 1
        if outcome.code is not None and outcome.outcome is not Outcome.ACCEPTED:
            self.codes[outcome.code] += 1

    def end(self) -> None:
        """Stop the clock."""
        self._ended = time.monotonic()

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as a JSON value."""
        seconds = self.seconds
        return {
            "kind": self.kind,
            "rows": self.rows,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "invalid": self.invalid,
            "unconfirmed": self.unconfirmed,
            "skipped": self.skipped,
            "values_dropped": self.values_dropped,
            "repeated": self.repeated,
            "resent": self.resent,
            "requests": self.requests,
            "retries": self.retries,
            "codes": {str(code): count for code, count in sorted(self.codes.items())},
            "seconds": round(seconds, 3),
            "rows_per_second": round(self.rows / seconds, 1) if seconds > 0 else 0.0,
            "resumed_from_row": self.resumed_from_row,
            "dry_run": self.dry_run,
            "rejects_path": self.rejects_path,
            "report_path": self.report_path,
            "rejects_rows": self.rejects_rows,
        }
