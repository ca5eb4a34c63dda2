"""Order lines folded: the lines of one order become one row, with what all of them say of the order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.orders.grouping import Orders
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError

_DISAGREE = "the lines of the order disagree here: what belongs to the whole order must be the same on all its lines"


class OrderRows:
    """The lines of the orders that may be sent, order after order with nothing in between.

    :param orders: the orders, as they stand in the source.
    """

    def __init__(self, orders: Orders) -> None:
        self._block = orders.lines
        self._unsent = orders.unsent
        #: the place of each line in the block
        self.places = np.arange(len(orders.lines))
        if orders.unsent:
            sent = np.ones(len(orders.lines), np.bool_)
            sent[list(orders.unsent)] = False
            self.places = np.flatnonzero(sent)
        #: where each order begins among these lines, and where the last one ends
        self.bounds = np.append(np.searchsorted(self.places, orders.starts), len(self.places))
        #: the place in the block of each order's first line
        self.firsts = orders.starts

    def __len__(self) -> int:
        return len(self.firsts)

    @cached_property
    def lines(self) -> RowBlock:
        """The lines themselves."""
        return slicing.take_rows(self._block, self.places) if self._unsent else self._block

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """For each line, the number of its order."""
        return np.repeat(np.arange(len(self)), np.diff(self.bounds))

    def places_of(self, order: int) -> list[int]:
        """Give the places in the block of an order's lines."""
        places: list[int] = self.places[self.bounds[order] : self.bounds[order + 1]].tolist()
        return places

    def row_number(self, line: int) -> int:
        """Give the number in its file of one of these lines."""
        return self._block.first_row + int(self.places[line])

    def record_first_rows(self) -> NDArray[np.int64]:
        """For each row of the block, the first line of the last order that had begun there."""
        first_rows = np.zeros(len(self._block), np.int64)
        first_rows[self.places] = self.firsts[self.orders]
        return np.maximum.accumulate(first_rows)

    def fold(self, names: Sequence[str]) -> RowBlock:
        """Give one row for each order.

        A cell is what the order's lines have there, leaving aside those that are empty. An order whose lines disagree
        is at fault.

        :param names: the columns that belong to the order as a whole.
        """
        columns: dict[str, Any] = {}
        objects: dict[str, list[Any]] = {}
        disagreeing: dict[int, list[str]] = {}
        for name in names:
            raw = slicing.column_of(self.lines, name)
            column = slicing.without_empties(raw)
            if isinstance(column, list):
                found, differing = self._fold_values(column)
                objects[name] = found
            else:
                places, differing = self._fold_array(column)
                columns[name] = raw.take(places)
            for order in differing:
                disagreeing.setdefault(order, []).append(name)
        faults = {order: RowError(_DISAGREE, ", ".join(differing)) for order, differing in disagreeing.items()}
        return RowBlock(self._block.file, self._block.first_row, tuple(names), columns, objects, faults, len(self))

    def _fold_array(self, column: Any) -> tuple[Any, Sequence[int]]:
        """Find each order's first filled cell, and the orders whose lines disagree."""
        filled, orders = np.arange(len(column)), self.orders
        if column.null_count:
            filled = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
            orders, column = orders[filled], column.drop_null()
        same_order = orders[1:] == orders[:-1]
        differs = pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
        firsts = np.flatnonzero(np.concatenate([np.ones(min(1, len(orders)), np.bool_), ~same_order]))
        places = np.zeros(len(self), np.int64)
        missing = np.ones(len(self), np.bool_)
        places[orders[firsts]], missing[orders[firsts]] = filled[firsts], False
        return pa.array(places, mask=missing), np.unique(orders[1:][same_order & differs]).tolist()

    def _fold_values(self, values: Sequence[Any]) -> tuple[list[Any], Sequence[int]]:
        found: list[Any] = [None] * len(self)
        differing: dict[int, None] = {}
        for order, value in zip(self.orders.tolist(), values, strict=True):
            if found[order] is None:
                found[order] = value
            elif value is not None and not _same(found[order], value):
                differing[order] = None
        return found, list(differing)


def _same(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except (ArithmeticError, ValueError, TypeError):
        return False  # what cannot be compared, such as a decimal that is no number
