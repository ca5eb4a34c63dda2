"""Checks of a load that was killed or interrupted and then finished: its outcomes, and the records that arrived."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from random import Random

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from tests.support.killed_loads import ROWS, Case, write_lines, write_rows


def rejected(path: Path) -> dict[int, tuple[str, ...]]:
    """Return the rows of a rejects file with all cells but CleverTap's messages; none may be there twice."""
    if not path.exists():
        return {}
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["clevertap_outcome"] == "rejected":
            assert row.pop("clevertap_reason")
    found = {int(row["clevertap_row"]): tuple(row.values()) for row in rows}
    assert len(found) == len(rows), "a row is in the file twice"
    return found


def outcome(row: tuple[str, ...]) -> str:
    return row[5]


def prepare(case: Case, source: Path, random: Random) -> tuple[list[dict[str, str]], set[str]]:
    """Write a source; return its rows, and the identities that CleverTap will reject."""
    (write_lines if case.lines > 1 else write_rows)(source, random)
    with source.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    good = [row["identity"] for row in rows if row["identity"]]
    return rows, {random.choice(good) for _ in range(3)}


def check_outcomes(
    summary: Summary,
    rejects: dict[int, tuple[str, ...]],
    undisturbed: dict[int, tuple[str, ...]],
    case: Case,
    rows: list[dict[str, str]],
) -> None:
    """Check that every row has one outcome, and the same one as in an undisturbed load unless it is held."""
    counted = Counter(map(outcome, rejects.values()))
    assert summary.rows == len(rows) == ROWS
    assert summary.accepted == ROWS - len(rejects)
    assert (summary.invalid, summary.rejected) == (counted["invalid"], counted["rejected"])
    assert summary.unconfirmed == counted["unconfirmed"]
    held = {row for row, cells in rejects.items() if outcome(cells) == "unconfirmed"}
    assert not held or case.holds
    assert {row: cells for row, cells in rejects.items() if row not in held} == {
        row: cells for row, cells in undisturbed.items() if row not in held
    }


def check_arrived(
    summary: Summary,
    rejects: dict[int, tuple[str, ...]],
    emulator: RunningEmulator,
    case: Case,
    rows: list[dict[str, str]],
    refused: set[str],
) -> None:
    """Check what CleverTap has stored, row by row."""
    accepted = [row["identity"] for number, row in enumerate(rows, 1) if number not in rejects]
    held = {
        row["identity"]
        for number, row in enumerate(rows, 1)
        if number in rejects and outcome(rejects[number]) == "unconfirmed"
    }
    updates = {profile["identity"]: profile["data"].get("Spent") for profile in emulator.profiles()}
    counts = {who: int(spent) for who, spent in updates.items() if spent is not None}
    if case.kind.name == "profiles":
        assert set(accepted) <= set(updates) <= set(accepted) | held | refused
        duplicated = sum(count - 1 for count in counts.values())
    else:
        arrived = Counter(event["identity"] for event in emulator.events())
        assert set(accepted) <= set(arrived) <= set(accepted) | held | refused
        duplicated = sum(count - 1 for count in arrived.values()) + sum(count - 1 for count in counts.values())
        if case.kind.name == "events" and "profile_columns" in case.options:
            assert set(arrived) <= set(updates)
    assert duplicated <= (0 if case.holds else summary.resent)
