"""Blocks of records: validated, with an answer for every row, and encoded, ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.exceptions import escape_unprintable
from airflow_provider_clevertap.loading.outcomes.outcome import EMPTY_ROW, Outcome, Reason, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy
from airflow_provider_clevertap.loading.rows.text_arrays import Mask
from airflow_provider_clevertap.records.issues import Issue

#: The issues listed in the reason of one row; an order of many lines may have hundreds.
_MAX_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """A block's records, and the outcome of every row that has none.

    :param block: the rows.
    :param records: the JSON text of each record, followed by a comma, in the order of the rows.
    :param rows: for each record, the index of its row in the block.
    :param unsent: the outcomes of the rows that are not sent, by their index in the block.
    :param dropped: for rows that are sent without some of their values: what was left out and why.
    :param repeatable: sending these records twice has the same effect as sending them once.
    :param columns_by_code: the source column that each of CleverTap's error codes is about.
    :param record_first_rows: for each row of the block, the first row of the record it went into, ascending; ``None``
        when each row has its own record.
    :param risky: records with a value that CleverTap may reject although nothing documents it.
    :param profile_updates: the profile updates of the same rows, which precede these records. A record is sent only
        when CleverTap has accepted its row's profile update.
    :param start: the ordinal of the block's first row, counting all rows of the source from 0.
    :param number: the block's position in the source, counting from 0.
    """

    block: RowBlock
    records: Any
    rows: NDArray[np.int64]
    unsent: Mapping[int, RowOutcome]
    dropped: Mapping[int, RowOutcome]
    repeatable: bool
    columns_by_code: Mapping[int, str]
    risky: int = 0
    profile_updates: EncodedBlock | None = None
    record_first_rows: NDArray[np.int64] | None = None
    start: int = 0
    number: int = 0

    def numbered(self, number: int, start: int) -> EncodedBlock:
        """Return this block with its position in the source.

        :param number: how many blocks precede it.
        :param start: the ordinal of its first row.
        """
        updates = None if self.profile_updates is None else self.profile_updates.numbered(number, start)
        return replace(self, number=number, start=start, profile_updates=updates)

    def filter(self, selected: Mask) -> EncodedBlock:
        """Return this block with some of its records; its profile updates stay the same.

        :param selected: marks these records, in the order of the records.
        """
        if selected.all():
            return self
        return replace(self, records=self.records.filter(array_from_numpy(selected)), rows=self.rows[selected])


@dataclass(frozen=True)
class RowIssues:
    """Validation issues of one row.

    :param sent: the row has a record.
    :param empty: every cell of the row is empty.
    :param issues: each with the name of its source column, or of the field where no column fills it.
    :param skipped: why the row needs no record; empty for other rows.
    """

    sent: bool = True
    empty: bool = False
    issues: tuple[tuple[str, Issue], ...] = ()
    skipped: str = ""

    @cached_property
    def outcome(self) -> RowOutcome:
        """The row's outcome, as far as it is known before anything is sent."""
        if self.empty:
            return EMPTY_ROW
        if self.skipped:
            return RowOutcome(Outcome.SKIPPED, reason=self.skipped)
        listed = self.issues[:_MAX_LISTED]
        more = len(self.issues) - len(listed)
        return RowOutcome(
            outcome=Outcome.ACCEPTED if self.sent else Outcome.INVALID,
            code=next((issue.code for _, issue in self.issues if issue.code is not None), None),
            field=", ".join(dict.fromkeys(name for name, _ in listed if name)),
            reason="; ".join(
                f"{escape_unprintable(name)}: {issue.reason}" if name and len(self.issues) > 1 else issue.reason
                for name, issue in listed
            )
            + (f"; and {more} more" if more else ""),
            values_dropped=len(self.issues) if self.sent else 0,
            reasons=self._reasons(),
        )

    def _reasons(self) -> tuple[Reason, ...]:
        if len(self.issues) == 1 and not self.issues[0][1].general:
            return ()
        reasons = (Reason(name, issue.code, issue.general or issue.reason) for name, issue in self.issues)
        return tuple(dict.fromkeys(reasons))


@dataclass(frozen=True, slots=True)
class ValidatedBlock:
    """A block's rows with their validation issues, before it is decided which of them are sent.

    :param block: the rows.
    :param records: JSON text for every row, in their order; only the text of rows that have a record means anything.
    :param row_issues: the issues of the rows that have any, by their index in the block.
    :param repeatable: as in :class:`EncodedBlock`.
    :param columns_by_code: as in :class:`EncodedBlock`.
    :param risky_rows: marks the rows with a value that CleverTap may reject; ``None`` when there are none.
    """

    block: RowBlock
    records: Any
    row_issues: Mapping[int, RowIssues]
    repeatable: bool
    columns_by_code: Mapping[int, str]
    risky_rows: Mask | None = None

    def valid_rows(self) -> Mask:
        """Mark the rows that have a record."""
        return without_unsent(np.ones(len(self.block), np.bool_), self.row_issues)

    def encoded(
        self, sent: Mask, row_issues: Mapping[int, RowIssues], profile_updates: EncodedBlock | None = None
    ) -> EncodedBlock:
        """Return the block with the records of the rows that are sent.

        :param sent: marks these rows.
        :param row_issues: the issues of rows without a record, and of rows with values left out.
        :param profile_updates: the profile updates that precede the records.
        """
        return EncodedBlock(
            block=self.block,
            records=self.records if sent.all() else self.records.filter(array_from_numpy(sent)),
            rows=np.flatnonzero(sent),
            unsent={row: issues.outcome for row, issues in row_issues.items() if not issues.sent},
            dropped={row: issues.outcome for row, issues in row_issues.items() if issues.sent},
            repeatable=self.repeatable,
            columns_by_code=self.columns_by_code,
            risky=0 if self.risky_rows is None else int(np.count_nonzero(self.risky_rows & sent)),
            profile_updates=profile_updates,
        )


def without_unsent(rows: Mask, row_issues: Mapping[int, RowIssues]) -> Mask:
    """Clear the marks of rows whose issues prevent a record, and return the mask."""
    rows[[row for row, issues in row_issues.items() if not issues.sent]] = False
    return rows
