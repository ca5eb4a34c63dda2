"""Reads what has arrived: the answer of ``/1/profile.json``, the lists of the admin endpoints, the totals."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.validation.batch import KINDS

PROFILE_KEYS = {"identity": "identity", "objectId": "objectId", "email": "Email"}
"""What ``GET /1/profile.json`` finds a profile by."""

_JSON_COLUMNS = frozenset({"data", "keys", "record"})
_FLAGS = frozenset({"dry_run", "stored"})

_SELECTS = {
    "profiles": (
        "SELECT p.*, (SELECT json_group_array(json_array(kind, value)) FROM profile_keys"
        " WHERE profile_id = p.id) AS keys FROM profiles p {where} ORDER BY {order} LIMIT ? OFFSET ?",
        "p.changed",
        "p.id IN (SELECT profile_id FROM profile_keys WHERE value = ?)",
    ),
    "events": ("SELECT * FROM events {where} ORDER BY {order} LIMIT ? OFFSET ?", "id", "key = ?"),
    "tokens": (
        "SELECT * FROM tokens {where} ORDER BY {order} LIMIT ? OFFSET ?",
        "rowid",
        "object_id = ?",
    ),
    "refused": ("SELECT * FROM refused {where} ORDER BY {order} LIMIT ? OFFSET ?", "id", "key = ?"),
    "error_stream": ("SELECT * FROM error_stream {where} ORDER BY {order} LIMIT ? OFFSET ?", "id", "key = ?"),
    "requests": ("SELECT * FROM requests {where} ORDER BY {order} LIMIT ? OFFSET ?", "id", "path = ?"),
}
"""By list: the query, what it is ordered by, and the condition of its filter."""

LISTS = tuple(_SELECTS)

EVERYTHING = -1
"""A limit that limits nothing."""


def listed(
    connection: sqlite3.Connection,
    name: str,
    *,
    limit: int = EVERYTHING,
    offset: int = 0,
    newest: bool = False,
    only: str | None = None,
) -> dict[str, Any]:
    """Return one page of a list, oldest first.

    :param name: one of :data:`LISTS`.
    :param newest: newest first instead.
    :param only: an identity or objectId; for ``requests`` a path.
    :returns: ``items``, and ``total``, the number of items on all pages.
    """
    (select, order, condition) = _SELECTS[name]
    where = "" if only is None else f"WHERE {condition}"
    chosen = () if only is None else (only,)
    table = f"{name} p" if name == "profiles" else name
    (total,) = connection.execute(f"SELECT count(*) FROM {table} {where}", chosen).fetchone()  # noqa: S608 - our own words
    cursor = connection.execute(
        select.format(where=where, order=f"{order} DESC" if newest else order), (*chosen, limit, offset)
    )
    names = [column[0] for column in cursor.description]
    return {"items": [_item(name, dict(zip(names, row, strict=True))) for row in cursor], "total": total}


def _item(name: str, item: dict[str, Any]) -> dict[str, Any]:
    for column in _JSON_COLUMNS & item.keys():
        item[column] = msgspec.json.decode(item[column]) if item[column] else None
    for column in _FLAGS & item.keys():
        item[column] = bool(item[column])
    if name == "profiles":
        del item["changed"]
        keys: dict[str, list[str]] = {}
        for kind, value in item["keys"]:
            keys.setdefault(kind, []).append(value)
        item["keys"] = keys
        item["identity"] = keys.get("identity", [None])[0]
    elif name == "events":
        del item["type_id"]
        item["identity"] = item["key"] if item["key_kind"] == "identity" else None
    return item


def totals(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return what has arrived in numbers."""

    def counted(query: str) -> dict[str, int]:
        return {str(key): count for key, count in connection.execute(query)}

    kinds = {kind: {"received": 0, "accepted": 0, "refused": 0} for kind in KINDS}
    for kind, received, accepted, refused in connection.execute("SELECT * FROM totals ORDER BY kind"):
        kinds[kind] = {"received": received, "accepted": accepted, "refused": refused}
    (requests, faults) = connection.execute("SELECT count(*), coalesce(sum(fault <> ''), 0) FROM requests").fetchone()
    return {
        **{word: sum(one[word] for one in kinds.values()) for word in ("received", "accepted", "refused")},
        "kinds": kinds,
        "stored": {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - our own names
            for name in ("profiles", "events", "tokens")
        },
        "refused_codes": counted("SELECT code, count(*) FROM refused GROUP BY code ORDER BY code"),
        "error_stream": connection.execute("SELECT count(*) FROM error_stream").fetchone()[0],
        "requests": requests,
        "requests_by_status": counted(
            "SELECT coalesce(status, 'none'), count(*) FROM requests GROUP BY status ORDER BY status"
        ),
        "requests_with_fault": faults,
    }


def find_profile(connection: sqlite3.Connection, by: str, value: str) -> dict[str, Any] | None:
    """Return a profile as ``GET /1/profile.json`` shows it, or ``None``.

    Of several profiles with one e-mail address, the one changed last (our choice).

    :param by: ``identity``, ``objectId`` or ``email``.
    """
    if by == "email":
        query = "SELECT id, email, data FROM profiles WHERE email = ? ORDER BY changed DESC LIMIT 1"
        row = connection.execute(query, (value,)).fetchone()
    else:
        row = connection.execute(
            "SELECT p.id, p.email, p.data FROM profile_keys k JOIN profiles p ON p.id = k.profile_id"
            " WHERE k.value = ? AND k.kind = ?",
            (value, by),
        ).fetchone()
    if row is None:
        return None
    (profile_id, email, data) = row
    record = {
        "profileData": msgspec.json.decode(data),
        "events": _events_of(connection, profile_id),
        "platformInfo": _devices_of(connection, profile_id),
    }
    return record if email is None else {"email": email, **record}


def _events_of(connection: sqlite3.Connection, profile_id: int) -> dict[str, Any]:
    rows = connection.execute(
        "SELECT t.name, count(*), min(e.ts), max(e.ts) FROM events e JOIN event_types t ON t.id = e.type_id"
        " WHERE e.profile_id = ? GROUP BY t.id",
        (profile_id,),
    )
    return {name: {"count": count, "first_seen": first, "last_seen": last} for name, count, first, last in rows}


_PLATFORMS = {
    "apns": "iOS",
    "fcm": "Android",
    "gcm": "Android",
    "wns": "Windows",
    "mpns": "Windows",
    "chrome": "Web",
}


def _devices_of(connection: sqlite3.Connection, profile_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT k.value, t.token_type, t.token FROM profile_keys k LEFT JOIN tokens t ON t.object_id = k.value"
        " WHERE k.profile_id = ? AND k.kind = 'objectId' ORDER BY k.value",
        (profile_id,),
    )
    return [
        {"objectId": object_id}
        if token is None
        else {"platform": _PLATFORMS[token_type], "objectId": object_id, "push_token": token}
        for object_id, token_type, token in rows
    ]
