"""Columns of exported profiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from airflow_provider_clevertap.api.exports.pages import ProfileRecord
from airflow_provider_clevertap.api.response_body import ABSENT, UNREADABLE
from airflow_provider_clevertap.exporting.columns.arrays import json_texts, texts
from airflow_provider_clevertap.exporting.columns.declared import DeclaredColumns
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy

TEXTS: Final = pa.list_(pa.string())
#: What ``include`` asks CleverTap for.
_PARTS: Final[Mapping[str, str]] = {
    "profile": "profile",
    "app": "app",
    "event_summary": "events",
    "push_token": "app",
}
_DEVICES: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_SCALAR: Final = msgspec.json.Decoder(float_hook=str)
_ENCODER: Final = msgspec.json.Encoder()


class ProfileColumns:
    """Makes the columns of profiles.

    :param include: what to write: ``"profile"``, ``"app"``, ``"event_summary"``, ``"push_token"``.
    :param declared: the columns declared for properties.
    """

    def __init__(self, include: Collection[str], declared: DeclaredColumns) -> None:
        self._include = frozenset(include)
        self._declared = declared
        self.schema = profile_schema(include, declared)
        #: how many values of each declared property do not have its type
        self.unfit: Counter[str] = Counter()

    def table(self, records: Sequence[ProfileRecord]) -> pa.Table:
        """Return the rows of a page."""
        devices = [_devices(record) for record in records]
        columns: dict[str, Any] = {
            "identity": texts([record.identity for record in records]),
            "object_ids": _lists([_object_ids(record, of) for record, of in zip(records, devices, strict=True)]),
        }
        if "profile" in self._include:
            columns["email"] = texts([record.email for record in records])
            columns["name"] = texts([record.name for record in records])
            columns.update(self._declared.columns([record.properties for record in records], self.unfit))
        if "event_summary" in self._include:
            columns["event_summary"] = json_texts([record.event_summary for record in records])
        if "push_token" in self._include:
            columns["push_tokens"] = _lists([_scalars(of, "push_token") for of in devices])
        if "app" in self._include:
            columns["devices"] = json_texts([_without_tokens(of) for of in devices])
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)


def profile_schema(include: Collection[str], declared: DeclaredColumns) -> pa.Schema:
    """Return the columns of exported profiles."""
    fields: list[tuple[str, pa.DataType]] = [("identity", pa.string()), ("object_ids", TEXTS)]
    if "profile" in include:
        fields += [("email", pa.string()), ("name", pa.string()), *declared.fields.items()]
    fields += [("event_summary", pa.string())] if "event_summary" in include else []
    fields += [("push_tokens", TEXTS)] if "push_token" in include else []
    fields += [("devices", pa.string())] if "app" in include else []
    return pa.schema(fields)


def asked_parts(include: Collection[str]) -> list[str]:
    """Return the parts of records that CleverTap has to be asked for."""
    return sorted({_PARTS[name] for name in include})


def keys(records: Sequence[ProfileRecord]) -> pa.Array:
    """Return what distinguishes people: their identity, else the CleverTap ID of their first device, else nothing."""
    found = []
    for record, identity in zip(records, texts([record.identity for record in records]).to_pylist(), strict=True):
        object_ids = [] if identity else _object_ids(record, _devices(record))
        found.append(f"i{identity}" if identity else f"o{object_ids[0]}" if object_ids else None)
    return texts(found)


def _devices(record: ProfileRecord) -> list[dict[str, msgspec.Raw]]:
    try:
        return _DEVICES.decode(record.devices) if memoryview(record.devices) else []
    except UNREADABLE:  # null, or another form
        return []


def _object_ids(record: ProfileRecord, devices: Sequence[Mapping[str, msgspec.Raw]]) -> list[str]:
    first = [record.object_id] if isinstance(record.object_id, str) and record.object_id else []
    return list(dict.fromkeys([*first, *_scalars(devices, "objectId")]))


def _scalars(devices: Sequence[Mapping[str, msgspec.Raw]], name: str) -> list[str]:
    """Return the texts that devices have in a field."""
    found = []
    for device in devices:
        raw = device.get(name)
        if raw is not None:
            try:
                value = _SCALAR.decode(raw)
            except UNREADABLE:  # not UTF-8
                continue
            if isinstance(value, str) and value:
                found.append(value)
    return found


def _without_tokens(devices: Sequence[Mapping[str, msgspec.Raw]]) -> msgspec.Raw:
    kept = [{name: value for name, value in device.items() if name != "push_token"} for device in devices]
    return msgspec.Raw(_ENCODER.encode(kept)) if kept else ABSENT


def _lists(values: Sequence[Sequence[str]]) -> pa.Array:
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=offsets[1:])
    return pa.ListArray.from_arrays(array_from_numpy(offsets), texts([text for each in values for text in each]))
