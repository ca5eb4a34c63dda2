"""The kind of record of events, whose options belong to one load."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.arguments import read_text
from airflow_provider_clevertap.columns import ColumnChoice
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.mapping.parse import parse_named_columns
from airflow_provider_clevertap.loading.record_kinds.kind import OrderLines, RecordKind
from airflow_provider_clevertap.loading.record_kinds.profiles import PROFILES, owner_settings, profiles
from airflow_provider_clevertap.records.limits import EVENT_PROPERTIES, EVENTS_PER_CALL, FUTURE_SECONDS
from airflow_provider_clevertap.records.models.event import CHARGED, EVENT_SCHEMA, normalize_event_name, read_event_name
from airflow_provider_clevertap.records.texts.names import visible_name

#: Events with their name and time in columns. CleverTap stores an event that is sent twice as two events
#: (https://docs.clevertap.com/docs/map-data-for-import warns of these duplicates).
EVENTS: Final = RecordKind(
    name="events",
    record_type="event",
    schema=EVENT_SCHEMA,
    records_per_call=EVENTS_PER_CALL,
    repeatable=False,
    profile_update_kind=PROFILES,
)


def events(
    *,
    event_name: str | None = None,
    timestamp: Literal["now"] | None = None,
    property_limit: int = EVENT_PROPERTIES,
    future_seconds: int = FUTURE_SECONDS,
    group_by: str | None = None,
    items: Mapping[str, ColumnChoice] | Sequence[str] | None = None,
    identity_and_object_id: Literal["reject", "send"] = "reject",
) -> RecordKind:
    """Return the kind of record for one load of events.

    :param event_name: the name of all events, if no column has it.
    :param timestamp: ``"now"`` gives all events the time of this call, if no column has it.
    :param property_limit: the maximum number of properties of one event; an account may have another limit than 100.
    :param future_seconds: how many seconds in the future an event may be; later events are rejected as mistakes.
    :param group_by: the column with the order's id; consecutive rows with the same value make one ``Charged`` event.
    :param items: the columns of each item of an order: names, or a mapping as for the columns of a load.
    :param identity_and_object_id: as for :func:`profiles`.
    :raises ConfigurationError: when an argument is not allowed.
    """
    constants: dict[str, Any] = {}
    event_name = read_text("event_name", event_name)
    lines = _order_lines(read_text("group_by", group_by), items)
    if lines is not None:
        event_name = "Charged" if event_name is None else event_name
        if normalize_event_name(event_name) != CHARGED:
            raise ConfigurationError(f"event_name={event_name!r}: group_by and items make Charged events only")
    if event_name is not None:
        try:
            constants["evtName"] = read_event_name(event_name)
        except PydanticCustomError as error:
            raise ConfigurationError(f"event_name={event_name!r}: {error.message()}") from None
    if timestamp not in (None, "now"):
        raise ConfigurationError(f"timestamp={timestamp!r} is not allowed: use 'now', or map a column to ts")
    if type(property_limit) is not int or type(future_seconds) is not int:
        raise ConfigurationError("property_limit and future_seconds must be whole numbers")
    if property_limit < 1 or future_seconds < 0:
        raise ConfigurationError("property_limit must be 1 or more, and future_seconds 0 or more")
    now = int(time.time())
    if timestamp == "now":
        # Set here and not by CleverTap: an event that is sent again must keep its time.
        constants["ts"] = now
    of_owner = owner_settings(identity_and_object_id)
    return replace(
        EVENTS,
        constants=constants,
        settings={"property_limit": property_limit, "latest_ts": now + future_seconds, **of_owner},
        lines=lines,
        profile_update_kind=profiles(identity_and_object_id=identity_and_object_id),
        started_at=now,
    )


def _order_lines(group_by: str | None, items: Mapping[str, ColumnChoice] | Sequence[str] | None) -> OrderLines | None:
    if group_by is None and items is None:
        return None
    if group_by is None or items is None:
        given, missing = ("items", "group_by") if group_by is None else ("group_by", "items")
        raise ConfigurationError(
            f"{given} needs {missing}: group_by is the column with the order's id, items the columns of what is sold"
        )
    if not group_by:
        raise ConfigurationError("group_by must be the name of the column that holds the order's id")
    return OrderLines(visible_name(group_by), parse_named_columns("items", items))
