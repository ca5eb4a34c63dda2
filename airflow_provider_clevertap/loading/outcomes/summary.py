"""The facts of a load, small enough for XCom and free of row data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.outcomes.reasons import ReasonCounts


@dataclass(slots=True)
class Counts:
    """The running counts of a load.

    ``rows == accepted + rejected + invalid + unconfirmed + skipped`` holds at any moment for the rows settled so far.

    :param many_files: the source has several files, so that the number of a row alone does not name it.
    :param resumed_from_row: the row at which this attempt resumed the load, ``None`` when it started at the first.
    :param earlier_seconds: how long earlier attempts took.
    :param settled_rows: rows that this attempt has brought to their outcome. They are counted as answers come, and the
        outcomes above in the order of the source, when all rows of a block have one.
    :param attempts: the row at which each attempt began, and when, in seconds since 1970; this one is the last. Empty
        for a load without a checkpoint.
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
    many_files: bool = False
    reasons: ReasonCounts = field(init=False)
    resumed_from_row: int | None = None
    earlier_seconds: float = 0.0
    settled_rows: int = 0
    attempts: list[tuple[int, int]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.reasons = ReasonCounts(many_files=self.many_files)

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

    def count(
        self, file: str, first_row: int, outcomes: Mapping[int, RowOutcome], dropped: Mapping[int, RowOutcome]
    ) -> None:
        """Count the rows of a block that were not accepted, or that were accepted without some of their values.

        :param file: the block's file, empty for none.
        :param first_row: the number of its first row.
        :param outcomes: their outcomes, by their position in the block, ascending.
        :param dropped: for those of which values were left out, what and why.
        """
        for outcome in outcomes.values():
            self._count(outcome)
        self.values_dropped += sum(outcome.values_dropped for outcome in dropped.values())
        if dropped:  # no other row with an outcome here was accepted
            outcomes = {row: outcome for row, outcome in outcomes.items() if outcome.outcome is not Outcome.ACCEPTED}
        self.reasons.add(file, first_row, outcomes)
        self.reasons.add(file, first_row, dropped, left_out=True)

    def _count(self, row: RowOutcome) -> None:
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
    :param reasons: the most frequent reasons of rows that were not accepted, and of values that were left out.
    :param further_reasons: how many other reasons there are, and the rows they have.
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
    reasons: Sequence[Mapping[str, Any]]
    further_reasons: Mapping[str, int]
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
        reasons, further_reasons = counts.reasons.most_frequent()
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
            reasons=reasons,
            further_reasons=further_reasons,
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
            "reasons": [dict(reason) for reason in self.reasons],
            "further_reasons": dict(self.further_reasons),
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows / self.seconds, 1) if self.seconds > 0 else 0.0,
            "resumed_from_row": self.resumed_from_row,
            "dry_run": self.dry_run,
            "rejects_path": self.rejects_path,
            "report_path": self.report_path,
            "rejects_rows": self.rejects_rows,
        }
