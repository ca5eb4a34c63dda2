"""Loads in processes of their own, which are killed, and what each kind of load is to leave behind."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from plain_rows import QUICK

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.file_store import FileStore
from airflow_provider_clevertap.loading.kinds import PROFILES, RecordKind, events
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.sources import open_source
from airflow_provider_clevertap.loading.summary import Summary

#: Forked from a process that has imported all there is, a load is under way at once.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["killed_loads", "pandas", "airflow_provider_clevertap.loading.sources.csv_rows"])

ROWS = 3_000
#: Small calls and blocks, so that few rows make many of both.
_PER_CALL, _BLOCK_ROWS, _IN_FLIGHT = 40, 700, 4


@dataclass(frozen=True)
class Case:
    """One kind of load of the same file.

    :param kind: the kind of record.
    :param lines: rows that make one record.
    :param options: more options.
    """

    kind: RecordKind
    lines: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.options.get("on_unconfirmed") == "hold"


def _cases() -> dict[str, Case]:
    viewed = replace(events(event_name="Viewed", timestamp="now"), records_per_call=_PER_CALL)
    charged = replace(
        events(event_name="Charged", timestamp="now", group_by="order", items=["sku"]), records_per_call=_PER_CALL
    )
    ahead = replace(viewed, ahead=replace(PROFILES, records_per_call=_PER_CALL))
    counting = {"profile_columns": {"spent": Column("Spent", type="integer", operator="$incr")}}
    plain: dict[str, Any] = {"profile_columns": ["spent"]}
    hold: dict[str, Any] = {"on_unconfirmed": "hold"}
    return {
        "profiles": Case(replace(PROFILES, records_per_call=_PER_CALL)),
        "counting profiles, hold": Case(
            replace(PROFILES, records_per_call=_PER_CALL),
            options={"columns": {"spent": Column("Spent", type="integer", operator="$incr")}, **hold},
        ),
        "events, hold": Case(viewed, options=hold),
        "events, resend": Case(viewed),
        "orders, hold": Case(charged, lines=3, options=hold),
        "orders, resend": Case(charged, lines=3),
        "events after profiles, hold": Case(ahead, options=plain | hold),
        "events after profiles, resend": Case(ahead, options=plain),
        "events after counting profiles, hold": Case(ahead, options=counting | hold),
        "events after counting profiles, resend": Case(ahead, options=counting),
    }


CASES = _cases()


def write_rows(path: Path, random: Random) -> None:
    """Write rows: most are good, some have no identity."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["identity", "order", "sku", "spent"])
        for row in range(ROWS):
            identity = "" if random.random() < 0.02 else f"cust-{row}"
            writer.writerow([identity, "", f"sku-{row}", "1"])


def write_lines(path: Path, random: Random) -> None:
    """Write order lines: three rows to an order."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["identity", "order", "sku", "spent"])
        for order in range(ROWS // 3):
            identity = "" if random.random() < 0.02 else f"cust-{order}"
            for line in range(3):
                writer.writerow([identity, f"order-{order}", f"sku-{order}-{line}", "1"])


def load(case: Case, source: Path, directory: Path, address: tuple[str, str, str]) -> Summary:
    """Run a load, or what is left of it.

    :param address: the emulator's account id, passcode and URL.
    """
    options = {"max_in_flight": _IN_FLIGHT, "retries": QUICK, "max_rejects": 1.0, **case.options}
    with CleverTapClient(*address, timeout=5.0, max_in_flight=_IN_FLIGHT) as client:
        return Load(
            case.kind,
            open_source(source, block_rows=_BLOCK_ROWS),
            client,
            LoadOptions(rejects_path=directory / "rejects.csv", **options),
            store=FileStore(directory),
        ).run()


def _load_named(name: str, source: Path, directory: Path, address: tuple[str, str, str]) -> None:
    load(CASES[name], source, directory, address)


@contextmanager
def _running(name: str, source: Path, directory: Path, address: tuple[str, str, str]) -> Iterator[Any]:
    process = _PROCESSES.Process(target=_load_named, args=(name, source, directory, address), daemon=True)
    process.start()
    try:
        yield process
    finally:
        if process.is_alive():
            os.kill(process.pid or 0, signal.SIGKILL)
        process.join()


def kill_midway(
    name: str, source: Path, directory: Path, emulator: RunningEmulator, *, after: int, pause: float
) -> bool:
    """Start a load, and kill its process; tell whether it was still running.

    :param after: requests that the emulator must have seen before.
    :param pause: seconds to let pass then.
    """
    address = (emulator.account_id, emulator.passcode, emulator.url)
    with _running(name, source, directory, address) as process:
        while process.is_alive() and emulator.stats()["requests"] < after:
            time.sleep(0.001)
        time.sleep(pause)
        return bool(process.is_alive())
