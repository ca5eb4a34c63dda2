"""The columns of events from cloud exports: those of an export by API, as far as the files have them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from airflow_provider_clevertap.exported.project_time import NO_TIME, Seconds, local_seconds, to_utc

INSTANT: Final = pa.timestamp("us", tz="UTC")
LOCAL_TIME: Final = pa.timestamp("us")
#: What ``include`` may add.
INCLUDED: Final = ("profile", "push_token")
#: The fields of a person that are columns of their own, or must not be in a column of JSON.
_OWN_FIELDS: Final = frozenset({"identity", "objectId", "clevertapId", "platform", "push_token", "token"})


class EventTable:
    """Collects events and returns them as a table.

    :param zone: the project's time zone; without it, one of both columns of times is empty.
    :param include: ``"profile"``, ``"push_token"``.
    """

    def __init__(self, zone: tzinfo | None, include: Collection[str]) -> None:
        self._zone = zone
        self._include = frozenset(include)
        self._columns: dict[str, list[Any]] = {name: [] for name in _names(self._include)}
        self._local: list[Any] = []
        self._epoch: list[int | None] = []

    def __len__(self) -> int:
        return len(self._local)

    def add(  # noqa: PLR0917 - the parts of one row
        self,
        event: Any,
        local: Any,
        epoch: int | None,
        person: Mapping[str, Any],
        properties: Any,
        session: Any,
        device: Any,
        control_group: Any = None,
    ) -> None:
        """Add an event.

        :param event: its name.
        :param local: its time by the project's clock, such as ``20261101140416``.
        :param epoch: its time in UNIX seconds, where the file has that instead.
        :param person: what is known of the person.
        :param properties: its properties, decoded or as JSON.
        :param session: the same of the session.
        :param device: the same of the device.
        :param control_group: the name of a control group.
        """
        self._local.append(local)
        self._epoch.append(epoch)
        columns = self._columns
        columns["event_name"].append(_text(event))
        columns["identity"].append(_text(person.get("identity")))
        columns["object_id"].append(_text(person.get("objectId", person.get("clevertapId"))))
        columns["platform"].append(_text(person.get("platform")))
        columns["properties"].append(_json(properties))
        columns["session"].append(_json(session))
        columns["device"].append(_json(device))
        columns["control_group"].append(_text(control_group))
        if "profile" in self._include:
            rest = {name: value for name, value in person.items() if name not in _OWN_FIELDS}
            columns["profile"].append(_json(rest or None))
        if "push_token" in self._include:
            columns["push_token"].append(_text(person.get("push_token", person.get("token"))))

    def take(self) -> pa.Table:
        """Return the events added so far, and begin again."""
        utc, local = self._times()
        arrays = {"ts": _times(utc, INSTANT), "ts_local": _times(local, LOCAL_TIME)}
        arrays.update({name: pa.array(values, pa.string()) for name, values in self._columns.items()})
        for values in self._columns.values():
            values.clear()
        self._local.clear()
        self._epoch.clear()
        names = ["event_name", "ts", "ts_local", *[name for name in self._columns if name != "event_name"]]
        return pa.table({name: arrays[name] for name in names})

    def _times(self) -> tuple[Seconds, Seconds]:
        local = local_seconds(self._local)
        epoch = np.array([NO_TIME if each is None else each for each in self._epoch], np.int64)
        if self._zone is None:
            return epoch, local
        offsets = [NO_TIME if each == NO_TIME else each + _offset(int(each), self._zone) for each in epoch.tolist()]
        converted = np.array(offsets, np.int64)
        return (
            np.where(epoch != NO_TIME, epoch, to_utc(local, self._zone)),
            np.where(local != NO_TIME, local, converted),
        )


def _names(include: Collection[str]) -> list[str]:
    return [
        "event_name", "identity", "object_id", "platform", "properties", "session", "device", "control_group",
        *(name for name in INCLUDED if name in include),
    ]  # fmt: skip


def _offset(epoch: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(epoch, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _times(seconds: Seconds, kind: pa.DataType) -> pa.Array:
    return pa.array(np.where(seconds == NO_TIME, 0, seconds) * 1_000_000, pa.int64(), mask=seconds == NO_TIME).cast(
        kind
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _json(value)


def _json(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, msgspec.Raw):
        text = bytes(value).decode("utf-8", "replace")
        return None if text in ("", "null") else text
    return msgspec.json.encode(value).decode()
