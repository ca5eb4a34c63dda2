"""The runs of cloud exports: events that arrived since the last run, or the profiles as they are.

Written from https://docs.clevertap.com/docs/cloud-exports and https://docs.clevertap.com/docs/profile-exports. Names of
files: ``<request>-<run>-<event>-<day>-<part>-<database>.json`` for events, ``<account>-<request>-<run>-<database>`` and
``.json.gz`` or ``.csv.gz`` for profiles.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from airflow_provider_clevertap.emulator.export.cloud.files import (
    FileFormat,
    dotted,
    name_part,
    write_lines,
    write_table,
)
from airflow_provider_clevertap.emulator.export.paging.walks import BUCKETS

_EVENTS = (
    "SELECT e.id, e.ts, t.name, e.data, e.profile_id FROM events e JOIN event_types t ON t.id = e.type_id"
    f" WHERE e.id > ? ORDER BY t.name, e.profile_id % {BUCKETS}, e.ts, e.id"
)
_KEYS = "SELECT kind, value FROM profile_keys WHERE profile_id = ? ORDER BY value"
_TOKEN = (
    "SELECT t.token_type, t.token FROM profile_keys k JOIN tokens t ON t.object_id = k.value"
    " WHERE k.profile_id = ? AND k.kind = 'objectId' ORDER BY k.value LIMIT 1"
)
_PLATFORMS = {"apns": "iOS", "fcm": "Android", "gcm": "Android", "chrome": "Web"}
_PROFILE_COLUMNS = ("identity", "all_identities", "clevertapId", "token")


class CloudRun(NamedTuple):
    """One run of a cloud export.

    :param directory: where its files go.
    :param file_format: ``json``, or ``csv``.
    :param account_id: part of the names of files with profiles.
    :param request_id: the export; its runs follow each other.
    :param started: the time of the run, UNIX seconds, part of the names.
    :param zone: the time zone of the project.
    """

    directory: Path
    file_format: FileFormat
    account_id: str
    request_id: int
    started: int
    zone: str


class CloudExports:
    """Writes cloud exports. Used in the database's thread only."""

    def __init__(self) -> None:
        self._last_events: dict[int, int] = {}

    def clear(self) -> None:
        """Begin all exports again."""
        self._last_events = {}

    def write_events(self, connection: sqlite3.Connection, run: CloudRun) -> list[Path]:
        """Write the events that arrived since the last run of the export: a file for each event, day and database.

        Late events come with the next run, below their own day.
        """
        rows = connection.execute(_EVENTS, (self._last_events.get(run.request_id, 0),)).fetchall()
        if rows:
            self._last_events[run.request_id] = max(row[0] for row in rows)
        zone = ZoneInfo(run.zone)
        people = {row[4]: _person(connection, row[4]) for row in rows}
        paths = []
        by_file = sorted(
            (name, f"{(moment := datetime.fromtimestamp(ts, zone)):%Y%m%d}", profile % BUCKETS, moment, data, profile)
            for _, ts, name, data, profile in rows
            if ts < _FIRST_IMPOSSIBLE
        )
        for (name, day, database), group in groupby(by_file, key=lambda row: row[:3]):
            events = [_event(name, moment, data, people[profile]) for *_, moment, data, profile in group]
            file = f"{run.request_id}-{run.started}-{name_part(name)}-{day}-0-{database}.{run.file_format}"
            paths.append(_write_events(run.directory / file, run.file_format, name, events))
        return paths

    def write_profiles(self, connection: sqlite3.Connection, run: CloudRun) -> list[Path]:
        """Write all profiles as they are: a file for each database."""
        people: dict[int, list[dict[str, Any]]] = {}
        for profile_id, data in connection.execute("SELECT id, data FROM profiles ORDER BY id").fetchall():
            people.setdefault(profile_id % BUCKETS, []).append(_profile(connection, profile_id, data))
        paths = []
        for database, rows in sorted(people.items()):
            name = f"{run.account_id}-{run.request_id}-{run.started}-{database}.{run.file_format}.gz"
            path = run.directory / name
            if run.file_format == "csv":
                paths.append(write_table(path, [dict(dotted(row)) for row in rows], _PROFILE_COLUMNS))
            else:
                paths.append(write_lines(path, map(msgspec.json.encode, rows)))
        return paths


_FIRST_IMPOSSIBLE = 253_402_214_400
"""31 December 9999: dates do not go further."""


def _write_events(path: Path, file_format: FileFormat, name: str, events: list[dict[str, Any]]) -> Path:
    if file_format == "csv":
        return write_table(path, [dict(dotted(event)) for event in events], ("eventName", "ts"))
    return write_lines(path, [name.encode(), *map(msgspec.json.encode, events)])


def _event(name: str, moment: datetime, data: str, person: dict[str, Any]) -> dict[str, Any]:
    return {
        "profile": person,
        "ts": int(f"{moment:%Y%m%d%H%M%S}"),
        "eventName": name,
        "eventProps": msgspec.json.decode(data),
        "deviceInfo": {},
        "sessionProps": {},
    }


def _person(connection: sqlite3.Connection, profile_id: int) -> dict[str, Any]:
    (data,) = connection.execute("SELECT data FROM profiles WHERE id = ?", (profile_id,)).fetchone()
    properties = msgspec.json.decode(data)
    keys = _keys(connection, profile_id)
    token = connection.execute(_TOKEN, (profile_id,)).fetchone()
    person = {
        "identity": next(iter(keys.get("identity", [])), None),
        "objectId": next(iter(keys.get("objectId", [])), None),
        "all_identities": keys.get("identity", []),
        "platform": _PLATFORMS.get(token[0], "Windows") if token else None,
        "phone": properties.get("Phone"),
        "name": properties.get("Name"),
        "email": properties.get("Email"),
        "push_token": token[1] if token else None,
    }
    return {name: value for name, value in person.items() if value is not None}


def _profile(connection: sqlite3.Connection, profile_id: int, data: str) -> dict[str, Any]:
    properties = msgspec.json.decode(data)
    groups = {
        group: "Unsubscribed" if field == "category-unsubscribe" else "Subscribed"
        for field in ("category-resubscribe", "category-unsubscribe")
        for group in _groups(properties.pop(field, None))
    }
    keys = _keys(connection, profile_id)
    token = connection.execute(_TOKEN, (profile_id,)).fetchone()
    found = {
        "identity": next(iter(keys.get("identity", [])), None),
        "all_identities": keys.get("identity", []),
        "clevertapId": next(iter(keys.get("objectId", [])), f"__{profile_id:032x}"),
        "clevertapIds": keys.get("objectId", []),
        "token": token[1] if token else None,
        "subscriptionGroups": groups or None,
    }
    return {**{name: value for name, value in found.items() if value is not None}, **properties}


def _keys(connection: sqlite3.Connection, profile_id: int) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for kind, value in connection.execute(_KEYS, (profile_id,)):
        keys.setdefault(kind, []).append(value)
    return keys


def _groups(channels: object) -> Iterator[str]:
    if isinstance(channels, dict):
        for groups in channels.values():
            yield from groups if isinstance(groups, list) else ()
