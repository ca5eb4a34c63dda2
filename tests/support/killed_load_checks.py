"""Checks of a load that was killed or interrupted and then finished: its outcomes, and the records that arrived."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from random import Random

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from tests.support.killed_load_cases import ROWS, Case, Rows

#: The rows of a rejects file by their numbers.
Rejects = dict[int, dict[str, str]]


def rejected(path: Path) -> Rejects:
    """Return the rows of a rejects file with all cells but CleverTap's messages; none may be there twice."""
    if not path.exists():
        return {}
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["clevertap_outcome"] == "rejected":
            assert row.pop("clevertap_reason")
    found = {int(row["clevertap_row"]): row for row in rows}
    assert len(found) == len(rows), "a row is in the file twice"
    return found


def prepare(case: Case, source: Path, random: Random) -> tuple[Rows, set[str]]:
    """Write a source; return its rows, and the identities that CleverTap will reject."""
    rows = case.write(source, random)
    sent = [row["identity"] for row in case.sent_rows(rows).values()]
    return rows, {random.choice(sent) for _ in range(3)}


def check_outcomes(summary: Summary, rejects: Rejects, undisturbed: Rejects, case: Case, rows: Rows) -> None:
    """Check that every row has one outcome, and the same one as in an undisturbed load unless it is held."""
    counted = Counter(row["clevertap_outcome"] for row in rejects.values())
    replaced = ROWS - len(case.sent_rows(rows)) - len(case.invalid_rows(rows))
    assert summary.rows == len(rows) == ROWS
    assert (summary.accepted, summary.skipped) == (ROWS - len(rejects) - replaced, replaced)
    assert (summary.invalid, summary.rejected) == (counted["invalid"], counted["rejected"])
    assert summary.unconfirmed == counted["unconfirmed"]
    held = {number for number, row in rejects.items() if row["clevertap_outcome"] == "unconfirmed"}
    assert not held or case.holds
    assert {number: row for number, row in rejects.items() if number not in held} == {
        number: row for number, row in undisturbed.items() if number not in held
    }


def check_arrived(
    summary: Summary, rejects: Rejects, emulator: RunningEmulator, case: Case, rows: Rows, refused: set[str]
) -> None:
    """Check what CleverTap has stored, row by row."""
    sent = case.sent_rows(rows)
    accepted = {row["identity"] for number, row in sent.items() if number not in rejects}
    held = {
        row["identity"]
        for number, row in sent.items()
        if number in rejects and rejects[number]["clevertap_outcome"] == "unconfirmed"
    }
    arrived, *updates = case.effects(emulator)
    assert accepted <= set(arrived) <= accepted | held | refused
    assert not case.wrong(emulator, rows)
    for updated in updates:  # they precede the records
        assert set(arrived) <= set(updated)
    duplicated = sum(count - 1 for stored in (arrived, *updates) for count in stored.values())
    assert duplicated <= (0 if case.holds else summary.resent)
