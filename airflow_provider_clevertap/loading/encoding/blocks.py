"""Blocks of records: as the encoder makes them, and as they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_provider_clevertap.exceptions import escape_unprintable
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.text_arrays import Mask
from airflow_provider_clevertap.records.issues import Issue

#: The faults of one record that its reason tells; an order of many lines may have hundreds.
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """A block's records, and the verdict on every row that has none.

    :param block: the rows.
    :param records: the JSON text of each record, followed by a comma, in the order of the rows.
    :param rows: for each record, the place of its row in the block.
    :param unsent: the rows that are not sent, by their place in the block.
    :param dropped: for rows that are sent without some of their values: what was left out and why.
    :param repeatable: sending these records twice has the effect of sending them once.
    :param columns_by_code: the source column that CleverTap means by a code.
    :param record_first_rows: for each row of the block, the first row of the record it went into, ascending; ``None``
        when each row has its own record.
    :param profile_updates: the profile updates of the same rows, which precede these records. A record is sent only
        when CleverTap has accepted its row's profile update.
    :param start: the ordinal of the block's first row, counting all rows of the source from 0.
    """

    block: RowBlock
    records: Any
    rows: NDArray[np.int64]
    unsent: Mapping[int, RowOutcome]
    dropped: Mapping[int, RowOutcome]
    repeatable: bool
    columns_by_code: Mapping[int, str]
    profile_updates: EncodedBlock | None = None
    record_first_rows: NDArray[np.int64] | None = None
    start: int = 0

    def with_start(self, start: int) -> EncodedBlock:
        """Return this block with its position in the source.

        :param start: the ordinal of its first row.
        """
        updates = None if self.profile_updates is None else self.profile_updates.with_start(start)
        return replace(self, start=start, profile_updates=updates)

    def filter(self, places: Mask) -> EncodedBlock:
        """Return this block with some of its records; its profile updates stay the same.

        :param places: marks them, in the order of the records.
        """
        if places.all():
            return self
        return replace(self, records=self.records.filter(pa.array(places)), rows=self.rows[places])


@dataclass(frozen=True)
class RowIssues:
    """What is to be said of a row that has no record, or one without some of its values.

    :param sent: the row has a record.
    :param empty: no cell of the row holds anything.
    :param faults: each with the name of its source column, or of the field where no column fills it.
    """

    sent: bool = True
    empty: bool = False
    faults: tuple[tuple[str, Issue], ...] = ()

    @cached_property
    def verdict(self) -> RowOutcome:
        """The row's outcome, as far as it is known before anything is sent."""
        if self.empty:
            return RowOutcome(Outcome.SKIPPED)
        told = self.faults[:_MOST_TOLD]
        more = len(self.faults) - len(told)
        return RowOutcome(
            outcome=Outcome.ACCEPTED if self.sent else Outcome.INVALID,
            code=next((fault.code for _, fault in self.faults if fault.code is not None), None),
            field=", ".join(dict.fromkeys(name for name, _ in told if name)),
            reason="; ".join(
                f"{escape_unprintable(name)}: {fault.reason}" if name and len(self.faults) > 1 else fault.reason
                for name, fault in told
            )
            + (f"; and {more} more" if more else ""),
            values_dropped=len(self.faults) if self.sent else 0,
        )


@dataclass(frozen=True, slots=True)
class ValidatedBlock:
    """A block's rows before it is settled which of them are sent.

    :param block: the rows.
    :param records: the JSON text of a record for every row, in their order; of rows that have none, any text.
    :param told: what is to be said of rows, by their place in the block.
    :param repeatable: as in :class:`EncodedBlock`.
    :param columns_by_code: as in :class:`EncodedBlock`.
    """

    block: RowBlock
    records: Any
    told: Mapping[int, RowIssues]
    repeatable: bool
    columns_by_code: Mapping[int, str]

    def sent(self) -> Mask:
        """Mark the rows that have a record."""
        mask = np.ones(len(self.block), np.bool_)
        mask[[row for row, told in self.told.items() if not told.sent]] = False
        return mask

    def settle(
        self, sent: Mask, told: Mapping[int, RowIssues], profile_updates: EncodedBlock | None = None
    ) -> EncodedBlock:
        """Settle which rows are sent.

        :param sent: the rows whose record is sent.
        :param told: what becomes of rows: those without a record, and those with values left out.
        :param profile_updates: the profile updates that precede the records.
        """
        return EncodedBlock(
            block=self.block,
            records=self.records if sent.all() else self.records.filter(pa.array(sent)),
            rows=np.flatnonzero(sent),
            unsent={row: one.verdict for row, one in told.items() if not one.sent},
            dropped={row: one.verdict for row, one in told.items() if one.sent},
            repeatable=self.repeatable,
            columns_by_code=self.columns_by_code,
            profile_updates=profile_updates,
        )
