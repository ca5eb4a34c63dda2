"""Fold order lines: the lines of one order become one row, with the columns that belong to the whole order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.orders.grouping import Orders
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, numpy_from_array

_DISAGREE = "the lines of the order disagree here: what belongs to the whole order must be the same on all its lines"


class OrderRows:
    """The lines of the orders that may be sent, order by order, without the lines between them.

    :param orders: the orders, with all lines of the source.
    """

    def __init__(self, orders: Orders) -> None:
        self._block = orders.lines
        self._unsent = orders.unsent
        #: The index in the block of each line.
        self._block_rows = np.arange(len(orders.lines))
        if orders.unsent:
            sent = np.ones(len(orders.lines), np.bool_)
            sent[list(orders.unsent)] = False
            self._block_rows = np.flatnonzero(sent)
        #: Where each order begins among these lines, and where the last one ends.
        self.bounds = np.append(np.searchsorted(self._block_rows, orders.starts), len(self._block_rows))
        #: The index in the block of each order's first line.
        self.first_lines = orders.starts

    def __len__(self) -> int:
        return len(self.first_lines)

    @cached_property
    def lines(self) -> RowBlock:
        """The lines themselves."""
        return slicing.take_rows(self._block, self._block_rows) if self._unsent else self._block

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """For each line, the number of its order."""
        return np.repeat(np.arange(len(self)), np.diff(self.bounds))

    def lines_of(self, order: int) -> list[int]:
        """Return the indexes in the block of an order's lines."""
        rows: list[int] = self._block_rows[self.bounds[order] : self.bounds[order + 1]].tolist()
        return rows

    def row_number(self, line: int) -> int:
        """Return the number in its file of one of these lines."""
        return self._block.first_row + int(self._block_rows[line])

    def record_first_rows(self) -> NDArray[np.int64]:
        """Return for each row of the block the first line of the last order that begins at or before it."""
        first_rows = np.zeros(len(self._block), np.int64)
        first_rows[self._block_rows] = self.first_lines[self.orders]
        return np.maximum.accumulate(first_rows)

    def fold(self, names: Sequence[str]) -> RowBlock:
        """Return one row for each order.

        A cell holds the value of the order's lines that are not empty there. An order whose lines disagree gets a row
        error.

        :param names: the columns that belong to the order as a whole.
        """
        columns: dict[str, Any] = {}
        objects: dict[str, list[Any]] = {}
        disagreeing: dict[int, list[str]] = {}
        for name in names:
            raw = slicing.column_of(self.lines, name)
            column = slicing.without_empties(raw)
            if isinstance(column, list):
                objects[name], differing = self._fold_values(column)
            else:
                first_filled, differing = self._fold_array(column)
                columns[name] = raw.take(first_filled)
            for order in differing:
                disagreeing.setdefault(order, []).append(name)
        errors = {order: RowError(_DISAGREE, ", ".join(differing)) for order, differing in disagreeing.items()}
        return RowBlock(self._block.file, self._block.first_row, tuple(names), columns, objects, errors, len(self))

    def _fold_array(self, column: Any) -> tuple[Any, Sequence[int]]:
        """Return each order's first filled line, and the orders whose lines disagree."""
        filled, orders = np.arange(len(column)), self.orders
        if column.null_count:
            filled = np.flatnonzero(numpy_from_array(column.is_valid()))
            orders, column = orders[filled], column.drop_null()
        same_order = orders[1:] == orders[:-1]
        differs = numpy_from_array(pc.not_equal(column[1:], column[:-1]))
        firsts = np.flatnonzero(np.concatenate([np.ones(min(1, len(orders)), np.bool_), ~same_order]))
        first_filled = np.zeros(len(self), np.int64)
        missing = np.ones(len(self), np.bool_)
        first_filled[orders[firsts]], missing[orders[firsts]] = filled[firsts], False
        return array_from_numpy(first_filled, missing), sorted({*orders[1:][same_order & differs].tolist()})

    def _fold_values(self, values: Sequence[Any]) -> tuple[list[Any], Sequence[int]]:
        """Return each order's first filled value, and the orders whose lines disagree."""
        folded: list[Any] = [None] * len(self)
        differing: dict[int, None] = {}
        for order, value in zip(self.orders.tolist(), values, strict=True):
            if folded[order] is None:
                folded[order] = value
            elif value is not None and not _same(folded[order], value):
                differing[order] = None
        return folded, list(differing)


def _same(first: Any, second: Any) -> bool:
    try:
        return type(first) is type(second) and bool(first == second)
    except (ArithmeticError, ValueError, TypeError):
        return False  # values that cannot be compared, such as a decimal that is not a number
