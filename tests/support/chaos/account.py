"""The account of one load: source, store, summary, rejects file and requests must agree, row by row."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.loading.outcomes.summary import Summary
from tests.support.chaos.faults import Fault
from tests.support.chaos.kinds import Kind, Stored, is_invalid
from tests.support.chaos.recorder import Recorder

_OUTCOMES = ("accepted", "rejected", "invalid", "unconfirmed", "skipped")


@dataclass
class Account:
    """The counts of one load and what is wrong with them: one line of the table.

    :param sent: records that the server received; resent records count again.
    :param lost: rows that are not in the store, and that are not reported.
    :param hidden: rows that CleverTap cannot accept, and that are not reported.
    :param duplicated: how many effects the store has too many.
    :param problems: the contradictions.
    """

    fault: str
    kind: str
    policy: str
    rows: int = 0
    sent: int = 0
    lost: int = 0
    hidden: int = 0
    duplicated: int = 0
    resent: int = 0
    held: int = 0
    rejected: int = 0
    requests: int = 0
    attempts: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def expect(self, what: str, found: Any, expected: Any) -> None:
        """Add a problem unless two values are equal."""
        if found != expected:
            self.problems.append(f"{what}: {_short(found)}, and not {_short(expected)}")

    def none(self, what: str, rows: set[str] | set[int]) -> None:
        """Add a problem unless a set is empty."""
        if rows:
            self.problems.append(f"{what}: {len(rows)}, such as {min(rows)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]}..."


def read_rejects(path: Path) -> list[dict[str, str]]:
    """Read a rejects file."""
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def close_account(
    account: Account,
    kind: Kind,
    fault: Fault,
    rows: int,
    summary: Summary,
    rejects: list[dict[str, str]],
    stored: Stored,
) -> dict[str, str]:
    """Compare source, summary, rejects file and store; return the outcomes of the sent rows, by their keys."""
    outcomes = {int(row["clevertap_row"]): row["clevertap_outcome"] for row in rejects}
    account.rows = rows
    account.expect("distinct rows in the rejects file", len(rejects), len(outcomes))
    for row in rejects:
        number = int(row["clevertap_row"])
        cells = (kind.key_of(number), *kind.cells(number, kind.is_rejected(number)))
        account.expect(f"row {number} in the rejects file", tuple(row[name] for name in kind.header), cells)
    invalid = {number for number in range(1, rows + 1) if is_invalid(number)}
    sent = kind.sent_rows(rows)
    replaced = set(range(1, rows + 1)) - invalid - set(sent.values())
    account.none("replaced rows that are reported", replaced & outcomes.keys())
    counted = Counter({**Counter(outcomes.values()), "skipped": len(replaced)})
    counted["accepted"] = rows - len(outcomes) - len(replaced)
    account.expect("the summary", {one: getattr(summary, one) for one in _OUTCOMES}, {o: counted[o] for o in _OUTCOMES})
    account.expect("rows of the summary", summary.rows, rows)
    account.resent, account.held, account.rejected = summary.resent, counted["unconfirmed"], counted["rejected"]

    account.expect("invalid rows", {row for row, outcome in outcomes.items() if outcome == "invalid"}, invalid)
    blamed = {kind.key_of(number) for number in fault.blames}
    refused = {number for key, number in sent.items() if kind.is_rejected(number) or key in blamed}
    rejected = {row for row, outcome in outcomes.items() if outcome == "rejected"}
    account.none("good rows that were rejected", rejected - refused)
    account.none("bad rows that were accepted", refused - outcomes.keys())
    account.hidden = len((refused | invalid) - outcomes.keys())

    by_key = {key: outcomes.get(number, "accepted") for key, number in sent.items()}
    lost = {key for key, outcome in by_key.items() if key not in stored and outcome == "accepted"}
    account.lost = len(lost)
    account.none("lost", lost)
    account.none("in the store, and rejected", {key for key in stored if by_key.get(key) == "rejected"})
    account.none("in the store, and not in the source", stored.keys() - by_key.keys())
    account.none("in the store, and other than in the source", {key for key, (_, right) in stored.items() if not right})
    account.duplicated = sum(times - 1 for times, _ in stored.values())
    return by_key


def check_delivery(
    account: Account, kind: Kind, fault: Fault, outcomes: dict[str, str], stored: Stored, recorder: Recorder
) -> None:
    """Check what was sent again and what is held against what was asked and answered."""
    holds = account.policy == "hold" and not kind.repeatable
    again = {key: recorder.sent_again(key) for key in outcomes}
    account.expect("the summary's resent", account.resent, sum(again.values()))
    too_often = {key for key, (times, _) in stored.items() if times > 1 + again[key]}
    account.none("in the store more often than they were sent again", too_often)
    in_doubt = {key for key, outcome in outcomes.items() if recorder.in_doubt(key) and outcome != "rejected"}
    account.expect("rows held", {key for key, one in outcomes.items() if one == "unconfirmed"}, in_doubt)
    account.none(
        "accepted, and never answered for",
        {key for key, one in outcomes.items() if one == "accepted" and not recorder.was_taken(key)},
    )
    if holds:
        account.expect("duplicated under hold", account.duplicated, 0)
    if kind.repeatable:
        account.expect("duplicated though it may be repeated", account.duplicated, 0)
    if holds or fault.certain:
        account.expect("resent", account.resent, 0)
    if not (holds or fault.contradicts) or fault.certain:
        account.expect("held", account.held, 0)
    if fault.stores and not kind.repeatable:
        # otherwise the fault had no effect and the case proves nothing
        shown = account.held if holds else account.duplicated + account.held
        account.expect("something is " + ("held" if holds else "duplicated"), shown > 0, True)
