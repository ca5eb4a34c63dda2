"""The lists of what is stored: which table each comes from, its order and its filter."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

NO_LIMIT = -1
"""SQLite takes a negative limit for none."""

_JSON_COLUMNS = frozenset({"data", "keys", "record", "unsubscribed"})
_BOOLEAN_COLUMNS = frozenset({"dry_run", "stored"})


def _finish_profile(item: dict[str, Any]) -> None:
    del item["changed"]
    keys: dict[str, list[str]] = {}
    for kind, value in item["keys"]:
        keys.setdefault(kind, []).append(value)
    item["keys"] = keys
    item["identity"] = keys.get("identity", [None])[0]


def _finish_event(item: dict[str, Any]) -> None:
    del item["type_id"]
    item["identity"] = item["key"] if item["key_kind"] == "identity" else None


def _finish_nothing(_: dict[str, Any]) -> None:
    """Leave an item as it was read."""


@dataclass(frozen=True)
class Listing:
    """One list. Its table is called ``t`` in the SQL fragments below.

    :param table: the table; also the list's name in the admin endpoints.
    :param order: the column it is ordered by.
    :param condition: the condition of the filter ``?only=``.
    :param columns: the columns to select.
    :param finish: changes an item from the table's columns to what the list shows.
    """

    table: str
    order: str
    condition: str
    columns: str = "t.*"
    finish: Callable[[dict[str, Any]], None] = _finish_nothing


_KEYS = "(SELECT json_group_array(json_array(kind, value)) FROM profile_keys WHERE profile_id = t.id) AS keys"

_UNSUBSCRIBED = (
    "(SELECT json_group_array(s.type) FROM subscriptions s WHERE s.status = 'Unsubscribe' AND ("
    "(s.type = 'email' AND s.value = t.email) OR (s.type IN ('phone', 'whatsapp') AND s.value ="
    " CASE WHEN json_valid(t.data) THEN json_extract(t.data, '$.Phone') END))) AS unsubscribed"
)
"""The channels of a profile that are unsubscribed. A status is that of an address, so it counts for every profile that
has the address, whichever of the two arrived first (https://developer.clevertap.com/docs/subscribe-api)."""

PROFILES = Listing(
    "profiles",
    order="changed",
    condition="t.id IN (SELECT profile_id FROM profile_keys WHERE value = ?)",
    columns=f"t.*, {_KEYS}, {_UNSUBSCRIBED}",
    finish=_finish_profile,
)
EVENTS = Listing("events", order="id", condition="t.key = ?", finish=_finish_event)
TOKENS = Listing("tokens", order="rowid", condition="t.object_id = ?")
SUBSCRIPTIONS = Listing("subscriptions", order="rowid", condition="t.value = ?")

LOGS = (
    Listing("refused", order="id", condition="t.key = ?"),
    Listing("error_stream", order="id", condition="t.key = ?"),
    Listing("requests", order="id", condition="t.path = ?"),
)
"""The lists of what happened, whatever the kind of record."""


def read_list(
    connection: sqlite3.Connection,
    listing: Listing,
    *,
    limit: int = NO_LIMIT,
    offset: int = 0,
    newest: bool = False,
    only: str | None = None,
) -> dict[str, Any]:
    """Return one page of a list, oldest first.

    :param newest: newest first instead.
    :param only: an identity, objectId or subscription's value; for ``requests`` a path.
    :returns: ``items``, and ``total``, the number of items on all pages.
    """
    where, parameters = ("", ()) if only is None else (f"WHERE {listing.condition}", (only,))
    source = f"FROM {listing.table} t {where}"
    (total,) = connection.execute(f"SELECT count(*) {source}", parameters).fetchone()
    direction = "DESC" if newest else "ASC"
    cursor = connection.execute(
        f"SELECT {listing.columns} {source} ORDER BY t.{listing.order} {direction} LIMIT ? OFFSET ?",
        (*parameters, limit, offset),
    )
    return {"items": _items(listing, cursor), "total": total}


def read_items(connection: sqlite3.Connection, listing: Listing, places: Sequence[int]) -> list[dict[str, Any]]:
    """Return the entries at these places of a list, newest first.

    :param places: values of the column that the list is ordered by.
    """
    marks = ", ".join("?" * len(places))
    cursor = connection.execute(
        f"SELECT {listing.columns} FROM {listing.table} t WHERE t.{listing.order} IN ({marks})"  # noqa: S608 - our own names
        f" ORDER BY t.{listing.order} DESC",
        places,
    )
    return _items(listing, cursor)


def _items(listing: Listing, cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [_item(listing, dict(zip(names, row, strict=True))) for row in cursor]


def _item(listing: Listing, item: dict[str, Any]) -> dict[str, Any]:
    for column in _JSON_COLUMNS & item.keys():
        item[column] = msgspec.json.decode(item[column]) if item[column] else None
    for column in _BOOLEAN_COLUMNS & item.keys():
        item[column] = bool(item[column])
    listing.finish(item)
    return item
