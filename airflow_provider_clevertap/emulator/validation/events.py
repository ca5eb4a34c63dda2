"""Validate an event record (https://developer.clevertap.com/docs/upload-events-api)."""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.validation.common import (
    FORBIDDEN_IN_KEYS,
    Key,
    RecordRejected,
    ValidationContext,
    identifiers_of_profile,
    is_kept_key,
    is_kept_value,
    keys_of,
    time_of,
)

CHARGED_ITEMS = 256
"""Items in one ``Charged`` event."""


def name_key(name: str) -> str:
    """Return an event name as CleverTap compares it: without case and spaces."""
    return name.replace(" ", "").lower()


RESTRICTED_EVENTS = frozenset(
    name_key(name)
    for name in (
        "Notification Sent",
        "Notification Viewed",
        "Notification Clicked",
        "Notification Delivered",
        "Notification Replied",
        "UTM Visited",
        "App Launched",
        "App Uninstalled",
        "App Version Changed",
        "Stayed",
        "Reply Sent",
        "Experiment Rendered",
        "Reachable By",
        "Identity Set",
        "Identity Reset",
        "Identity Error",
    )
)
"""System events the API does not accept. ``Charged``, also a system event, is accepted."""

_ANY_CHARACTER = str.maketrans(dict.fromkeys(FORBIDDEN_IN_KEYS, "_"))

WEB_PAGE_VIEWED = name_key("Web Page Viewed")
"""An event that no page lists, and that CleverTap rejected in an answer recorded in 2024."""


class EventRecord(NamedTuple):
    """An event record that passed validation.

    :param is_dropped: answered with success, then left out, because its name breaks a limit.
    :param ts: UNIX seconds.
    :param device: an objectId that leads to the profile as well.
    """

    number: int
    key: Key
    name: str
    data: dict[str, Any]
    ts: int
    is_dropped: bool
    device: Key | None = None

    @property
    def profile_keys(self) -> tuple[Key, ...]:
        """Return the identifiers of the profile."""
        return keys_of(self.key, self.device)


def read_event(context: ValidationContext, record: dict[str, Any]) -> EventRecord:
    """Read one event record.

    :raises RecordRejected: the record is rejected.
    """
    key, device = identifiers_of_profile(context, record)
    ts = time_of(context, record)
    name = _name_of(record, context.settings)
    data = record.get("evtData", {} if context.settings.missing_event_data == "accept" else None)
    if type(data) is not dict:
        raise RecordRejected(512, "evtData is missing or not an object")
    max_properties = context.settings.max_event_properties
    if len(data) > max_properties:
        raise RecordRejected(522, max_properties)
    is_charged = name_key(name) == "charged"
    items = _items_of(context, data) if is_charged and "Items" in data else None
    accepted = context.settings.event_names == "accept"
    is_dropped = not is_kept_key(context, name.translate(_ANY_CHARACTER) if accepted else name)
    kept = _kept_properties(context, data, ignore="Items" if items is not None else None)
    if items is not None:
        kept["Items"] = items
    return EventRecord(context.number, key, name, kept, ts, is_dropped, device)


def _name_of(record: dict[str, Any], settings: Settings) -> str:
    name = record.get("evtName")
    if name is None or (type(name) is str and not name.strip()):
        raise RecordRejected(509)
    if type(name) is not str:
        raise RecordRejected(512, "evtName is not a text")
    compared = name_key(name)
    is_refused = compared == WEB_PAGE_VIEWED and settings.web_page_viewed == "refuse"
    is_restricted = compared in RESTRICTED_EVENTS and settings.restricted_events == "refuse"
    if is_restricted or is_refused:
        raise RecordRejected(513)
    if any(compared == name_key(discarded) for discarded in settings.discarded_events):
        raise RecordRejected(528)
    return name


def _items_of(context: ValidationContext, data: dict[str, Any]) -> list[dict[str, Any]]:
    items = data["Items"]
    if type(items) is not list or not all(type(item) is dict for item in items):
        raise RecordRejected(512, "Items is not a list of objects")
    if len(items) > CHARGED_ITEMS and not context.undocumented("Items", f"more than {CHARGED_ITEMS} items"):
        items = items[:CHARGED_ITEMS]
    return [_kept_properties(context, item) for item in items]


def _kept_properties(context: ValidationContext, data: dict[str, Any], ignore: str | None = None) -> dict[str, Any]:
    return {
        name: value
        for name, value in data.items()
        if name != ignore and is_kept_key(context, name) and is_kept_value(context, name, value)
    }
