"""Columns of exported events: fixed ones, the same whatever the events of a day have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo
from operator import attrgetter
from typing import Any, Final

import pyarrow as pa

from airflow_provider_clevertap.api.exports.pages import EventProfile, EventRecord
from airflow_provider_clevertap.exported.project_time import Seconds, local_seconds, to_utc
from airflow_provider_clevertap.exporting.columns.arrays import (
    INSTANT,
    LOCAL_TIME,
    constant,
    instants,
    json_texts,
    texts,
)
from airflow_provider_clevertap.exporting.columns.declared import DeclaredColumns

#: What ``include`` may add: the part CleverTap is asked for, and the columns with their fields of the record's profile.
INCLUDED: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "profile": ("profile", {"email": "email", "profile": "profile_data"}),
    "app": (
        "app",
        {
            "make": "make",
            "model": "model",
            "os_version": "os_version",
            "app_version": "app_version",
            "device_flags": "device_flags",
        },
    ),
    "event_summary": ("events", {"event_summary": "event_summary"}),
    "push_token": ("app", {"push_token": "push_token"}),
}
#: Fields that are JSON.
_JSON: Final = frozenset({"profile_data", "event_summary", "device_flags"})
_NO_PROFILE: Final = EventProfile()


class EventColumns:
    """Makes the columns of one event's records.

    :param event: the event's name.
    :param zone: the project's time zone.
    :param include: what to add: keys of ``INCLUDED``.
    :param declared: the columns declared for properties.
    """

    def __init__(self, event: str, zone: tzinfo, include: Collection[str], declared: DeclaredColumns) -> None:
        self._event = event
        self._zone = zone
        self._declared = declared
        #: how many values of each declared property do not have its type
        self.unfit: Counter[str] = Counter()
        added = {column: field for part in INCLUDED if part in include for column, field in INCLUDED[part][1].items()}
        #: the columns that are fields of the record's profile, in their order
        self._profile_fields = {"identity": "identity", "object_id": "object_id", "platform": "platform", **added}
        self.schema = event_schema(include, declared)

    def table(self, records: Sequence[EventRecord], local: Seconds) -> pa.Table:
        """Return the rows of records.

        :param records: the records.
        :param local: their local times, see :func:`local_times`.
        """
        profiles = [record.profile or _NO_PROFILE for record in records]
        columns: dict[str, pa.Array] = {
            "event_name": constant(self._event, len(records)),
            "ts": instants(to_utc(local, self._zone)),
            "ts_local": instants(local, LOCAL_TIME),
        }
        for name, field in self._profile_fields.items():
            values = list(map(attrgetter(field), profiles))
            columns[name] = json_texts(values) if field in _JSON else texts(values)
        columns.update(self._declared.columns([record.properties for record in records], self.unfit))
        columns["session"] = json_texts([record.session for record in records])
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)


def local_times(records: Sequence[EventRecord]) -> Seconds:
    """Return the local times of records in seconds, see ``project_time.local_seconds``."""
    return local_seconds([record.ts for record in records])


def event_schema(include: Collection[str], declared: DeclaredColumns) -> pa.Schema:
    """Return the columns of exported events."""
    fields: dict[str, Any] = {"event_name": pa.string(), "ts": INSTANT, "ts_local": LOCAL_TIME}
    names = ["identity", "object_id", "platform"]
    names += [column for part, (_, added) in INCLUDED.items() if part in include for column in added]
    fields.update(dict.fromkeys(names, pa.string()))
    return pa.schema([*fields.items(), *declared.fields.items(), ("session", pa.string())])


def asked_parts(include: Collection[str]) -> list[str]:
    """Return the parts of records that CleverTap has to be asked for."""
    return sorted({INCLUDED[name][0] for name in include})
