"""What has become of every row: the emulator's store, the rejects files and the summaries, held against each other."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.system.cluster.forty_files import FILES, ROWS

#: A load: the task, and which of its files.
Load = tuple[str, int]


@dataclass
class Account:
    """One load, and what is in store of it.

    :param summary: what its task returned.
    :param arrived: how often CleverTap got each row, by its number.
    :param held: the rows its rejects file names as unconfirmed.
    """

    summary: dict[str, Any]
    arrived: Counter[int]
    held: set[int] = field(default_factory=set)

    @property
    def lost(self) -> int:
        """Rows that are neither in store nor named."""
        return len(set(range(1, ROWS + 1)) - set(self.arrived) - self.held)

    @property
    def again(self) -> int:
        """Rows that came more than once, each as often as it did."""
        return sum(self.arrived.values()) - len(self.arrived)


def arrived(database: Path) -> dict[Load, Counter[int]]:
    """Count in the emulator's store how often each row of each file has come."""
    found: dict[Load, Counter[int]] = defaultdict(Counter)
    with sqlite3.connect(database) as store:
        for key, data in store.execute("SELECT key, data FROM events"):
            found[_load_of(key)][int(json.loads(data)["row"])] += 1
        profiles = (
            "SELECT value, data, uploads FROM profile_keys JOIN profiles ON profiles.id = profile_id "
            "WHERE kind = 'identity' AND uploads > 0"
        )
        for key, data, uploads in store.execute(profiles):
            row = int(json.loads(data)["row"])
            assert key.endswith(f".{row}"), "a profile has what belongs to another"
            found[_load_of(key)][row] += uploads
    store.close()
    return found


def accounts(summaries: dict[Load, dict[str, Any]], in_store: dict[Load, Counter[int]]) -> dict[Load, Account]:
    """Give the account of every load."""
    return {
        load: Account(summary, in_store[load], _held(summary["rejects_path"])) for load, summary in summaries.items()
    }


def faults(found: dict[Load, Account], killed: set[Load]) -> Iterator[str]:
    """Say what is wrong, if anything is."""
    missing = {(task, number) for task, count in FILES.items() for number in range(count)} - set(found)
    yield from (f"{task}[{number}] has returned no summary" for task, number in sorted(missing))
    for load, account in found.items():
        yield from (f"{load[0]}[{load[1]}]: {fault}" for fault in _faults_of(load, account, load in killed))


def _faults_of(load: Load, account: Account, killed: bool) -> Iterator[str]:
    summary = account.summary
    outcomes = {name: summary[name] for name in ("rows", "accepted", "unconfirmed", "rejected", "invalid", "skipped")}
    ours = {"rows": ROWS, "accepted": ROWS - len(account.held), "unconfirmed": len(account.held)}
    if outcomes != ours | {"rejected": 0, "invalid": 0, "skipped": 0}:
        yield f"{len(account.held)} rows are in the rejects file, and the summary says {outcomes}"
    if account.lost:
        yield f"{account.lost} rows are lost"
    if account.again and load[0] == "events_held":
        yield f"{account.again} rows are there twice, though they were to be held"
    if account.again > summary["resent"]:
        yield f"{account.again} rows came twice, and the summary says {summary['resent']}"
    if account.held and load[0] != "events_held":
        yield f"{len(account.held)} rows were held, though they were to be sent again"
    if not killed and (account.again or account.held or summary["resumed_from_row"] is not None):
        yield "it was not killed, and yet rows came twice or were held, or it went on from an earlier try"


def _load_of(key: str) -> Load:
    task, number, _ = key.split(".")
    return task, int(number)


def _held(path: str | None) -> set[int]:
    if path is None:
        return set()
    with Path(path.removeprefix("file://")).open(newline="") as file:
        return {int(row["clevertap_row"]) for row in csv.DictReader(file) if row["clevertap_outcome"] == "unconfirmed"}
