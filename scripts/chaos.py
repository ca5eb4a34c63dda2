"""Run loads under every known fault, and check that no row is lost and that every duplicate is reported.

    python -m scripts.chaos [--quick] [--only REGEX] [--seed N] [--kills N]

The faults and what must hold are in tests/support/chaos. The exit status is 1 when something does not.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NUMBERS = ("rows", "sent", "lost", "hidden", "duplicated", "resent", "held", "rejected", "requests", "attempts")
LINE = "{:43} {:30} {:6} " + " ".join(["{:>8}"] * (len(NUMBERS) + 1))


def read_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows and cases: about two minutes")
    parser.add_argument(
        "--only", type=re.compile, default="", metavar="REGEX", help="only the cases whose name has this"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="decides which requests are struck and when loads are killed"
    )
    parser.add_argument("--kills", type=int, metavar="N", help="kill each kind of load with this many seeds")
    return parser.parse_args(arguments)


def guarded(case: Any, run: Callable[[Path], Any]) -> Any:
    """Run a case in a directory of its own; a failure nobody expected is a problem like others."""
    from tests.support.chaos.account import Account

    with TemporaryDirectory(prefix="clevertap-chaos-") as directory:
        try:
            return run(Path(directory))
        except Exception as error:
            return Account(case.fault, case.kind, case.policy, problems=[f"ended with {type(error).__name__}: {error}"])


def remote(options: argparse.Namespace) -> Iterator[Any]:
    """Load under the faults of the other side."""
    from tests.support.chaos.faults import MINUTE_AWAY
    from tests.support.chaos.remote import LARGE, SMALL, RemoteCase, remote_cases, run_remote

    cases = list(remote_cases("brief" if options.quick else "all"))
    load = partial(run_remote, size=SMALL if options.quick else LARGE, seed=options.seed)
    for case in cases:
        if options.only.search(str(case)):
            yield guarded(case, partial(load, case))
    if options.quick:
        return
    minute = dict.fromkeys(RemoteCase("gone and back after a minute", case.kind, case.policy) for case in cases)
    away = [case for case in minute if options.only.search(str(case))]
    with ThreadPoolExecutor(len(away) or 1) as threads:  # they mostly wait
        yield from threads.map(lambda case: guarded(case, partial(load, case, fault=MINUTE_AWAY)), away)


def killed(options: argparse.Namespace) -> Iterator[Any]:
    """Kill loading processes."""
    from tests.support.chaos.kills import KILLED, run_killed, together
    from tests.support.chaos.remote import RemoteCase
    from tests.support.killed_loads import LoadingProcess

    seeds = options.kills if options.kills is not None else 1 if options.quick else 20
    with LoadingProcess() as loading:
        for place, name in enumerate(KILLED):
            case = RemoteCase("killed at random", name, "")
            if seeds and options.only.search(str(case)):
                load = partial(run_killed, name, loading=loading)
                of_seeds = range(options.seed + place, options.seed + place + seeds)
                yield together([guarded(case, partial(load, seed)) for seed in of_seeds])


def raw(options: argparse.Namespace) -> Iterator[Any]:
    """Load into services that violate HTTP."""
    from tests.support.chaos.raw import raw_cases, run_raw

    for case in raw_cases(brief=options.quick):
        if options.only.search(str(case)):
            yield guarded(case, partial(run_raw, case))


def here(options: argparse.Namespace) -> Iterator[Any]:
    """Load under local faults."""
    from tests.support.chaos.here import (
        HERE,
        changed_source,
        full_disks,
        one_place_for_two,
        rejects_beside_the_source,
        second_signals,
    )
    from tests.support.chaos.remote import RemoteCase
    from tests.support.killed_loads import LoadingProcess

    with LoadingProcess() as loading:
        cases = {
            "disk full": partial(full_disks, loading=loading, brief=options.quick),
            "source changed": partial(changed_source, loading=loading),
            "rejects beside the source": rejects_beside_the_source,
            "two tasks with one path": one_place_for_two,
            "interrupted again and again": second_signals,
        }
        for fault, run in cases.items():
            for name in HERE:
                case = RemoteCase(fault, name, "")
                if options.only.search(str(case)):
                    yield guarded(case, partial(run, name, options.seed))


def main(arguments: list[str] | None = None) -> int:
    """Run the cases; return the exit status."""
    options = read_arguments(arguments)
    began = time.monotonic()
    print(LINE.format("fault", "kind", "policy", *NUMBERS, "seconds"), flush=True)
    accounts = []
    for section in (remote, raw, here, killed):
        for account in section(options):
            accounts.append(account)
            numbers = [f"{getattr(account, name):,}" for name in NUMBERS]
            line = LINE.format(account.fault, account.kind, account.policy, *numbers, f"{account.seconds:.1f}")
            print(line + ("  WRONG" if account.problems else ""), flush=True)
    for account in accounts:
        for problem in account.problems:
            print(f"WRONG: {account.fault}, {account.kind}, {account.policy}: {problem}")
    print(totals(accounts, time.monotonic() - began))
    return 1 if not accounts or any(account.problems for account in accounts) else 0


def totals(accounts: list[Any], seconds: float) -> str:
    def total(name: str, policy: str = "") -> str:
        return f"{sum(getattr(account, name) for account in accounts if policy in account.policy):,}"

    return (
        f"{len(accounts)} cases in {seconds:.0f} s: {total('rows')} rows, {total('sent')} records sent; "
        f"{total('lost')} lost, {total('hidden')} hidden; duplicated: {total('duplicated', 'hold')} under hold, "
        f"{total('duplicated', 'resend')} under resend of {total('resent', 'resend')} reported as resent; "
        f"{total('held')} held and reported"
    )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    sys.exit(main())
