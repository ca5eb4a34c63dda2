"""Services that keep to no protocol: answers nobody asked for, and heads that never end."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.chaos.account import Account, close_account, read_rejects
from tests.support.chaos.faults import Fault
from tests.support.chaos.kinds import KINDS, Kind, Stored, of_size
from tests.support.chaos.remote import POLICIES, RemoteCase
from tests.support.plain_rows import PATIENT
from tests.support.raw_server import ACCOUNT_ID, PASSCODE, Line, RawServer, http

_ROWS, _PER_CALL, _IN_FLIGHT = 3_000, 150, 4
#: Every so many requests it misbehaves.
_EVERY = 3


class Service:
    """Takes most requests, and misbehaves at the others.

    :param key: the field of a record that is its key.
    """

    #: of the client, in seconds: long, unless the fault is one that only it ends
    timeout = 60.0

    def __init__(self, key: str) -> None:
        self._key = key
        self.stored: defaultdict[str, list[str]] = defaultdict(list)
        self.requests = self.records = 0
        self._lock = threading.Lock()

    def __call__(self, line: Line) -> None:
        while request := line.request():
            records = json.loads(request.body)["d"]
            with self._lock:
                self.requests += 1
                self.records += len(records)
                misbehaves = self.requests % _EVERY == 0
                for record in [] if misbehaves else records:
                    self.stored[record[self._key]].append(json.dumps(record))
            taken = http(200, json.dumps({"status": "success", "processed": len(records)}).encode())
            self.answer(line, taken, misbehaves=misbehaves)

    def answer(self, line: Line, taken: bytes, *, misbehaves: bool) -> None:
        """Answer a request."""
        line.send(taken)


class AnswersTwice(Service):
    """Sends one more answer behind each, as if for the next request, and may then reject that one."""

    def answer(self, line: Line, taken: bytes, *, misbehaves: bool) -> None:
        line.send((http(503, b"") if misbehaves else taken) + taken)


class EndlessHead(Service):
    """Sends one header line after the other, for ever, to some requests."""

    timeout = 2.0

    def answer(self, line: Line, taken: bytes, *, misbehaves: bool) -> None:
        if not misbehaves:
            line.send(taken)
            return
        line.send(b"HTTP/1.1 200 OK\r\n")
        while True:  # until the client has gone, which raises
            line.send(b"X-More: and more\r\n")
            time.sleep(0.02)


SERVICES = {"a second answer behind each": AnswersTwice, "a head without end": EndlessHead}


def raw_cases(*, brief: bool) -> Iterator[RemoteCase]:
    """Return the cases.

    :param brief: only one kind of each endpoint.
    """
    for fault in SERVICES:
        for name in ("events", "subscriptions") if brief else KINDS:
            for policy in POLICIES:
                yield RemoteCase(fault, name, policy)


def run_raw(case: RemoteCase, directory: Path) -> Account:
    """Load into a service, and close the account."""
    kind = of_size(replace(KINDS[case.kind], rejects=False), _PER_CALL)
    account = Account(case.fault, case.kind, case.policy)
    source = directory / "rows.csv"
    kind.write(source, _ROWS)
    service = SERVICES[case.fault](kind.header[0])
    server = RawServer(service)
    options: dict[str, Any] = {"columns": kind.columns, "retries": PATIENT, "on_unconfirmed": case.policy}
    options |= {"rejects_path": directory / "rejects.csv", "max_rejects": "100%", "max_in_flight": _IN_FLIGHT}
    began = time.monotonic()
    try:
        with CleverTapClient(
            ACCOUNT_ID, PASSCODE, server.url, timeout=service.timeout, max_in_flight=_IN_FLIGHT
        ) as client:
            summary = Load(kind.record, open_source(source, block_rows=500), client, LoadOptions(**options)).run()
    finally:
        server.close()
    account.seconds, account.attempts = time.monotonic() - began, 1
    account.requests, account.sent = summary.requests, service.records
    rejects = read_rejects(directory / "rejects.csv")
    close_account(account, kind, Fault(), _ROWS, summary, rejects, _found(kind, service))
    if account.duplicated > (0 if case.policy == "hold" else summary.resent):
        account.problems.append(f"duplicated: {account.duplicated}, and resent {summary.resent}")
    account.expect("it misbehaved", service.requests >= _EVERY, True)
    return account


def _found(kind: Kind, service: Service) -> Stored:
    """Return what a service has stored."""
    found: Stored = {}
    sent = kind.sent_rows(_ROWS)
    for key, records in service.stored.items():
        cells = kind.cells(sent[key], False) if key in sent else ()
        is_right = all(cell in record for cell in cells for record in records)
        found[key] = (1 if kind.repeatable else len(records), is_right)
    return found
