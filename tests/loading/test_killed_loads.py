"""Loads killed with SIGKILL at random moments, and gone on with: nothing lost, nothing doubled but what is told.

``CLEVERTAP_KILLS=200`` kills that many loads instead of a few; ``CLEVERTAP_KILL_SEED`` begins with another seed.
"""

from __future__ import annotations

import csv
import os
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from killed_loads import CASES, ROWS, Case, kill_midway, load, write_lines, write_rows

from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.loading.summary import Summary

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CLEVERTAP_KILLS", "20"))
SEED = int(os.environ.get("CLEVERTAP_KILL_SEED", "0"))
_CASES = list(CASES)


def rejected(path: Path) -> dict[int, tuple[str, ...]]:
    """Give the rows of a rejects file, each with all its cells but CleverTap's words; none may be there twice."""
    if not path.exists():
        return {}
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["clevertap_outcome"] == "rejected":
            assert row.pop("clevertap_reason")
    found = {int(row["clevertap_row"]): tuple(row.values()) for row in rows}
    assert len(found) == len(rows), "a row is told of twice"
    return found


def outcome(row: tuple[str, ...]) -> str:
    return row[5]


@pytest.mark.parametrize("seed", range(SEED, SEED + KILLS))
def test_a_killed_load_is_gone_on_with(seed: int, emulator: RunningEmulator, tmp_path: Path) -> None:
    random = Random(seed)
    name = _CASES[seed % len(_CASES)]
    case = CASES[name]
    source, directory = tmp_path / "rows.csv", tmp_path / "left"
    (write_lines if case.lines > 1 else write_rows)(source, random)
    with source.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    good = [row["identity"] for row in rows if row["identity"]]
    refused = {random.choice(good) for _ in range(3)}
    refuse = {"do": "fail_records", "identities": sorted(refused)}
    address = (emulator.account_id, emulator.passcode, emulator.url)
    emulator.inject(refuse)
    load(case, source, tmp_path / "undisturbed", address)
    undisturbed = rejected(tmp_path / "undisturbed" / "rejects.csv")
    requests = emulator.stats()["requests"]

    emulator.reset()
    trouble = [{"do": "status", "status": 503, "stored": True, "every": 9}] if seed // len(_CASES) % 2 else []
    emulator.inject({"do": "delay", "seconds": 0.005}, *trouble, refuse)
    kills = 0
    for _ in range(random.randint(1, 3)):
        began = emulator.stats()["requests"]
        kills += kill_midway(
            name,
            source,
            directory,
            emulator,
            after=random.randrange(began + 1, max(requests - 15, began + 2)),
            pause=random.random() * 0.01,
        )
    assert kills, "not one load was killed before its end"
    while emulator.stats()["in_flight"]:
        time.sleep(0.01)
    summary = load(case, source, directory, address)
    check_outcomes(summary, rejected(directory / "rejects.csv"), undisturbed, case, rows)
    # An unclear answer stands before the refusal of the records it is about, so that they may be stored.
    check_arrived(summary, rejected(directory / "rejects.csv"), emulator, case, rows, refused if trouble else set())


def check_outcomes(
    summary: Summary,
    told: dict[int, tuple[str, ...]],
    undisturbed: dict[int, tuple[str, ...]],
    case: Case,
    rows: list[dict[str, str]],
) -> None:
    """Check that every row has one outcome, and the one an undisturbed load gives it unless it is held."""
    counted = Counter(map(outcome, told.values()))
    assert summary.rows == len(rows) == ROWS
    assert summary.accepted == ROWS - len(told)
    assert (summary.invalid, summary.rejected) == (counted["invalid"], counted["rejected"])
    assert summary.unconfirmed == counted["unconfirmed"]
    held = {row for row, cells in told.items() if outcome(cells) == "unconfirmed"}
    assert not held or case.holds
    assert {row: cells for row, cells in told.items() if row not in held} == {
        row: cells for row, cells in undisturbed.items() if row not in held
    }


def check_arrived(
    summary: Summary,
    told: dict[int, tuple[str, ...]],
    emulator: RunningEmulator,
    case: Case,
    rows: list[dict[str, str]],
    refused: set[str],
) -> None:
    """Check what CleverTap has, row by row."""
    accepted = [row["identity"] for number, row in enumerate(rows, 1) if number not in told]
    held = {
        row["identity"]
        for number, row in enumerate(rows, 1)
        if number in told and outcome(told[number]) == "unconfirmed"
    }
    updates = {profile["identity"]: profile["data"].get("Spent") for profile in emulator.profiles()}
    counts = {who: int(spent) for who, spent in updates.items() if spent is not None}
    if case.kind.name == "profiles":
        assert set(accepted) <= set(updates) <= set(accepted) | held | refused
        doubled = sum(count - 1 for count in counts.values())
    else:
        arrived = Counter(event["identity"] for event in emulator.events())
        assert set(accepted) <= set(arrived) <= set(accepted) | held | refused
        doubled = sum(count - 1 for count in arrived.values()) + sum(count - 1 for count in counts.values())
        if case.kind.name == "events" and "profile_columns" in case.options:
            assert set(arrived) <= set(updates)
    assert doubled <= (0 if case.holds else summary.resent)
