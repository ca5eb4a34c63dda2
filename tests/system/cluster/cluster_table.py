"""The tables that the cluster test prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.system.cluster.accounting import Account, Load
from tests.system.cluster.forty_files import FILES, SLOTS
from tests.system.cluster.lost_worker import Lost
from tests.system.cluster.running_cluster import HEARTBEAT_TIMEOUT, RunningCluster

_ATTEMPTS = (
    "SELECT hostname, count(*), count(*) FILTER (WHERE state = 'success') FROM "
    "(SELECT hostname, state FROM task_instance UNION ALL SELECT hostname, state FROM task_instance_history) t "
    "GROUP BY hostname ORDER BY hostname"
)


def show(
    cluster: RunningCluster, lost: Lost, found: dict[Load, Account], stats: dict[str, Any], seconds: float
) -> None:
    """Print the tables of workers, of loads, and of killed loads."""
    print()
    _table(
        ("worker", "attempts", "succeeded", "killed"),
        [
            (worker, attempts, succeeded, len(lost.loads) if worker == lost.worker else 0)
            for worker, attempts, succeeded in cluster.query(_ATTEMPTS)
        ],
    )
    _table(
        ("loads", "files", "rows", "accepted", "held", "resent", "lost", "duplicates", "requests", "retries"),
        [_sum(task, [account for (kind, _), account in found.items() if kind == task]) for task in FILES]
        + [_sum("all", list(found.values()))],
    )
    _table(
        ("killed load", "settled", "in flight", "resumed at row", "held", "resent", "duplicates"),
        [
            (
                f"{load[0]}[{load[1]}]",
                lost.settled(load),
                lost.in_flight(load),
                found[load].summary["resumed_from_row"] or 1,
                len(found[load].held),
                found[load].summary["resent"],
                found[load].duplicates,
            )
            for load in sorted(lost.loads)
            if load in found
        ],
    )
    print(
        f"Worker {lost.worker} was killed with {lost.processes} processes when {lost.finished} loads had finished; "
        f"Airflow considers a task dead after {HEARTBEAT_TIMEOUT} s.\n"
        f"In flight: at most {stats['peak_in_flight']} of {SLOTS}; answers "
        f"{stats['requests_by_status'].get('429', 0)} times 429. {seconds:.0f} s from the first load to the last."
    )


def _sum(name: str, accounts: Sequence[Account]) -> tuple[Any, ...]:
    def of(field: str) -> int:
        return sum(account.summary[field] for account in accounts)

    return (
        *(name, len(accounts), of("rows"), of("accepted"), sum(len(account.held) for account in accounts)),
        *(of("resent"), sum(account.lost for account in accounts), sum(account.duplicates for account in accounts)),
        *(of("requests"), of("retries")),
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    lines = [[cell if isinstance(cell, str) else f"{cell:,}" for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        print("  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]))
    print()
