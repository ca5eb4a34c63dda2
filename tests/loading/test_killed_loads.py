"""Loads killed with SIGKILL at random moments, and gone on with: nothing lost, nothing doubled but what is told.

``CLEVERTAP_KILLS=1000`` kills more of them; ``CLEVERTAP_KILL_SEED`` begins with another seed.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from killed_loads import CASES, ROWS, Case, LoadingProcess, load, write_lines, write_rows

from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.loading.summary import Summary

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CLEVERTAP_KILLS", "200"))
SEED = int(os.environ.get("CLEVERTAP_KILL_SEED", "0"))
#: One load is killed so many times before it may end. Only what hits it while it runs counts.
_OF_ONE_LOAD = 10
#: Of these, so many before its last row is settled; the others when it is about to end, or when it is loaded already.
_WHILE_SENDING = 8
_CASES = list(CASES)


@pytest.fixture(scope="module")
def loading() -> Iterator[LoadingProcess]:
    with LoadingProcess() as process:
        yield process


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


@pytest.mark.parametrize("seed", range(SEED, SEED + -(-KILLS // _OF_ONE_LOAD)))
def test_a_killed_load_is_gone_on_with(
    seed: int, loading: LoadingProcess, emulator: RunningEmulator, tmp_path: Path
) -> None:
    random = Random(seed)
    name = _CASES[seed % len(_CASES)]
    case = CASES[name]
    source, directory = tmp_path / "rows.csv", tmp_path / "left"
    rows, refused = prepare(case, source, random)
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
    for attempt in range(2 * _OF_ONE_LOAD):
        loading.start(name, source, directory, address)
        if attempt < _WHILE_SENDING:
            wait_for_requests(random, loading, emulator, requests // (2 * _WHILE_SENDING))
        else:
            wait_for_the_end(random, loading, directory)
        kills += loading.kill()
        if kills == _OF_ONE_LOAD:
            break
    assert kills == _OF_ONE_LOAD, "most loads had ended before they could be killed"
    while emulator.stats()["in_flight"]:
        time.sleep(0.01)
    summary = load(case, source, directory, address)
    told = rejected(directory / "rejects.csv")
    check_outcomes(summary, told, undisturbed, case, rows)
    # An unclear answer stands before the refusal of the records it is about, so that they may be stored.
    check_arrived(summary, told, emulator, case, rows, refused if trouble else set())
    assert json.loads((directory / "report.json").read_text())["summary"]["accepted"] == summary.accepted
    assert not [*directory.glob("*.part"), *directory.glob("*.new")], "what a killed load has half written is left"


def prepare(case: Case, source: Path, random: Random) -> tuple[list[dict[str, str]], set[str]]:
    """Write a source; give its rows, and whose records CleverTap will refuse."""
    (write_lines if case.lines > 1 else write_rows)(source, random)
    with source.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    good = [row["identity"] for row in rows if row["identity"]]
    return rows, {random.choice(good) for _ in range(3)}


def wait_for_requests(random: Random, loading: LoadingProcess, emulator: RunningEmulator, most: int) -> None:
    """Wait for a moment at which a load reads its checkpoint, makes ready or sends."""
    if random.random() < 0.2:
        time.sleep(random.random() * 0.06)
        return
    after = emulator.stats()["requests"] + random.randint(1, most)
    while not loading.over and emulator.stats()["requests"] < after:
        time.sleep(0.001)
    time.sleep(random.random() * 0.01)


def wait_for_the_end(random: Random, loading: LoadingProcess, directory: Path) -> None:
    """Wait for a moment about the end of a load: before, while or after it puts its rejects file in its place."""
    last = (directory / "checkpoint.json").stat().st_mtime_ns
    while not loading.over:
        state = (directory / "checkpoint.json").read_text()
        if '"complete":true' in state and (directory / "checkpoint.json").stat().st_mtime_ns != last:
            break
    time.sleep(random.choice((0.0, 0.0, 0.001, 0.002)))


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
