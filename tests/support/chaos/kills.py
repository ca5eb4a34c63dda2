"""Loads that are killed with SIGKILL at random moments and resume, with the same checks as loads under other faults."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from random import Random

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from tests.support.chaos.account import Account, read_rejects
from tests.support.held_answers import wait_until_at_rest
from tests.support.killed_load_cases import CASES, Case, Rows
from tests.support.killed_loads import LoadingProcess, load

KILLED = tuple(CASES)
#: How many requests a load makes at least; it is killed before.
_REQUESTS = 20
#: Seconds for each request; the next value is used if a busy machine cannot kill a load before its end.
_DELAYS = (0.005, 0.05, 0.5)


def run_killed(name: str, seed: int, directory: Path, loading: LoadingProcess) -> Account:
    """Kill a load one to three times, let it finish, and check its result.

    :param name: one of :data:`KILLED`.
    :param loading: runs the loads that are killed.
    """
    for delay in _DELAYS:
        place = directory / f"{delay}"
        place.mkdir()
        account = _run(name, seed, place, delay, loading)
        if account.attempts > 1:
            break
    account.expect("it was killed before its end", account.attempts > 1, True)
    return account


def _run(name: str, seed: int, directory: Path, delay: float, loading: LoadingProcess) -> Account:
    random = Random(seed)
    case = CASES[name]
    kind, _, policy = name.rpartition(", ")
    account = Account("killed at random", kind or name, policy if kind else "resend")
    source, left = directory / "rows.csv", directory / "left"
    rows = case.write(source, random)
    began = time.monotonic()
    with RunningEmulator() as emulator:
        emulator.inject({"do": "delay", "seconds": delay})
        if seed % 2:
            emulator.inject({"do": "status", "status": 503, "stored": True, "every": 9})
        for _ in range(random.randint(1, 3)):
            after = emulator.stats()["requests"] + random.randint(1, _REQUESTS)
            loading.start(name, source, left, (emulator.account_id, emulator.passcode, emulator.url))
            while not loading.over and emulator.stats()["requests"] < after:
                time.sleep(0.001)
            time.sleep(random.random() * 0.01)
            account.attempts += loading.kill()
        wait_until_at_rest(emulator)
        summary = load(case, source, left, (emulator.account_id, emulator.passcode, emulator.url))
        account.attempts += 1
        account.seconds = time.monotonic() - began
        account.sent = sum(request["records"] for request in emulator.requests(case.kind.endpoint.path))
        _check(account, case, rows, summary, read_rejects(left / "rejects.csv"), emulator)
    return account


def _check(
    account: Account,
    case: Case,
    rows: Rows,
    summary: Summary,
    rejects: list[dict[str, str]],
    emulator: RunningEmulator,
) -> None:
    outcomes = {int(row["clevertap_row"]): row["clevertap_outcome"] for row in rejects}
    counted = Counter(outcomes.values())
    sent, invalid = case.sent_rows(rows), case.invalid_rows(rows)
    skipped = len(rows) - len(sent) - len(invalid)
    account.rows, account.requests, account.resent = len(rows), summary.requests, summary.resent
    account.rejected, account.held = summary.rejected, summary.unconfirmed
    account.expect("distinct rows in the rejects file", len(rejects), len(outcomes))
    account.expect(
        "the summary",
        (summary.rows, summary.accepted, summary.skipped, summary.invalid, summary.unconfirmed, summary.rejected),
        (len(rows), len(rows) - skipped - len(outcomes), skipped, counted["invalid"], counted["unconfirmed"], 0),
    )
    account.hidden = len(invalid - outcomes.keys())
    account.expect("invalid rows", {number for number, one in outcomes.items() if one == "invalid"}, invalid)
    check_stored(account, case, rows, outcomes.keys(), emulator)
    if account.duplicated > (0 if case.holds else account.resent):
        account.problems.append(f"duplicated: {account.duplicated}, and resent {account.resent}")
    account.expect("held under resend", account.held if account.policy == "resend" else 0, 0)


def check_stored(
    account: Account, case: Case, rows: Rows, reported: Collection[int], emulator: RunningEmulator
) -> None:
    """Check what the emulator has stored, and add it to the account.

    :param reported: the numbers of the rows in the rejects file.
    """
    sent = case.sent_rows(rows)
    accepted = {row["identity"] for number, row in sent.items() if number not in reported}
    for stored in case.effects(emulator):
        lost = accepted - stored.keys()
        account.lost += len(lost)
        account.none("lost", lost)
        account.none("in the store, and not in the source", stored.keys() - {row["identity"] for row in sent.values()})
        account.duplicated += sum(times - 1 for times in stored.values())
    account.none("in the store, and other than in the source", case.wrong(emulator, rows))


def together(accounts: list[Account]) -> Account:
    """Add up the accounts of several seeds of one load."""
    first = accounts[0]
    kills = sum(account.attempts - 1 for account in accounts)
    total = Account(f"killed {kills} times, {len(accounts)} loads", first.kind, first.policy)
    for name in (
        "rows",
        "sent",
        "lost",
        "hidden",
        "duplicated",
        "resent",
        "held",
        "rejected",
        "requests",
        "attempts",
        "seconds",
    ):
        setattr(total, name, sum(getattr(account, name) for account in accounts))
    total.problems = [problem for account in accounts for problem in account.problems]
    return total
