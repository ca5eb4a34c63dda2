"""Events of a shop as JSON Lines, and the same events as messages of a customer data platform."""

from __future__ import annotations

from typing import Any

from benchmarks.data.pieces import CITIES, Chunk, Dirt, LoadedAs, as_text, blank, joined
from benchmarks.data.shop import CATEGORIES, EVENTS, PAGES

BAD_CELLS = (("event", ""), ("timestamp", "yesterday"))
BAD_ORDER_CELLS = (("timestamp", "yesterday"), ("event", ""))
_SKUS = tuple(f"SKU-{number}" for number in range(1_000, 1_400))
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


def flat_events(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make events with an owner, a name, a time and nine properties."""
    columns = _ids(chunk, chunk.pick(EVENTS))
    chunk.spoil(columns, dirt, BAD_CELLS)
    return {**columns, **_properties(chunk)}


def track_messages(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make the same events as messages of type track, with the context of a browser."""
    columns = _ids(chunk, chunk.pick(EVENTS))
    chunk.spoil(columns, dirt, BAD_CELLS)
    return _messages(chunk, columns, _properties(chunk))


def flat_orders(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make completed orders of two products each, under CleverTap's own names."""
    columns = _ids(chunk, chunk.pick(("Charged",)))
    chunk.spoil(columns, dirt, BAD_ORDER_CELLS)
    order = _order(chunk)
    fields = {"checkout_id": "Charged ID", "revenue": "Amount", "products": "Items"}
    return {**columns, **{fields.get(name, name): column for name, column in order.items()}}


def order_messages(chunk: Chunk, dirt: Dirt) -> dict[str, Any]:
    """Make messages of the same orders."""
    columns = _ids(chunk, chunk.pick(("Order Completed",)))
    chunk.spoil(columns, dirt, BAD_ORDER_CELLS)
    return _messages(chunk, columns, _order(chunk))


def as_flat_events() -> LoadedAs:
    """Return how this package loads the events."""
    from airflow_provider_clevertap.loading.record_kinds import events

    return events(), {"userId": "identity", "event": "evtName", "timestamp": "ts"}


def as_messages() -> LoadedAs:
    """Return how this package loads the messages, beside their spec."""
    from airflow_provider_clevertap.loading.record_kinds import events

    return events(), {}


def _ids(chunk: Chunk, names: Any) -> dict[str, Any]:
    import pyarrow.compute as pc

    users = Chunk(chunk.random.integers(1, 300_000, len(chunk)), chunk.random).named("cust-")
    times = pc.strftime(chunk.moments(), format="%Y-%m-%dT%H:%M:%S.000Z")
    return {"userId": users, "event": names, "timestamp": times}


def _properties(chunk: Chunk) -> dict[str, Any]:
    return {
        "visit": chunk.named("visit-"),
        "sku": chunk.pick(_SKUS),
        "category": chunk.pick(CATEGORIES),
        "price": chunk.money(500),
        "quantity": chunk.whole(1, 6),
        "page": chunk.pick(PAGES),
        "city": blank(chunk.pick(CITIES), chunk.sometimes(0.05)),
        "campaign": blank(chunk.pick(("spring", "summer")), chunk.sometimes(0.6)),
        "signed_in": chunk.sometimes(0.8),
    }


def _order(chunk: Chunk) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    lines = Chunk(np.repeat(chunk.numbers, 2), chunk.random)
    products = _struct(
        {
            "sku": lines.pick(_SKUS),
            "category": lines.pick(CATEGORIES),
            "price": lines.money(500),
            "quantity": lines.whole(1, 6),
        }
    )
    return {
        "visit": chunk.named("visit-"),
        "checkout_id": chunk.named("checkout-"),
        "order_id": chunk.named("order-"),
        "revenue": chunk.money(2_000),
        "currency": chunk.pick(("INR", "EUR")),
        "coupon": blank(chunk.pick(("WELCOME", "SUMMER")), chunk.sometimes(0.8)),
        "products": pa.ListArray.from_arrays(pa.array(range(0, 2 * len(chunk) + 1, 2), pa.int32()), products),
    }


def _messages(chunk: Chunk, columns: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    times = columns["timestamp"]
    context = {
        "library": _struct({"name": chunk.pick(("RudderLabs JavaScript SDK",)), "version": chunk.pick(("3.11.0",))}),
        "locale": chunk.pick(("en-IN", "de-DE")),
        "page": _struct(
            {
                "path": chunk.pick(PAGES),
                "title": chunk.pick(("Shop", "Offers")),
                "url": joined("https://shop.example.com/item/", as_text(chunk.numbers)),
            }
        ),
        "screen": _struct({"width": chunk.whole(320, 2560), "height": chunk.whole(480, 1440)}),
        "userAgent": chunk.pick((_AGENT,)),
        "ip": chunk.pick(("203.0.113.7", "198.51.100.23")),
    }
    return {
        "messageId": chunk.named("message-"),
        "type": chunk.pick(("track",)),
        "channel": chunk.pick(("web",)),
        **columns,
        "anonymousId": chunk.named("anonymous-"),
        "originalTimestamp": times,
        "sentAt": times,
        "receivedAt": times,
        "properties": _struct(properties),
        "context": _struct(context),
        "integrations": _struct({"All": chunk.sometimes(1)}),
    }


def _struct(fields: dict[str, Any]) -> Any:
    import pyarrow as pa

    return pa.StructArray.from_arrays([_whole(column) for column in fields.values()], list(fields))


def _whole(column: Any) -> Any:
    import pyarrow as pa

    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
