"""The names of events, properties and subscription groups that an account has."""

from __future__ import annotations

import sqlite3
from typing import Any

from airflow_provider_clevertap.emulator.export.rejections import invalid
from airflow_provider_clevertap.emulator.settings import Settings

_PROPERTIES = (
    "SELECT DISTINCT j.key FROM profiles p, json_each(CASE WHEN json_valid(p.data) THEN p.data ELSE '{}' END) j"
    " ORDER BY j.key"
)
_GROUPS = (
    "SELECT DISTINCT g.value FROM profiles p, json_each(CASE WHEN json_valid(p.data) THEN p.data ELSE '{}' END) j,"
    " json_each(j.value) c, json_each(c.value) g WHERE j.key IN ('category-unsubscribe', 'category-resubscribe')"
    " ORDER BY g.value"
)


def read_schema(connection: sqlite3.Connection, kind: str | None, settings: Settings) -> dict[str, Any]:
    """Answer a call for the names of events or of the properties of profiles.

    Discarded events stay in the list, because their past can still be exported.

    :param kind: ``events`` or ``userProperties``.
    :raises QueryRejected: it is neither.
    """
    if kind == "events":
        found = connection.execute("SELECT name FROM event_types ORDER BY id").fetchall()
        names = [*settings.system_events, *(name for (name,) in found)]
    elif kind == "userProperties":
        names = [name for (name,) in connection.execute(_PROPERTIES)]
    else:
        raise invalid("Invalid type")
    return {"status": "success", kind: [{"name": name} for name in dict.fromkeys(names)]}


def read_groups(connection: sqlite3.Connection) -> dict[str, Any]:
    """Answer a call for the subscription groups: those that profiles name."""
    names = [name for (name,) in connection.execute(_GROUPS)]
    return {"status": "success", "list": [{"key": key, "name": name} for key, name in enumerate(names, 1)]}
