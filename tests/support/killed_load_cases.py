"""The loads that are killed, interrupted or run twice at once: their rows, and what the emulator has stored of them.

A kind of record is one entry of :data:`STORED`, and its loads are entries of :data:`CASES`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.record_kinds import (
    DEVICE_TOKENS,
    PROFILES,
    RecordKind,
    events,
    subscriptions,
)

ROWS = 2_400
#: Small calls, so that few rows make many of them.
_PER_CALL = 10

Rows = list[dict[str, str]]
#: What is stored for an identity: how often, and those of its row's cells that it shows.
_Stored = Iterable[tuple[str, int, dict[str, str]]]


def _profiles(emulator: RunningEmulator) -> _Stored:
    for profile in emulator.profiles():
        yield profile["identity"], int(profile["data"].get("Spent", 1)), {}


def _events(emulator: RunningEmulator) -> _Stored:
    for event in emulator.events():
        yield event["identity"], 1, {}


def _tokens(emulator: RunningEmulator) -> _Stored:
    for token in emulator.tokens():
        yield token["object_id"], 1, {"token": token["token"], "type": token["token_type"]}


def _subscriptions(emulator: RunningEmulator) -> _Stored:
    for one in emulator.subscriptions():
        yield one["value"], 1, {"status": one["status"]}


#: What the emulator has stored of each kind of record.
STORED: dict[str, Callable[[RunningEmulator], _Stored]] = {
    "profiles": _profiles,
    "events": _events,
    "device tokens": _tokens,
    "subscriptions": _subscriptions,
}


def _rows(random: Random) -> Iterator[list[str]]:
    """Make rows: most are good, some have no identity."""
    yield ["identity", "order", "sku", "spent"]
    for row in range(ROWS):
        identity = "" if random.random() < 0.05 else f"cust-{row}"
        yield [identity, "", f"sku-{row}", "1"]


def _lines(random: Random) -> Iterator[list[str]]:
    """Make order lines: three rows to an order."""
    yield ["identity", "order", "sku", "spent"]
    for order in range(ROWS // 3):
        identity = "" if random.random() < 0.05 else f"cust-{order}"
        for line in range(3):
            yield [identity, f"order-{order}", f"sku-{order}-{line}", "1"]


def _devices(random: Random) -> Iterator[list[str]]:
    """Make device tokens: some have no device."""
    yield ["identity", "token", "type"]
    for row in range(ROWS):
        yield ["" if random.random() < 0.05 else f"cust-{row}", f"token-of-{row}", random.choice(("fcm", "apns"))]


def _statuses(random: Random) -> Iterator[list[str]]:
    """Make statuses of addresses: some addresses have several, and some rows have no address or no status."""
    yield ["identity", "status"]
    for row in range(ROWS):
        identity = f"cust-{random.randrange(row) if row and random.random() < 0.2 else row}@example.com"
        status = "" if random.random() < 0.02 else random.choice(("Unsubscribe", "Resubscribe"))
        yield ["" if random.random() < 0.05 else identity, status]


def _messages(random: Random) -> Iterator[list[str]]:
    """Make the rows of a warehouse table of a customer data platform: some belong to nobody."""
    yield ["identity", "type", "event_text", "timestamp", "message_id", "sku"]
    for row in range(ROWS):
        identity = "" if random.random() < 0.05 else f"cust-{row}"
        yield [identity, "track", "Viewed", "2026-01-05T06:00:00Z", f"message-{row}", f"sku-{row}"]


@dataclass(frozen=True)
class Case:
    """One kind of load.

    :param kind: the kind of record.
    :param make: makes the rows of the file, its header first.
    :param options: more options.
    """

    kind: RecordKind
    make: Callable[[Random], Iterator[list[str]]] = _rows
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.options.get("on_unconfirmed") == "hold"

    def write(self, path: Path, random: Random) -> Rows:
        """Write the file; return its rows."""
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows(self.make(random))
        return read_rows(path)

    def sent_rows(self, rows: Rows) -> dict[int, dict[str, str]]:
        """Return the rows that are sent, by their numbers: the valid ones, or the last one of each identity."""
        valid = {number: row for number, row in enumerate(rows, 1) if _is_valid(row)}
        if not self.kind.last_wins:
            return valid
        last = {row["identity"]: number for number, row in valid.items()}
        return {number: row for number, row in valid.items() if last[row["identity"]] == number}

    @staticmethod
    def invalid_rows(rows: Rows) -> set[int]:
        """Return the numbers of the rows that are invalid; a row without any cell is not, it is skipped."""
        return {number for number, row in enumerate(rows, 1) if any(row.values()) and not _is_valid(row)}

    def effects(self, emulator: RunningEmulator) -> list[Counter[str]]:
        """Return how often the emulator has stored each identity: as its record, and as its profile update."""
        kinds = [self.kind.name, *(["profiles"] if "profile_columns" in self.options else [])]
        counts: list[Counter[str]] = [Counter() for _ in kinds]
        for kind, count in zip(kinds, counts, strict=True):
            for identity, times, _ in STORED[kind](emulator):
                count[identity] += times
        return counts

    def wrong(self, emulator: RunningEmulator, rows: Rows) -> set[str]:
        """Return the identities that the emulator has stored with other cells than those of the row that is sent."""
        sent = {row["identity"]: row for row in self.sent_rows(rows).values()}
        stored = STORED[self.kind.name](emulator)
        return {who for who, _, cells in stored if who not in sent or not cells.items() <= sent[who].items()}


def _is_valid(row: dict[str, str]) -> bool:
    return bool(row["identity"] and row.get("status", "any"))


def read_rows(path: Path) -> Rows:
    """Read a file of rows."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def _small(kind: RecordKind) -> RecordKind:
    return replace(kind, records_per_call=_PER_CALL)


def _cases() -> dict[str, Case]:
    viewed = _small(events(event_name="Viewed", timestamp="now"))
    charged = _small(events(event_name="Charged", timestamp="now", group_by="order", items=["sku"]))
    with_profiles = replace(viewed, profile_update_kind=_small(PROFILES))
    counting = {"profile_columns": {"spent": Column("Spent", type="integer", operator="$incr")}}
    plain: dict[str, Any] = {"profile_columns": ["spent"]}
    hold: dict[str, Any] = {"on_unconfirmed": "hold"}
    return {
        "profiles": Case(_small(PROFILES)),
        "counting profiles, hold": Case(
            _small(PROFILES),
            options={"columns": {"spent": Column("Spent", type="integer", operator="$incr")}, **hold},
        ),
        "events, hold": Case(viewed, options=hold),
        "events, resend": Case(viewed),
        "messages, hold": Case(
            _small(events()), _messages, {"spec": "rudderstack", "columns": {"identity": "identity"}, **hold}
        ),
        "orders, hold": Case(charged, _lines, hold),
        "orders, resend": Case(charged, _lines),
        "events after profiles, hold": Case(with_profiles, options=plain | hold),
        "events after profiles, resend": Case(with_profiles, options=plain),
        "events after counting profiles, hold": Case(with_profiles, options=counting | hold),
        "events after counting profiles, resend": Case(with_profiles, options=counting),
        "device tokens": Case(_small(DEVICE_TOKENS), _devices, {"columns": {"identity": "objectId"}}),
        "subscriptions": Case(_small(subscriptions(channel="email")), _statuses, {"columns": {"identity": "value"}}),
    }


CASES = _cases()
