"""Compare what the emulator stored, the rejects files and the summaries, for every row of every load."""

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
    """One load and its rows.

    :param summary: what its task returned.
    :param received: how often CleverTap received each row, by its number.
    :param held: the rows that its rejects file lists as unconfirmed.
    """

    summary: dict[str, Any]
    received: Counter[int]
    held: set[int] = field(default_factory=set)

    @property
    def lost(self) -> int:
        """Return how many rows are neither stored nor in the rejects file."""
        return len(set(range(1, ROWS + 1)) - set(self.received) - self.held)

    @property
    def duplicates(self) -> int:
        """Return how often a row was received that had been received before."""
        return sum(self.received.values()) - len(self.received)


def read_received(database: Path) -> dict[Load, Counter[int]]:
    """Return how often each row of each file was received, from the emulator's database."""
    found: dict[Load, Counter[int]] = defaultdict(Counter)
    with sqlite3.connect(database) as connection:
        for key, data in connection.execute("SELECT key, data FROM events"):
            found[_load_of(key)][int(json.loads(data)["row"])] += 1
        profiles = (
            "SELECT value, data, uploads FROM profile_keys JOIN profiles ON profiles.id = profile_id "
            "WHERE kind = 'identity' AND uploads > 0"
        )
        for key, data, uploads in connection.execute(profiles):
            row = int(json.loads(data)["row"])
            assert key.endswith(f".{row}"), "a profile has the data of another one"
            found[_load_of(key)][row] += uploads
    connection.close()
    return found


def accounts(summaries: dict[Load, dict[str, Any]], received: dict[Load, Counter[int]]) -> dict[Load, Account]:
    """Return the account of every load."""
    return {
        load: Account(summary, received[load], _held(summary["rejects_path"])) for load, summary in summaries.items()
    }


def errors(found: dict[Load, Account], killed: set[Load]) -> Iterator[str]:
    """Yield a message for everything that is wrong."""
    missing = {(task, number) for task, count in FILES.items() for number in range(count)} - set(found)
    yield from (f"{task}[{number}] has returned no summary" for task, number in sorted(missing))
    for load, account in found.items():
        yield from (f"{load[0]}[{load[1]}]: {error}" for error in _errors_of(load, account, load in killed))


def _errors_of(load: Load, account: Account, killed: bool) -> Iterator[str]:
    summary = account.summary
    outcomes = {name: summary[name] for name in ("rows", "accepted", "unconfirmed", "rejected", "invalid", "skipped")}
    expected = {"rows": ROWS, "accepted": ROWS - len(account.held), "unconfirmed": len(account.held)}
    if outcomes != expected | {"rejected": 0, "invalid": 0, "skipped": 0}:
        yield f"{len(account.held)} rows are in the rejects file, but the summary has {outcomes}"
    if account.lost:
        yield f"{account.lost} rows are lost"
    if account.duplicates and load[0] == "events_held":
        yield f"{account.duplicates} rows are stored twice, although they should have been held"
    if account.duplicates > summary["resent"]:
        yield f"{account.duplicates} rows were received twice, but the summary has {summary['resent']} resent"
    if account.held and load[0] != "events_held":
        yield f"{len(account.held)} rows were held, although they should have been resent"
    if not killed and (account.duplicates or account.held or summary["resumed_from_row"] is not None):
        yield "it was not killed, but rows were received twice or held, or it resumed an earlier attempt"


def _load_of(key: str) -> Load:
    task, number, _ = key.split(".")
    return task, int(number)


def _held(path: str | None) -> set[int]:
    if path is None:
        return set()
    with Path(path.removeprefix("file://")).open(newline="") as file:
        return {int(row["clevertap_row"]) for row in csv.DictReader(file) if row["clevertap_outcome"] == "unconfirmed"}
