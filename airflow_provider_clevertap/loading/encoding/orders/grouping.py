"""Blocks of order lines, cut again so that no order lies in two of them.

Lines with the same order id that follow one another are one order. The last order of a block may go on in the next
one, so it is held back and put in front of that; the last order of a file waits until the next file has shown that it
begins with another. Nothing else is held, so memory stays flat whatever the length of an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS, RowBlock
from airflow_provider_clevertap.loading.rows.key_set import KeySet, key_texts
from airflow_provider_clevertap.records.error_codes import EVENT_STRUCTURE
from airflow_provider_clevertap.records.limits import CHARGED_ITEMS

_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Orders:
    """Lines of which no order is cut in two.

    :param lines: the lines, with all that stands between them.
    :param starts: the first line of each order that may be sent.
    :param stops: the place after its last line.
    :param unsent: the lines that belong to none of these, also those that stand between their lines.
    """

    lines: RowBlock
    starts: NDArray[np.int64] = field(default_factory=lambda: _NOTHING)
    stops: NDArray[np.int64] = field(default_factory=lambda: _NOTHING)
    unsent: dict[int, RowOutcome] = field(default_factory=dict)


class OrderGrouper:
    """Gives lines order by order.

    :param group_by: the column with the order's id.
    """

    def __init__(self, group_by: str) -> None:
        self._group_by = group_by
        self._seen = KeySet()
        #: The lines since the last order that is complete.
        self._held: _LineRun | None = None
        #: The last lines of an earlier file, whose order must not go on in this one.
        self._closing: _LineRun | None = None
        #: An order of which lines were refused already, so that those to come must be, and why.
        self._doomed: tuple[str, RowOutcome] | None = None

    def orders(self, blocks: Iterable[RowBlock]) -> Iterator[Orders]:
        """Cut blocks anew: the same lines, in the same order."""
        for block in blocks:
            if not len(block):
                yield Orders(block)
                continue
            if self._held is not None and slicing.is_continuation(block, self._held.block):
                lines = _LineRun(slicing.join_blocks(self._held.block, block), self._group_by)
            else:
                yield from self._end_file()
                lines = _LineRun(block, self._group_by)
            yield from self._take(lines)
        yield from self._end_file()
        yield from self._close(None)

    def _take(self, lines: _LineRun) -> Iterator[Orders]:
        """Give the orders that are complete, and hold back what may go on in the next block."""
        if lines.first_id is not None:
            yield from self._close(lines.first_id)
        stop, endless = self._complete(lines)
        if stop:
            yield from self._close(None)
            yield self._judged(lines, stop)
            if endless:
                self._doomed = (lines.ids[-1].as_py(), _TOO_LONG)
        self._held = lines.since(stop) if stop < len(lines.block) else None

    @staticmethod
    def _complete(lines: _LineRun) -> tuple[int, bool]:
        """Find how far no line to come can change what is said of these, and whether that cuts an order in two."""
        if len(lines.counts) and lines.counts[-1] > CHARGED_ITEMS:
            return int(lines.stops[-1]), True
        start = int(lines.starts[-1]) if len(lines.starts) > 1 else 0
        # Lines without an id may follow an order for ever.
        return (len(lines.block) if len(lines.block) - start > BLOCK_ROWS else start), False

    def _end_file(self) -> Iterator[Orders]:
        if self._held is not None:
            yield from self._close(None)
            self._closing, self._held = self._held, None

    def _close(self, next_id: str | None) -> Iterator[Orders]:
        """Give the last lines of an earlier file, now that the order after them is known."""
        if self._closing is None:
            return
        lines, self._closing = self._closing, None
        if next_id is None or lines.first_id != next_id:
            yield self._judged(lines)
            return
        self._doomed = (next_id, _invalid("the order goes on in another file: put its lines in one", self._group_by))
        yield self._judged(lines)
        self._doomed = (next_id, _invalid("the order begins in another file: put its lines in one", self._group_by))

    def _judged(self, lines: _LineRun, stop: int | None = None) -> Orders:
        """Part the orders that may be sent from those that may not.

        :param stop: the lines up to here are complete; all of them when not given. An order after that is not judged
            yet, unless one of these lines is its.
        """
        stop = len(lines.block) if stop is None else stop
        count = int(np.searchsorted(lines.starts, stop))
        refused: dict[int, RowOutcome] = {}
        if self._doomed is not None and count:
            if lines.first_id == self._doomed[0]:
                refused[0] = self._doomed[1]
            self._doomed = None
        for order in np.flatnonzero(lines.counts[:count] > CHARGED_ITEMS).tolist():
            refused.setdefault(order, _TOO_LONG)
        for order in np.flatnonzero(self._seen.add_and_mark_known(lines.ids[:count])).tolist():
            refused.setdefault(order, self._scattered())
        unsent = self._judge_loose(lines, stop, refused)
        if count in refused:
            self._doomed = (lines.ids[count].as_py(), refused.pop(count))
        for order, verdict in refused.items():
            for line in range(lines.starts[order], lines.stops[order]):
                unsent.setdefault(line, verdict)
        kept = np.setdiff1d(np.arange(count), np.fromiter(refused, np.int64, len(refused)))
        return Orders(slicing.slice_block(lines.block, 0, stop), lines.starts[kept], lines.stops[kept], unsent)

    def _judge_loose(self, lines: _LineRun, stop: int, refused: dict[int, RowOutcome]) -> dict[int, RowOutcome]:
        """Judge the lines that are in no order; an order that lacks one of its lines must not be sent."""
        loose = lines.loose[: np.searchsorted(lines.loose, stop)]
        if not len(loose):
            return {}
        filled = slicing.filled_rows(lines.block)
        unsent: dict[int, RowOutcome] = {}
        for line in loose.tolist():
            fault = lines.block.row_errors.get(line)
            if fault is not None:
                unsent[line] = _invalid(fault.reason, fault.column)
            elif filled[line]:
                unsent[line] = _invalid("the line belongs to no order: fill its order id", self._group_by)
            else:
                unsent[line] = RowOutcome(Outcome.SKIPPED)
                continue
            order = lines.order_of(line)
            if order is not None:
                number = lines.block.first_row + line
                refused.setdefault(order, _invalid(f"another line of the order cannot be used: row {number}"))
        return unsent

    def _scattered(self) -> RowOutcome:
        return _invalid(
            f"other orders stand between the lines of this one: sort the source by {self._group_by!r}", self._group_by
        )


def _invalid(reason: str, column: str = "", code: int | None = None) -> RowOutcome:
    return RowOutcome(Outcome.INVALID, code, column, reason)


_TOO_LONG = _invalid(f"the order has more than {CHARGED_ITEMS} lines, and so items", code=EVENT_STRUCTURE)


class _LineRun:
    """Lines of one file, parted into orders by their ids.

    A line the source could not read properly may hold anything in the place of its id, so it parts no orders.

    :param block: the lines.
    :param group_by: the column with the order's id.
    :param keys: what it holds, when that is known already.
    """

    def __init__(self, block: RowBlock, group_by: str, keys: Any = None) -> None:
        self.block = block
        self._group_by = group_by
        self._keys = _keys(block, group_by) if keys is None else keys
        in_order = self._keys.is_valid().to_numpy(zero_copy_only=False)
        if block.row_errors:
            in_order = in_order.copy()
            in_order[list(block.row_errors)] = False
        lines = np.flatnonzero(in_order)
        #: the lines that are in no order
        self.loose = np.flatnonzero(~in_order) if len(lines) < len(block) else _NOTHING
        keys = self._keys.take(pa.array(lines)) if len(self.loose) else self._keys
        changes = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
        firsts = np.flatnonzero(np.concatenate([np.ones(min(1, len(lines)), np.bool_), changes]))
        lasts = np.append(firsts[1:], len(lines)) - 1 if len(lines) else _NOTHING
        #: of each order: its id, its first line, the place after its last line, and how many lines it has
        self.ids = keys.take(pa.array(firsts))
        self.starts, self.stops, self.counts = lines[firsts], lines[lasts] + 1, lasts - firsts + 1

    @property
    def first_id(self) -> str | None:
        """The id of the first order; ``None`` when there is no order."""
        return self.ids[0].as_py() if len(self.ids) else None

    def since(self, start: int) -> _LineRun:
        """Give the lines from ``start`` on."""
        if not start:
            return self
        stop = len(self.block)
        return _LineRun(slicing.slice_block(self.block, start, stop), self._group_by, self._keys[start:stop])

    def order_of(self, line: int) -> int | None:
        """Find the order a loose line belongs to: the one it stands in, or the one beside it whose id it has."""
        before = int(np.searchsorted(self.starts, line)) - 1
        if before >= 0 and line < self.stops[before]:
            return before
        key = self._keys[line].as_py()
        beside = [order for order in (before, before + 1) if 0 <= order < len(self.ids)]
        return next((order for order in beside if self.ids[order].as_py() == key), None)


def _keys(block: RowBlock, group_by: str) -> Any:
    column = slicing.column_of(block, group_by)
    # Only JSON Lines may lack the column in a block: the mapping was checked where columns are known.
    return pa.nulls(len(block), pa.string()) if column is None else key_texts(column)
