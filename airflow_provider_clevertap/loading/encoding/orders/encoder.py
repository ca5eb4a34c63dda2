"""Order lines become ``Charged`` events: the lines of one order make one event, each line one of its ``Items``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.encoding.orders.folding import OrderRows
from airflow_provider_clevertap.loading.encoding.orders.grouping import OrderGrouper, Orders
from airflow_provider_clevertap.loading.encoding.orders.items import ItemColumns
from airflow_provider_clevertap.loading.encoding.profile_updates import EventWithProfileEncoder
from airflow_provider_clevertap.loading.mapping.plan import check_key_column
from airflow_provider_clevertap.loading.record_kinds import OrderLines
from airflow_provider_clevertap.loading.rows.block import RowBlock


class OrderEncoder:
    """Turns blocks of order lines into ``Charged`` events.

    :param encoder: encodes the orders, once each is one row.
    :param lines: how lines make an order.
    :param choices: what the user said of the columns of the order.
    :param fixed: every column of the source is known from its first block.
    :raises MappingError: when a column is to be both the order's and an item's.
    """

    def __init__(
        self,
        encoder: Encoder | EventWithProfileEncoder,
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
        self._items: dict[tuple[Any, ...], ItemColumns] = {}
        self._seen: set[str] = set()

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode a source's blocks, each order as a whole, wherever the blocks end.

        :raises MappingError: when the columns cannot become orders as asked.
        """
        return map(self._encode, OrderGrouper(self._lines.group_by).orders(blocks))

    def never_seen(self) -> list[str]:
        """Give the columns the user named that no block had."""
        named = (*self._encoder.never_seen(), self._lines.group_by, *self._lines.items)
        return [name for name in dict.fromkeys(named) if name not in self._seen]

    def new_notes(self) -> list[str]:
        """Give what the user should know of the mapping and has not been told yet."""
        return self._encoder.new_notes()

    def _encode(self, orders: Orders) -> EncodedBlock:
        items = self._items_of(orders.lines)
        rows = OrderRows(orders)
        of_order = [name for name in orders.lines.names if name not in self._lines.items]
        encoded = self._encoder.encode(rows.fold(of_order), items.make(rows))
        updates = encoded.profile_updates
        unsent = dict(orders.unsent)
        for order, verdict in encoded.unsent.items():
            unsent.update(dict.fromkeys(rows.places_of(order), verdict))
        return replace(
            encoded,
            block=orders.lines,
            rows=rows.firsts[encoded.rows],
            unsent=unsent,
            # The values left out of an order are counted once, on its first line.
            dropped={int(rows.firsts[order]): verdict for order, verdict in encoded.dropped.items()},
            record_first_rows=rows.record_first_rows(),
            profile_updates=(
                None if updates is None else replace(updates, block=orders.lines, rows=rows.firsts[updates.rows])
            ),
        )

    def _items_of(self, block: RowBlock) -> ItemColumns:
        types = tuple(block.columns[name].type if name in block.columns else None for name in block.names)
        key = (block.names, types)
        if key not in self._items:
            self._seen.update(block.names)
            if self._fixed and not self._items:
                check_key_column(self._lines.group_by, block.names, types)
            self._items[key] = ItemColumns(block.names, types, self._lines.items, fixed=self._fixed)
        return self._items[key]
