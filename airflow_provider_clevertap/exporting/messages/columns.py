"""Columns of messages: the documented fields, the same whatever an answer has, and the others as JSON text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
import pyarrow as pa

from airflow_provider_clevertap.exporting.columns.arrays import texts

_TEXTS: Final = (
    "message_id", "message_name", "channel", "delivery", "start_date", "status", "device", "conversion_event",
)  # fmt: skip
_NUMBERS: Final = ("sent", "viewed", "clicked")
_LABELS: Final = "labels"
#: The day of the partition, and the fields that are not a column.
_DAY, _OTHER = "start_day", "other"
SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        (_DAY, pa.string()),
        *((name, pa.int64()) for name in _NUMBERS),
        (_LABELS, pa.list_(pa.string())),
        (_OTHER, pa.string()),
    ]
)
_MAX_NUMBER: Final = 2**63 - 1
#: A day at the start of a text: ``2026-11-03 09:30``, ``20261103``, ``202611030930``.
_DATE: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")


def start_day(message: Mapping[str, Any]) -> date | None:
    """Return the day on which a message began, by its own field; ``None`` when that cannot be read."""
    found = _DATE.match(str(message.get("start_date", "")).strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def message_table(messages: Sequence[Mapping[str, Any]], day: date) -> pa.Table:
    """Return the rows of the messages that began on a day. A value of another type than its column is in ``other``."""
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for message in messages:
        other = dict(message)
        for name in _TEXTS:
            columns[name].append(other.pop(name, None))
        for name in _NUMBERS:
            columns[name].append(other.pop(name) if _is_number(other.get(name)) else None)
        columns[_LABELS].append(other.pop(_LABELS) if _is_texts(other.get(_LABELS)) else None)
        columns[_DAY].append(day.isoformat())
        columns[_OTHER].append(msgspec.json.encode(other).decode())
    arrays = [
        texts(columns[field.name]) if field.type == pa.string() else pa.array(columns[field.name], field.type)
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_NUMBER


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
