"""Services that keep to no protocol: answers nobody asked for, and heads that never end."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import events
from tests.support.chaos.account import Account, read_rejects
from tests.support.plain_rows import PATIENT, Rows
from tests.support.raw_server import ACCOUNT_ID, PASSCODE, Line, RawServer, http

ROWS = 3_000
#: Every so many requests it misbehaves.
_EVERY = 3


class Service:
    """Takes most requests, and misbehaves at the others."""

    #: of the client, in seconds: long, unless the fault is one that only it ends
    timeout = 60.0

    def __init__(self) -> None:
        self.stored: Counter[str] = Counter()
        self.requests = self.records = 0
        self._lock = threading.Lock()

    def __call__(self, line: Line) -> None:
        while request := line.request():
            records = json.loads(request.body)["d"]
            with self._lock:
                self.requests += 1
                self.records += len(records)
                misbehaves = self.requests % _EVERY == 0
                if not misbehaves:
                    self.stored.update(record["identity"] for record in records)
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


def run_raw(fault: str, policy: str, directory: Path) -> Account:
    """Load events into a service, and close the account."""
    account = Account(fault, "events", policy, rows=ROWS)
    service = SERVICES[fault]()
    server = RawServer(service)
    rows = [{"identity": f"cust-{number}", "ts": str(1_700_000_000 + number)} for number in range(ROWS)]
    options: dict[str, Any] = {"retries": PATIENT, "max_rejects": "100%", "on_unconfirmed": policy, "max_in_flight": 4}
    began = time.monotonic()
    try:
        with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=service.timeout, max_in_flight=4) as client:
            given = LoadOptions(bytes_per_batch=20_000, rejects_path=directory / "rejects.csv", **options)
            summary = Load(events(event_name="Viewed"), Rows(rows, block_rows=500), client, given).run()
    finally:
        server.close()
    account.seconds, account.attempts = time.monotonic() - began, 1
    account.requests, account.sent = summary.requests, service.records
    account.resent, account.held = summary.resent, summary.unconfirmed
    held = {row["identity"] for row in read_rejects(directory / "rejects.csv")}
    lost = {row["identity"] for row in rows} - held - service.stored.keys()
    account.lost = len(lost)
    account.none("lost", lost)
    account.expect("rows of the summary", summary.rows, ROWS)
    account.expect("rows held", len(held), summary.unconfirmed)
    account.duplicated = sum(times - 1 for times in service.stored.values())
    if account.duplicated > (0 if policy == "hold" else summary.resent):
        account.problems.append(f"duplicated: {account.duplicated}, and resent {summary.resent}")
    account.expect("it misbehaved", service.requests >= _EVERY, True)
    return account
