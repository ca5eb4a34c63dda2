"""Data of a shop: events, one per row, and orders, with one row for each item."""

from __future__ import annotations

from typing import Any

from benchmarks.data.pieces import CITIES, Chunk, Dirt, LoadedAs, blank, texts

EVENTS = ("Product Viewed", "Added to Cart", "Searched", "Wishlisted", "Reviewed")
CATEGORIES = ("Books", "Garden", "Kitchen", "Music", "Shoes", "Toys, games")
PAYMENTS = ("card", "cash", "invoice", "wallet")
PAGES = ("/", "/offers", "/search?q=blue+shoes", "/item/4711", "/cart")

BAD_EVENT_CELLS = (("event", ""), ("occurred_at", "yesterday"), ("customer_id", ""), ("price", "on request"))
BAD_ORDER_CELLS = (("paid_at", "yesterday"), ("customer_id", ""), ("total", "to follow"), ("quantity", "a few"))

#: The number of lines of consecutive orders: three on average, and three in each invalid order.
_LINES = (2, 3, 1, 5, 4)
_ORDER_OF_LINE = tuple(order for order, lines in enumerate(_LINES) for _ in range(lines))


def events(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make events with twelve columns."""
    columns = {
        "customer_id": _customers(chunk),
        "event": chunk.pick(EVENTS),
        "occurred_at": chunk.moments(),
        "visit": chunk.named("visit-"),
        "sku": chunk.pick(_skus()),
        "category": chunk.pick(CATEGORIES),
        "price": chunk.money(500),
        "quantity": chunk.whole(1, 6),
        "page": chunk.pick(PAGES),
        "city": blank(chunk.pick(CITIES), chunk.sometimes(0.05)),
        "campaign": blank(chunk.pick(("spring", "summer")), chunk.sometimes(0.6)),
        "signed_in": chunk.sometimes(0.8),
    }
    columns = texts(columns, "occurred_at", "price")
    chunk.spoil(columns, dirt, BAD_EVENT_CELLS)
    return columns


def order_lines(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make order lines with eleven columns. The lines of an order are consecutive, with equal values in its columns."""
    import numpy as np

    cycle, position = np.divmod(chunk.numbers - 1, len(_ORDER_OF_LINE))
    order = cycle * len(_LINES) + np.array(_ORDER_OF_LINE)[position] + 1
    orders = Chunk(np.unique(order), chunk.random)
    order_columns = {
        "order_id": orders.named("order-"),
        "customer_id": _customers(orders),
        "paid_at": orders.moments(),
        "payment": orders.pick(PAYMENTS),
        "total": orders.money(2_000),
        "coupon": blank(orders.pick(("WELCOME", "SUMMER")), orders.sometimes(0.8)),
    }
    columns = {name: column.take(order - orders.numbers[0]) for name, column in order_columns.items()} | {
        "line": chunk.named("line-"),
        "sku": chunk.pick(_skus()),
        "category": chunk.pick(CATEGORIES),
        "unit_price": chunk.money(500),
        "quantity": chunk.whole(1, 6),
    }
    columns = texts(columns, "paid_at", "total", "quantity")
    chunk.spoil(columns, dirt, BAD_ORDER_CELLS)
    return columns


def as_events() -> LoadedAs:
    """Return how this package loads events."""
    from airflow_provider_clevertap.columns import Column
    from airflow_provider_clevertap.loading.record_kinds import events

    columns = {
        "customer_id": "identity",
        "event": "evtName",
        "occurred_at": "ts",
        "price": Column("Price", type="float"),
        "quantity": Column("Quantity", type="integer"),
        "signed_in": Column("Signed in", type="boolean"),
    }
    return events(), columns


def as_orders() -> LoadedAs:
    """Return how this package loads orders."""
    from airflow_provider_clevertap.columns import Column
    from airflow_provider_clevertap.loading.record_kinds import events

    items = {
        "line": "line",
        "sku": "SKU",
        "category": "Category",
        "unit_price": Column("Price", type="float"),
        "quantity": Column("Quantity", type="integer"),
    }
    columns = {
        "order_id": "Charged ID",
        "customer_id": "identity",
        "paid_at": "ts",
        "total": Column("Amount", type="float"),
    }
    return events(group_by="order_id", items=items), columns


def _customers(chunk: Chunk) -> Any:
    return Chunk(chunk.random.integers(1, 300_000, len(chunk)), chunk.random).named("cust-")


def _skus() -> list[str]:
    return [f"SKU-{number}" for number in range(1_000, 1_400)]
