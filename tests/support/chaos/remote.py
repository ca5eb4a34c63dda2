"""One load under one fault of the other side, over real HTTP, until it is complete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import CleverTapError
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.chaos.account import Account, check_delivery, close_account, read_rejects
from tests.support.chaos.faults import FAULTS, Fault, Setting
from tests.support.chaos.kinds import KINDS, Kind, of_size
from tests.support.chaos.recorder import Recorder, Service
from tests.support.held_answers import wait_until_at_rest

POLICIES = ("resend", "hold")
_MAX_ATTEMPTS = 20
_IN_FLIGHT = 4


@dataclass(frozen=True)
class Size:
    """How much is loaded.

    :param rows: of the file.
    :param per_call: records of one request.
    """

    rows: int
    per_call: int


SMALL, LARGE = Size(600, 20), Size(6_000, 100)


@dataclass(frozen=True)
class RemoteCase:
    """One line of the table."""

    fault: str
    kind: str
    policy: str

    def __str__(self) -> str:
        return f"{self.fault}, {self.kind}, {self.policy}"


def remote_cases(which: Literal["all", "suite", "brief"]) -> Iterator[RemoteCase]:
    """Return the cases.

    :param which: ``all``: every fault with every kind and policy. ``suite``: profiles and events with every fault, the
        other kinds with some. ``brief``: of these, those where the policy makes a difference under both.
    """
    for name, fault in FAULTS.items():
        for kind in KINDS.values():
            if which != "all" and not fault.everywhere and kind.name not in ("profiles", "events"):
                continue
            for policy in POLICIES:
                if which != "brief" or policy == "resend" or not kind.repeatable:
                    yield RemoteCase(name, kind.name, policy)


def run_remote(
    case: RemoteCase, directory: Path, *, size: Size = SMALL, seed: int = 1, fault: Fault | None = None
) -> Account:
    """Run a case, and close its account.

    :param fault: instead of the one the case names, as for a longer outage.
    """
    fault = fault or FAULTS[case.fault]
    kind = of_size(KINDS[case.kind], size.per_call)
    account = Account(case.fault, case.kind, case.policy)
    source = directory / "rows.csv"
    kind.write(source, size.rows)
    recorder = Recorder(kind.header[0])
    began = time.monotonic()
    with RunningEmulator(**{**kind.settings(size.rows), **fault.settings}) as emulator:
        emulator.inject(*fault.rules(Setting(kind, size.per_call, seed)))
        service = Service(emulator, fault.outage)
        try:
            summary = _load(case, kind, fault, source, directory, emulator, service, recorder, account)
        finally:
            service.close()
        account.seconds = time.monotonic() - began
        wait_until_at_rest(emulator)
        stored = kind.found(emulator, size.rows)
        arrived = emulator.requests(kind.record.endpoint.path)
    account.sent = sum(request["records"] for request in arrived)
    account.requests = summary.requests
    account.expect("requests of the summary", summary.requests, recorder.requests)
    if not recorder.settled_requests <= len(arrived) <= recorder.requests:
        account.problems.append(f"{len(arrived)} requests arrived of {recorder.requests} made")
    outcomes = close_account(account, kind, fault, size.rows, summary, read_rejects(directory / "rejects.csv"), stored)
    check_delivery(account, kind, fault, outcomes, stored, recorder)
    return account


def _load(
    case: RemoteCase,
    kind: Kind,
    fault: Fault,
    source: Path,
    directory: Path,
    emulator: RunningEmulator,
    service: Service,
    recorder: Recorder,
    account: Account,
) -> Summary:
    """Try until the load is complete, as Airflow would."""
    address = (emulator.account_id, emulator.passcode, emulator.url)
    struck = _struck(emulator)
    while True:
        account.attempts += 1
        with recorder.client(service, address, fault.timeout) as client:
            load = _new_load(case, kind, fault, source, directory, client)
            try:
                summary = load.run()
            except CleverTapError as error:
                expected = fault.ends if account.attempts == 1 and fault.ends else fault.may_end
                if expected is None or not isinstance(error, expected) or account.attempts == _MAX_ATTEMPTS:
                    raise
                struck = struck or _struck(emulator)
                if fault.ends is not None:
                    emulator.clear_faults()
                    service.come_back()
                continue
        if fault.ends is not None:
            account.expect("attempts", account.attempts, 2)
        needs = fault.rules(Setting(kind, 1, 0)) != []
        account.expect("the fault struck", not needs or struck or _struck(emulator), True)
        return summary


def _struck(emulator: RunningEmulator) -> bool:
    return any(rule["struck"] for rule in emulator.faults())


def _new_load(case: RemoteCase, kind: Kind, fault: Fault, source: Path, directory: Path, client: Any) -> Load:
    options: dict[str, Any] = {"columns": kind.columns, "retries": fault.retries, "on_unconfirmed": case.policy}
    return Load(
        kind.record,
        open_source(source, block_rows=max(1, 3 * kind.record.records_per_call + 7)),
        client,
        LoadOptions(rejects_path=directory / "rejects.csv", max_rejects="100%", max_in_flight=_IN_FLIGHT, **options),
        store=FileCheckpointStore(directory / "checkpoint"),
    )
