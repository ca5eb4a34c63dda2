"""Reads what is stored: the lists, the totals, and a profile as ``/1/profile.json`` shows it."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.kinds import KINDS
from airflow_provider_clevertap.emulator.storage.listings import LOGS, Listing

LISTS: dict[str, Listing] = {listing.table: listing for listing in (*(kind.listing for kind in KINDS.values()), *LOGS)}
"""The lists by name."""

PROFILE_KEYS = {"identity": "identity", "objectId": "objectId", "email": "Email"}
"""What ``GET /1/profile.json`` finds a profile by."""

_PLATFORMS = {
    "apns": "iOS",
    "fcm": "Android",
    "gcm": "Android",
    "wns": "Windows",
    "mpns": "Windows",
    "chrome": "Web",
}


def read_totals(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return the numbers of records, stored items and requests."""

    def counts(query: str) -> dict[str, int]:
        return {str(key): count for key, count in connection.execute(query)}

    def count(table: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names

    records = {kind: {"received": 0, "accepted": 0, "refused": 0} for kind in KINDS}
    for kind, received, accepted, rejected in connection.execute("SELECT * FROM totals ORDER BY kind"):
        records[kind] = {"received": received, "accepted": accepted, "refused": rejected}
    (requests, faults) = connection.execute("SELECT count(*), coalesce(sum(fault <> ''), 0) FROM requests").fetchone()
    return {
        **{word: sum(numbers[word] for numbers in records.values()) for word in ("received", "accepted", "refused")},
        "kinds": records,
        "stored": {kind.listing.table: count(kind.listing.table) for kind in KINDS.values()},
        "refused_codes": counts("SELECT code, count(*) FROM refused GROUP BY code ORDER BY code"),
        "error_stream": count("error_stream"),
        "requests": requests,
        "requests_by_status": counts(
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
    properties = msgspec.json.decode(data)
    identity = connection.execute(
        "SELECT value FROM profile_keys WHERE profile_id = ? AND kind = 'identity'", (profile_id,)
    ).fetchone()
    record = {
        "identity": identity[0] if identity else None,
        "email": email,
        "name": name if isinstance(name := properties.get("Name"), str) else None,
        "profileData": properties,
        "events": _events_of(connection, profile_id),
        "platformInfo": _devices_of(connection, profile_id),
    }
    return {name: value for name, value in record.items() if value is not None}


def _events_of(connection: sqlite3.Connection, profile_id: int) -> dict[str, Any]:
    rows = connection.execute(
        "SELECT t.name, count(*), min(e.ts), max(e.ts) FROM events e JOIN event_types t ON t.id = e.type_id"
        " WHERE e.profile_id = ? GROUP BY t.id",
        (profile_id,),
    )
    return {name: {"count": count, "first_seen": first, "last_seen": last} for name, count, first, last in rows}


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
