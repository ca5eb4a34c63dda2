"""The rows that are loaded under faults, of each kind, and how often the emulator has stored each of them.

Every record has a key of its own, by which it is found again in a request, in the store and in the rejects file. Where
the last row of a key wins, some rows have the key of an earlier row.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.record_kinds import (
    DEVICE_TOKENS,
    PROFILES,
    SUBSCRIPTIONS,
    RecordKind,
    events,
)

#: An event that the emulator always rejects (code 528).
DISCARDED = "Discarded"
#: A row with the key of an earlier row has that of so many rows before: in another batch, and often in another block.
BACK = 121

#: The keys that the emulator has stored: how often, and whether the stored values are those of the row.
Stored = dict[str, tuple[int, bool]]


def is_invalid(number: int) -> bool:
    """Return whether a row is invalid."""
    return number % 47 == 5


@dataclass(frozen=True)
class Kind:
    """One kind of load.

    :param name: its name in the table.
    :param record: the kind of record.
    :param header: the columns of the file; the first is the key, under the name that it has in a record.
    :param cells: the other cells of a row, by its number and whether CleverTap is to reject it.
    :param stored: returns what the emulator has stored: keys, how often, and the other cells by their columns.
    :param key: the form of its keys.
    :param rejects: some rows are valid for this package and rejected by CleverTap.
    :param columns: what the columns become.
    """

    name: str
    record: RecordKind
    header: tuple[str, ...]
    cells: Callable[[int, bool], tuple[str, ...]]
    stored: Callable[[RunningEmulator], Iterator[tuple[str, int, dict[str, Any]]]]
    key: str = "cust-{:06}"
    rejects: bool = False
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def repeatable(self) -> bool:
        """Return whether sending a record twice has the same effect as sending it once."""
        return self.record.repeatable and not self.columns

    def key_of(self, number: int) -> str:
        """Return the key of a row; invalid rows have none, except some of those whose key may be there twice."""
        has_twin = bool(self.record.last_wins)
        if is_invalid(number) and not (has_twin and number % 2):
            return ""
        return self.key.format(number - BACK if has_twin and number % 3 == 0 and number > BACK else number)

    def sent_rows(self, rows: int) -> dict[str, int]:
        """Return the row that is sent for each key: the last valid one."""
        return {self.key_of(number): number for number in range(1, rows + 1) if not is_invalid(number)}

    def is_rejected(self, number: int) -> bool:
        """Return whether CleverTap rejects a row."""
        return self.rejects and number % 61 == 7

    def write(self, path: Path, rows: int) -> None:
        """Write a file of so many rows."""
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(self.header)
            for number in range(1, rows + 1):
                writer.writerow([self.key_of(number), *self.cells(number, self.is_rejected(number))])

    def settings(self, rows: int) -> dict[str, Any]:
        """Return the emulator's settings by which it rejects some rows."""
        rejected = [self.key_of(number) for number in range(1, rows + 1) if self.is_rejected(number)]
        return {"discarded_events": [DISCARDED], "device_types": {key: ["apns"] for key in rejected if key}}

    def found(self, emulator: RunningEmulator, rows: int) -> Stored:
        """Return what the emulator has stored of a file of so many rows."""
        found: Stored = {}
        sent = self.sent_rows(rows)
        for key, times, cells in self.stored(emulator):
            earlier, was_right = found.get(key, (0, True))
            is_right = key in sent and cells == dict(zip(self.header[1:], self.cells(sent[key], False), strict=True))
            found[key] = (earlier + times, was_right and is_right)
        return found


def _profiles(emulator: RunningEmulator) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for profile in emulator.profiles():
        yield profile["identity"], 1, profile["data"]


def _counters(emulator: RunningEmulator) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for profile in emulator.profiles():
        yield profile["identity"], profile["data"]["Spent"], {"spent": "1"}


def _events(emulator: RunningEmulator) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for event in emulator.events():
        yield event["identity"], 1, {"evtName": event["name"], **event["data"]}


def _tokens(emulator: RunningEmulator) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for token in emulator.tokens():
        yield token["object_id"], 1, {"token": token["token"], "type": token["token_type"]}


def _subscriptions(emulator: RunningEmulator) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for one in emulator.subscriptions():
        yield one["value"], 1, {"type": one["type"], "status": one["status"]}


def _status(number: int) -> str:
    """Return the status of a row; it is never that of the row whose key it has."""
    return "gone" if is_invalid(number) else "Unsubscribe" if number % 2 else "Resubscribe"


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "profiles",
            PROFILES,
            ("identity", "Email"),
            lambda number, _: (f"cust-{number:06}@example.com",),
            _profiles,
        ),
        Kind(
            "profiles that count",
            PROFILES,
            ("identity", "spent"),
            lambda *_: ("1",),
            _counters,
            columns={"spent": Column("Spent", type="integer", operator="$incr")},
        ),
        Kind(
            "events",
            events(timestamp="now"),
            ("identity", "evtName", "sku"),
            lambda number, rejected: (DISCARDED if rejected else "Viewed", f"sku-{number}"),
            _events,
            rejects=True,
        ),
        Kind(
            "device tokens",
            DEVICE_TOKENS,
            ("objectId", "token", "type"),
            lambda number, _: (f"token-of-{number}", "fcm"),
            _tokens,
            key="__device{:06}",
            rejects=True,
        ),
        Kind(
            "subscriptions",
            SUBSCRIPTIONS,
            ("value", "type", "status"),
            lambda number, _: ("email", _status(number)),
            _subscriptions,
            key="cust-{:06}@example.com",
        ),
    )
}


def of_size(kind: Kind, per_call: int) -> Kind:
    """Return the kind with fewer records in each request, so that few rows make many requests."""
    return replace(kind, record=replace(kind.record, records_per_call=per_call))
