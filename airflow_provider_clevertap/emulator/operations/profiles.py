"""Delete, demerge and disassociate profiles. CleverTap queues the first two, and does them at night.

https://developer.clevertap.com/docs/delete-user-profile-api, demerge-user-profile-api and disassociate-api. The answers
are those that clients expect; that an unknown id is a success, and what is left of a profile, are choices.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from airflow_provider_clevertap.emulator.export.query import read_body
from airflow_provider_clevertap.emulator.export.rejections import malformed
from airflow_provider_clevertap.emulator.export.state import Moment
from airflow_provider_clevertap.emulator.replies import Reply, json_reply
from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.validation.common import identity_text
from airflow_provider_clevertap.emulator.validation.profiles import is_phone

IDS_PER_REQUEST = 100
"""Profiles in one request (both pages)."""

PHONES_PER_REQUEST = 1000

_SUCCESS = {"status": "success"}


def delete(moment: Moment, body: bytes, stores: bool) -> Reply:
    """Answer a request to delete profiles, by ``identity`` or by ``guid``.

    :param stores: whether to queue them; a fault may keep them from it.
    :raises QueryRejected: it names both, or neither, or too many.
    """
    fields = read_body(body)
    given = [name for name in ("identity", "guid") if name in fields]
    if len(given) != 1:
        raise malformed()
    return _queue(moment, "delete", "identity" if given == ["identity"] else "objectId", fields[given[0]], stores)


def demerge(moment: Moment, body: bytes, stores: bool) -> Reply:
    """Answer a request to demerge profiles, by ``identities``.

    :param stores: whether to queue them.
    :raises QueryRejected: it names none, or too many.
    """
    return _queue(moment, "demerge", "identity", read_body(body).get("identities"), stores)


def _queue(moment: Moment, operation: str, kind: str, given: Any, stores: bool) -> Reply:
    values = [identity_text(value) for value in (given if isinstance(given, list) else [given])]
    if not 1 <= len(values) <= IDS_PER_REQUEST or None in values:
        raise malformed()
    if stores:
        moment.connection.executemany(
            "INSERT INTO night_queue VALUES (NULL, ?, ?, ?)", [(operation, kind, value) for value in values]
        )
    return json_reply(200, _SUCCESS)


def disassociate(moment: Moment, body: bytes, stores: bool) -> Reply:
    """Answer a request to take phone numbers from their profiles, which is done at once.

    :param stores: whether to do it.
    :raises QueryRejected: there is no list of records, or it is too long.
    """
    records = read_body(body).get("d")
    if not isinstance(records, list) or not 1 <= len(records) <= PHONES_PER_REQUEST:
        raise malformed()
    unprocessed = []
    for number, record in enumerate(records, 1):
        value = record.get("value") if isinstance(record, dict) and record.get("type") == "phone" else None
        if not is_phone(value):
            error = f"Phone number is not valid.Skipped record number : {number}"
            unprocessed.append({"status": "fail", "code": 516, "error": error, "record": record})
        elif stores:
            _take_phone(moment.connection, str(value))
    moment.state.pages.forget()
    processed = len(records) - len(unprocessed)
    status = "success" if not unprocessed else "partial" if processed else "fail"
    return json_reply(200, {"status": status, "processed": processed, "unprocessed": unprocessed})


def _take_phone(connection: sqlite3.Connection, phone: str) -> None:
    connection.execute(
        "UPDATE profiles SET data = json_remove(data, '$.Phone')"
        " WHERE json_valid(data) AND json_extract(data, '$.Phone') = ?",
        (phone,),
    )


def run_night(connection: sqlite3.Connection, settings: Settings) -> int:
    """Do what was queued, as CleverTap does at night; return how many profiles were changed."""
    queued = connection.execute("SELECT operation, kind, value FROM night_queue ORDER BY id").fetchall()
    connection.execute("DELETE FROM night_queue")
    changed = 0
    for operation, kind, value in queued:
        found = connection.execute(
            "SELECT profile_id FROM profile_keys WHERE value = ? AND kind = ?", (value, kind)
        ).fetchone()
        if found is None:
            continue
        changed += 1
        if operation == "delete":
            _delete(connection, found[0], settings)
        else:
            _demerge(connection, found[0])
    return changed


def _delete(connection: sqlite3.Connection, profile_id: int, settings: Settings) -> None:
    connection.execute(
        "DELETE FROM tokens WHERE object_id IN (SELECT value FROM profile_keys WHERE profile_id = ?)", (profile_id,)
    )
    connection.execute("DELETE FROM profile_keys WHERE profile_id = ?", (profile_id,))
    if settings.deleted_events == "delete":
        connection.execute("DELETE FROM events WHERE profile_id = ?", (profile_id,))
        connection.execute("DELETE FROM profiles WHERE id = ?", (profile_id,))
    else:
        # Its events still need somebody, who is nobody from now on.
        connection.execute("UPDATE profiles SET email = NULL, data = '{}' WHERE id = ?", (profile_id,))


def _demerge(connection: sqlite3.Connection, profile_id: int) -> None:
    """Take the identity from a profile; its first device keeps it, and the others get an empty one each."""
    connection.execute("DELETE FROM profile_keys WHERE profile_id = ? AND kind = 'identity'", (profile_id,))
    devices = connection.execute(
        "SELECT value FROM profile_keys WHERE profile_id = ? AND kind = 'objectId' ORDER BY value", (profile_id,)
    ).fetchall()
    for (device,) in devices[1:]:
        cursor = connection.execute(
            "INSERT INTO profiles SELECT NULL, NULL, '{}', created_at, updated_at, 0,"
            " (SELECT max(changed) + 1 FROM profiles) FROM profiles WHERE id = ?",
            (profile_id,),
        )
        connection.execute(
            "UPDATE profile_keys SET profile_id = ? WHERE value = ? AND kind = 'objectId'", (cursor.lastrowid, device)
        )
