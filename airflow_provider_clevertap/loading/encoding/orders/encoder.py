"""Encode order lines as ``Charged`` events: the lines of one order make one event, each line one of its ``Items``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.block_encoder import RowEncoder
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.orders.folding import OrderRows
from airflow_provider_clevertap.loading.encoding.orders.grouping import OrderGrouper, Orders
from airflow_provider_clevertap.loading.encoding.orders.items import ItemColumns, read_declared_items
from airflow_provider_clevertap.loading.mapping.plan import check_key_column, named, notes_on_unnamed
from airflow_provider_clevertap.loading.record_kinds import OrderLines
from airflow_provider_clevertap.loading.rows.block import RowBlock


class OrderEncoder:
    """Encodes blocks of order lines as ``Charged`` events.

    :param encoder: encodes the orders, after the lines of each are folded into one row.
    :param lines: how lines make an order.
    :param choices: what the columns of the order become, as far as the user has chosen it.
    :param fixed: every column of the source is known from its first block.
    :raises MappingError: when a column is to be both the order's and an item's, or an option of an item's column does
        not suit it.
    """

    def __init__(
        self,
        encoder: RowEncoder,
        lines: OrderLines,
        choices: Mapping[str, Column | None],
        *,
        fixed: bool = True,
    ) -> None:
        both = [name for name in lines.items if name in choices]
        if both:
            raise MappingError(
                f"column {both[0]!r} is both an item's and the order's: what belongs to one item goes into items, what "
                "belongs to the whole order into columns or profile_columns"
            )
        self._encoder = encoder
        self._lines = lines
        self._fixed = fixed
        self._declared_items = read_declared_items(lines.items)
        self._items: dict[tuple[Any, ...], ItemColumns] = {}
        self._columns_seen: set[str] = set()
        self._notes: list[str] = []

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode all blocks of the source, each order as a whole, also where it spans several blocks.

        :raises MappingError: when the columns cannot become orders as asked.
        """
        return map(self._encode, OrderGrouper(self._lines.group_by).orders(blocks))

    def unused_columns(self) -> list[str]:
        """Return the columns the user named that no block had so far."""
        named = (*self._encoder.unused_columns(), self._lines.group_by, *self._lines.items)
        return [name for name in dict.fromkeys(named) if name not in self._columns_seen]

    def new_notes(self) -> list[str]:
        """Return what the user should know about the mapping, each note once."""
        notes, self._notes = self._notes, []
        return [*notes, *self._encoder.new_notes()]

    def closing_notes(self) -> list[str]:
        """Return what the user should know at the end of the source."""
        declared = self._declared_items.items()
        of_items = [note for source, cells in declared if cells is not None for note in cells.notes(source)]
        return [*self._encoder.closing_notes(), *of_items]

    def _encode(self, orders: Orders) -> EncodedBlock:
        items = self._item_columns(orders.lines)
        rows = OrderRows(orders)
        order_columns = [name for name in named(orders.lines.names) if name not in self._lines.items]
        encoded = self._encoder.encode(rows.fold(order_columns), items.derive(rows))
        updates = encoded.profile_updates
        if updates is not None:
            updates = replace(updates, block=orders.lines, rows=rows.first_lines[updates.rows])
        unsent = dict(orders.unsent)
        for order, outcome in encoded.unsent.items():
            unsent.update(dict.fromkeys(rows.lines_of(order), outcome))
        return replace(
            encoded,
            block=orders.lines,
            rows=rows.first_lines[encoded.rows],
            unsent=unsent,
            # The values left out of an order are counted once, on its first line.
            dropped={int(rows.first_lines[order]): outcome for order, outcome in encoded.dropped.items()},
            record_first_rows=rows.record_first_rows(),
            profile_updates=updates,
        )

    def _item_columns(self, block: RowBlock) -> ItemColumns:
        types = tuple(block.columns[name].type if name in block.columns else None for name in block.names)
        key = (block.names, types)
        if key not in self._items:
            self._columns_seen.update(block.names)
            if self._fixed and not self._items:
                check_key_column(self._lines.group_by, block.names, types)
                self._notes += notes_on_unnamed(block.names)
            self._items[key] = ItemColumns(
                block.names, types, self._lines.items, self._declared_items, fixed=self._fixed
            )
        return self._items[key]
