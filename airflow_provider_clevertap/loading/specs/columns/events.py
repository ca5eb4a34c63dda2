"""Tracks, pages and screens become events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from airflow_provider_clevertap.loading.specs.columns.flat import FlatColumns, Unsent
from airflow_provider_clevertap.loading.specs.columns.orders import CHARGED, add_orders, find_orders, is_order
from airflow_provider_clevertap.loading.specs.messages import first_filled, flatten
from airflow_provider_clevertap.loading.specs.selection import check_owners
from airflow_provider_clevertap.loading.specs.spec import Spec

#: The times of a message, the one of the event first.
TIME_PATHS: Final = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
_VIEWS: Final = frozenset({"page", "screen"})


def add_events(messages: Any, types: Sequence[str | None], unsent: Unsent, flat: FlatColumns, spec: Spec) -> None:
    """Add the columns of events.

    :param types: the type of each message.
    :param unsent: the messages that become no event; more are added to it.
    :param flat: takes the columns.
    """
    _add_owners(messages, unsent, flat, spec)
    properties = list(unsent.blank_out(messages.properties()))  # some are replaced, and the source keeps its own
    names = _names(messages, types, properties, unsent, spec)
    orders = find_orders(names)
    if orders:
        names = list(names)
        for row in orders:
            names[row] = CHARGED
    flat.add_field("event", "evtName", names)
    own_time = f"{messages.property_prefix}ts"
    times = (own_time,) if spec.strict else (own_time, *TIME_PATHS)
    flat.add_field("timestamp", "ts", first_filled(messages, times, flat.rows))
    columns = flatten(properties)
    if orders:
        add_orders(orders, columns, unsent, flat, spec, messages.property_prefix)
    for key, values in columns.items():
        flat.add_property(f"{messages.property_prefix}{key}", key, values)


def _add_owners(messages: Any, unsent: Unsent, flat: FlatColumns, spec: Spec) -> None:
    if flat.owner_is_chosen:
        return
    users = first_filled(messages, messages.user_ids, flat.rows)
    if isinstance(users, pa.Array) and not spec.use_object_id:  # every message has a user
        flat.add_field("userId", "identity", users)
        return
    anonymous = first_filled(messages, ("anonymousId",), flat.rows)
    listed_users, listed_anonymous = listed(users), listed(anonymous)
    check_owners(listed_users, listed_anonymous, unsent, spec)
    if spec.use_object_id:
        flat.add_field("anonymousId", "objectId", anonymous)
        if None in listed_anonymous:
            users = [u if a is None else None for u, a in zip(listed_users, listed_anonymous, strict=True)]
            flat.add_field("userId", "identity", users)
        return
    if None in listed_users:
        users = [a if u is None else u for u, a in zip(listed_users, listed_anonymous, strict=True)]
    flat.add_field("userId", "identity", users)


def listed(column: Any) -> list[Any]:
    """Return a column as Python values."""
    values: list[Any] = column if isinstance(column, list) else column.to_pylist()
    return values


def _names(messages: Any, types: Sequence[str | None], properties: list[Any], unsent: Unsent, spec: Spec) -> list[Any]:
    """Return the name of each event; an order keeps its name of the message."""
    names = unsent.blank_out(messages.values("event") or [None] * len(types))
    kept = unsent.selected
    views = [row for row, kind in enumerate(types) if kind in _VIEWS and kept[row]] if _VIEWS & set(types) else []
    if views:
        names = list(names)
    titles = messages.values("name") if views else None
    for row in views:
        held = properties[row] or {}
        if is_order(names[row]):
            continue
        top = None if titles is None else titles[row]
        title = names[row] or held.get("event") or top or held.get("name")
        if top and "name" not in held and not spec.strict and spec.name == "segment":
            # The event's name of this platform holds no part of the page's.
            properties[row] = held = {**held, "name": top}
        pattern = spec.page_name if types[row] == "page" else spec.screen_name

        def value_of(part: str, row: int = row, held: Any = held, title: Any = title) -> Any:
            if part == "name":
                return title
            if part in held:
                return held[part]
            values = messages.values(part)
            return None if values is None else values[row]

        names[row] = pattern.fill(value_of)
    return names
