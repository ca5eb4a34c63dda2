"""The rows that are loaded under faults, of each kind, and how often the emulator has stored each of them.

Every row has a key of its own, by which it is found again in a request, in the store and in the rejects file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, PROFILES, RecordKind, events

#: An event that the emulator always rejects (code 528).
DISCARDED = "Discarded"

#: The keys that the emulator has stored: how often, and whether the stored values are those of the row.
Stored = dict[str, tuple[int, bool]]


@dataclass(frozen=True)
class Kind:
    """One kind of load.

    :param name: its name in the table.
    :param record: the kind of record.
    :param header: the columns of the file; the first is the key.
    :param cells: the other cells of a row, by its number and whether CleverTap is to reject it.
    :param stored: returns what the emulator has stored.
    :param key: the prefix of its keys.
    :param rejects: some rows are valid for this package and rejected by CleverTap.
    :param columns: what the columns become.
    """

    name: str
    record: RecordKind
    header: tuple[str, ...]
    cells: Callable[[int, bool], tuple[str, ...]]
    stored: Callable[[RunningEmulator], Iterator[tuple[str, int, bool]]]
    key: str = "cust-"
    rejects: bool = False
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def repeatable(self) -> bool:
        """Return whether sending a record twice has the same effect as sending it once."""
        return self.record.repeatable and not self.columns

    def key_of(self, number: int) -> str:
        """Return the key of a row, empty for an invalid row."""
        return "" if number % 47 == 5 else f"{self.key}{number:06}"

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

    def found(self, emulator: RunningEmulator) -> Stored:
        """Return what the emulator has stored."""
        found: Stored = {}
        for key, times, right in self.stored(emulator):
            earlier, was_right = found.get(key, (0, True))
            found[key] = (earlier + times, was_right and right)
        return found


def _profiles(emulator: RunningEmulator) -> Iterator[tuple[str, int, bool]]:
    for profile in emulator.profiles():
        key = profile["identity"]
        yield key, 1, profile["data"] == {"Email": f"{key}@example.com"}


def _counters(emulator: RunningEmulator) -> Iterator[tuple[str, int, bool]]:
    for profile in emulator.profiles():
        yield profile["identity"], profile["data"]["Spent"], True


def _events(emulator: RunningEmulator) -> Iterator[tuple[str, int, bool]]:
    for event in emulator.events():
        key = event["identity"]
        yield key, 1, (event["name"], event["data"]) == ("Viewed", {"sku": f"sku-{int(key[-6:])}"})


def _tokens(emulator: RunningEmulator) -> Iterator[tuple[str, int, bool]]:
    for token in emulator.tokens():
        key = token["object_id"]
        yield key, 1, (token["token_type"], token["token"]) == ("fcm", f"token-of-{int(key[-6:])}")


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
            key="__device",
            rejects=True,
        ),
    )
}


def of_size(kind: Kind, per_call: int) -> Kind:
    """Return the kind with fewer records in each request, so that few rows make many requests."""
    return replace(kind, record=replace(kind.record, records_per_call=per_call))
