"""The facts of a load, small enough for XCom and free of row data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome


@dataclass(slots=True)
class Counts:
    """The running counts of a load.

    ``rows == accepted + rejected + invalid + unconfirmed + skipped`` holds at any moment for the rows settled so far.

    :param resumed_from_row: the row at which this attempt resumed the load, ``None`` when it started at the first.
    :param earlier_seconds: how long earlier attempts took.
    :param started: when this attempt began, in seconds of the monotonic clock.
    """

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
    rejects_rows: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    resumed_from_row: int | None = None
    earlier_seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

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
        """Seconds the load has taken so far, in all its attempts."""
        return self.earlier_seconds + time.monotonic() - self.started

    def count(self, row: RowOutcome) -> None:
        """Count one row."""
        match row.outcome:
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
        if row.code is not None and row.outcome is not Outcome.ACCEPTED:
            self.codes[row.code] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The facts of a load that has ended, well or not.

    :param kind: what was loaded, such as ``profiles``.
    :param dry_run: ``None``, ``"local"`` or ``"server"``.
    :param codes: how many rows failed with each of CleverTap's codes.
    :param seconds: how long the load took, in all its attempts.
    :param rejects_path: where the rejects file is, ``None`` when there is none.
    :param report_path: where the report is, ``None`` when there is none.
    """

    kind: str
    dry_run: str | None
    accepted: int
    rejected: int
    invalid: int
    unconfirmed: int
    skipped: int
    values_dropped: int
    repeated: int
    resent: int
    requests: int
    retries: int
    rejects_rows: int
    codes: Mapping[int, int]
    seconds: float
    resumed_from_row: int | None
    rejects_path: str | None = None
    report_path: str | None = None

    @classmethod
    def of(
        cls,
        counts: Counts,
        *,
        kind: str,
        dry_run: str | None = None,
        rejects_path: str | None = None,
        report_path: str | None = None,
    ) -> Summary:
        """Return the summary of a load that ends now.

        :param counts: its counts.
        """
        return cls(
            kind=kind,
            dry_run=dry_run,
            accepted=counts.accepted,
            rejected=counts.rejected,
            invalid=counts.invalid,
            unconfirmed=counts.unconfirmed,
            skipped=counts.skipped,
            values_dropped=counts.values_dropped,
            repeated=counts.repeated,
            resent=counts.resent,
            requests=counts.requests,
            retries=counts.retries,
            rejects_rows=counts.rejects_rows,
            codes=dict(sorted(counts.codes.items())),
            seconds=counts.seconds,
            resumed_from_row=counts.resumed_from_row,
            rejects_path=rejects_path,
            report_path=report_path,
        )

    @property
    def rows(self) -> int:
        """Rows that have an outcome."""
        return self.accepted + self.failed + self.skipped

    @property
    def failed(self) -> int:
        """Rows that count against ``max_rejects``."""
        return self.rejected + self.invalid + self.unconfirmed

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON can hold it."""
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
            "codes": {str(code): count for code, count in self.codes.items()},
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows / self.seconds, 1) if self.seconds > 0 else 0.0,
            "resumed_from_row": self.resumed_from_row,
            "dry_run": self.dry_run,
            "rejects_path": self.rejects_path,
            "report_path": self.report_path,
            "rejects_rows": self.rejects_rows,
        }
