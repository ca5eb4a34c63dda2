"""Divide order lines into new blocks, so that no order is split between two blocks.

Consecutive lines with the same order id are one order. The last order of a block may continue in the next block, so its
lines wait and are joined to the front of that block. The last order of a file waits until the next file with an order
shows that it begins with another one. No other lines wait, so memory use does not grow with the length of an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.outcomes.outcome import EMPTY_ROW, Outcome, Reason, RowOutcome
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS, RowBlock, conversion_errors
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, numpy_from_array
from airflow_provider_clevertap.loading.rows.key_set import KeySet, key_texts
from airflow_provider_clevertap.records.error_codes import EVENT_STRUCTURE
from airflow_provider_clevertap.records.limits import CHARGED_ITEMS

_NO_LINES = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Orders:
    """Lines in which every order is whole.

    :param lines: the lines of the orders, and all lines between them.
    :param starts: the first line of each order that may be sent.
    :param stops: the line after its last line.
    :param unsent: the outcomes of the lines that belong to none of these orders, also of those between their lines.
    """

    lines: RowBlock
    starts: NDArray[np.int64] = field(default_factory=lambda: _NO_LINES)
    stops: NDArray[np.int64] = field(default_factory=lambda: _NO_LINES)
    unsent: dict[int, RowOutcome] = field(default_factory=dict)


class OrderGrouper:
    """Groups lines into orders.

    :param group_by: the column with the order's id.
    """

    def __init__(self, group_by: str) -> None:
        self._group_by = group_by
        self._known_ids = KeySet()
        #: The lines since the last order that is complete.
        self._pending: _LineRun | None = None
        #: The last lines of an earlier file, until it is known whether their order continues in the next file. After
        #: them the lines of the files since, none of which is in an order.
        self._pending_file_end: list[_LineRun] = []
        #: The id of an order of which lines were rejected already, and the outcome for its remaining lines.
        self._rejected_order: tuple[str, RowOutcome] | None = None

    def orders(self, blocks: Iterable[RowBlock]) -> Iterator[Orders]:
        """Return the same lines in the same order, divided between whole orders."""
        for block in blocks:
            if not len(block):
                yield Orders(block)
                continue
            if self._pending is not None and slicing.is_continuation(block, self._pending.block):
                lines = _LineRun(slicing.join_blocks(self._pending.block, block), self._group_by)
            else:
                yield from self._finish_file()
                lines = _LineRun(block, self._group_by)
            yield from self._complete_orders(lines)
        yield from self._finish_file()
        yield from self._release_file_end(None)

    def _complete_orders(self, lines: _LineRun) -> Iterator[Orders]:
        """Return the orders that are complete, and keep the lines that may continue in the next block."""
        if lines.first_id is not None:
            yield from self._release_file_end(lines.first_id)
        stop, splits_order = self._complete_until(lines)
        if stop:
            yield from self._release_file_end(None)
            yield self._validate(lines, stop)
            if splits_order:
                self._rejected_order = (lines.ids[-1].as_py(), _TOO_LONG)
        self._pending = lines.since(stop) if stop < len(lines.block) else None

    @staticmethod
    def _complete_until(lines: _LineRun) -> tuple[int, bool]:
        """Find the line up to which no later line can change an outcome, and whether it splits an order."""
        if len(lines.counts) and lines.counts[-1] > CHARGED_ITEMS:
            return int(lines.stops[-1]), True
        start = int(lines.starts[-1]) if len(lines.starts) > 1 else 0
        # The number of lines without an id after an order has no limit.
        return (len(lines.block) if len(lines.block) - start > BLOCK_ROWS else start), False

    def _finish_file(self) -> Iterator[Orders]:
        if self._pending is not None:
            if sum(len(lines.block) for lines in self._pending_file_end) > BLOCK_ROWS:
                yield from self._release_file_end(None)
            self._pending_file_end.append(self._pending)
            self._pending = None

    def _release_file_end(self, next_id: str | None) -> Iterator[Orders]:
        """Return the last lines of an earlier file, now that the order after them is known."""
        runs, self._pending_file_end = self._pending_file_end, []
        if next_id is None or not runs or runs[0].first_id != next_id:
            yield from map(self._validate, runs)
            return
        continues = _invalid("the order continues in another file: put all its lines into one file", self._group_by)
        self._rejected_order = (next_id, continues)
        yield from map(self._validate, runs)
        begins = _invalid("the order begins in another file: put all its lines into one file", self._group_by)
        self._rejected_order = (next_id, begins)

    def _validate(self, lines: _LineRun, stop: int | None = None) -> Orders:
        """Separate the orders that may be sent from those that may not.

        :param stop: the lines before it are complete; all lines when not given. An order after it is not validated
            yet, unless one of the complete lines belongs to it.
        """
        stop = len(lines.block) if stop is None else stop
        count = int(np.searchsorted(lines.starts, stop))
        rejected: dict[int, RowOutcome] = {}
        if self._rejected_order is not None and count:
            if lines.first_id == self._rejected_order[0]:
                rejected[0] = self._rejected_order[1]
            self._rejected_order = None
        for order in np.flatnonzero(lines.counts[:count] > CHARGED_ITEMS).tolist():
            rejected.setdefault(order, _TOO_LONG)
        for order in np.flatnonzero(self._known_ids.add_and_mark_known(lines.ids[:count])).tolist():
            rejected.setdefault(order, self._non_contiguous())
        unsent = self._validate_unassigned(lines, stop, rejected)
        if count in rejected:
            self._rejected_order = (lines.ids[count].as_py(), rejected.pop(count))
        for order, outcome in rejected.items():
            for line in range(lines.starts[order], lines.stops[order]):
                unsent.setdefault(line, outcome)
        accepted = np.delete(np.arange(count), [*rejected])
        return Orders(slicing.slice_block(lines.block, 0, stop), lines.starts[accepted], lines.stops[accepted], unsent)

    def _validate_unassigned(
        self, lines: _LineRun, stop: int, rejected: dict[int, RowOutcome]
    ) -> dict[int, RowOutcome]:
        """Return the outcomes of the lines that are in no order; reject the orders that lack one of these lines."""
        unassigned = lines.unassigned[: np.searchsorted(lines.unassigned, stop)]
        if not len(unassigned):
            return {}
        filled = slicing.filled_rows(lines.block)
        unsent: dict[int, RowOutcome] = {}
        for line in unassigned.tolist():
            error = lines.block.row_errors.get(line)
            if error is not None:
                unsent[line] = _invalid(error.reason, error.column, general=error.general)
            elif filled[line]:
                unsent[line] = _invalid("the line belongs to no order: fill its order id", self._group_by)
            else:
                unsent[line] = EMPTY_ROW
                continue
            order = lines.order_of(line)
            if order is not None:
                number = lines.block.first_row + line
                unusable = _invalid(f"{_UNUSABLE_LINE}: row {number}", general=_UNUSABLE_LINE)
                rejected.setdefault(order, unusable)
        return unsent

    def _non_contiguous(self) -> RowOutcome:
        return _invalid(
            f"other orders stand between the lines of this one: sort the source by {self._group_by!r}", self._group_by
        )


def _invalid(reason: str, column: str = "", code: int | None = None, general: str = "") -> RowOutcome:
    """Return the outcome of a line; ``general`` is the reason without what differs from row to row."""
    return RowOutcome(
        Outcome.INVALID, code, column, reason, reasons=(Reason(column, code, general),) if general else ()
    )


_UNUSABLE_LINE = "another line of the order cannot be used"
_TOO_LONG = _invalid(f"the order has more than {CHARGED_ITEMS} lines, and so items", code=EVENT_STRUCTURE)


class _LineRun:
    """Consecutive lines of one file, divided into orders by their ids.

    A line that the source could not read may hold anything instead of its id, so it does not divide orders.

    :param block: the lines.
    :param group_by: the column with the order's id.
    :param keys: the ids of the lines as text, when they are known already.
    """

    def __init__(self, block: RowBlock, group_by: str, keys: Any = None) -> None:
        self.block = block
        self._group_by = group_by
        self._keys = _keys(block, group_by) if keys is None else keys
        in_order = numpy_from_array(self._keys.is_valid())
        if block.row_errors:
            in_order = in_order.copy()
            in_order[list(block.row_errors)] = False
        lines = np.flatnonzero(in_order)
        #: The lines that are in no order.
        self.unassigned = np.flatnonzero(~in_order) if len(lines) < len(block) else _NO_LINES
        keys = self._keys.take(array_from_numpy(lines)) if len(self.unassigned) else self._keys
        changes = numpy_from_array(pc.not_equal(keys[1:], keys[:-1]))
        firsts = np.flatnonzero(np.concatenate([np.ones(min(1, len(lines)), np.bool_), changes]))
        lasts = np.append(firsts[1:], len(lines)) - 1 if len(lines) else _NO_LINES
        #: For each order: its id, its first line, the line after its last line, and how many lines it has.
        self.ids = keys.take(array_from_numpy(firsts))
        self.starts, self.stops, self.counts = lines[firsts], lines[lasts] + 1, lasts - firsts + 1

    @property
    def first_id(self) -> str | None:
        """The id of the first order; ``None`` when there is no order."""
        return self.ids[0].as_py() if len(self.ids) else None

    def since(self, start: int) -> _LineRun:
        """Return the lines from ``start`` on."""
        if not start:
            return self
        stop = len(self.block)
        return _LineRun(slicing.slice_block(self.block, start, stop), self._group_by, self._keys[start:stop])

    def order_of(self, line: int) -> int | None:
        """Find the order of an unassigned line: the one around it, or the neighbour with the same id."""
        before = int(np.searchsorted(self.starts, line)) - 1
        if before >= 0 and line < self.stops[before]:
            return before
        key = self._keys[line].as_py()
        neighbours = [order for order in (before, before + 1) if 0 <= order < len(self.ids)]
        return next((order for order in neighbours if self.ids[order].as_py() == key), None)


def _keys(block: RowBlock, group_by: str) -> Any:
    column = slicing.column_of(block, group_by)
    # Only a block of JSON Lines may lack the column: where all columns are known, the mapping was checked for it.
    if column is None:
        return pa.nulls(len(block), pa.string())
    with conversion_errors(block.place, group_by):
        return key_texts(column)
