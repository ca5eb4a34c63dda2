"""A kind of record with an endpoint of its own: nothing but the kind decides where and how its records are sent."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.endpoints import Endpoint
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES, RecordKind, events
from tests.support.plain_rows import QUICK, Rows, people

PETS = replace(
    PROFILES,
    name="pets",
    records_per_call=10,
    endpoint=Endpoint("/2/pets", max_in_flight=2, supports_dry_run=False),
    envelope=(b'{"pets":[', b'],"end":1}'),
)
#: seconds for what takes no time unless the machine is busy
TIMEOUT = 60.0


class Service(ThreadingHTTPServer):
    """Accepts every record, and keeps what it received; a response waits until two requests are in flight."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.in_flight = self.most_in_flight = 0
        self.changed = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        service = self.server
        with service.changed:
            service.requests.append((self.path, body))
            service.in_flight += 1
            service.most_in_flight = max(service.most_in_flight, service.in_flight)
            service.changed.notify_all()
            service.changed.wait_for(lambda: service.most_in_flight > 1, TIMEOUT)
            service.in_flight -= 1
        records = body.get("pets", body.get("d"))
        answer = json.dumps({"status": "success", "processed": len(records), "unprocessed": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield service
    service.shutdown()
    service.server_close()


def load(service: Service, kind: RecordKind, rows: list[dict[str, Any]], **options: Any) -> Load:
    client = CleverTapClient("TEST", "PASSCODE", service.url, max_in_flight=15)
    return Load(kind, Rows(rows), client, LoadOptions(retries=QUICK, **options), log=logging.getLogger("load"))


def test_records_go_to_the_endpoint_of_their_kind(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "load")
    summary = load(service, PETS, people(200), max_in_flight=8).run()
    assert (summary.accepted, summary.requests) == (200, 20)
    assert {path for path, _ in service.requests} == {"/2/pets"}
    assert {(len(body["pets"]), body["end"]) for _, body in service.requests} == {(10, 1)}
    assert service.most_in_flight == 2
    lowered = [record.getMessage() for record in caplog.records if "max_in_flight" in record.getMessage()]
    assert lowered == ["max_in_flight is lowered from 8 to 2, the maximum for /2/pets"]


def test_a_number_within_the_limit_is_kept(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "load")
    load(service, PETS, people(40), max_in_flight=2).run()
    assert "max_in_flight" not in caplog.text


def test_profile_updates_go_to_their_own_endpoint_and_count_for_the_limit(service: Service) -> None:
    updates = replace(PETS, name="pet updates")
    kind = replace(events(event_name="Viewed", timestamp="now"), records_per_call=10, profile_update_kind=updates)
    rows = [{"identity": f"cust-{number}", "Tier": "gold"} for number in range(100)]
    summary = load(service, kind, rows, max_in_flight=8, profile_columns=["Tier"]).run()
    assert summary.accepted == 100
    sent = [(path, next(iter(body))) for path, body in service.requests]
    assert set(sent) == {("/2/pets", "pets"), ("/1/upload", "d")}
    assert service.most_in_flight == 2


def test_a_server_dry_run_needs_an_endpoint_that_has_one(service: Service) -> None:
    with pytest.raises(ConfigurationError, match="no dry run for /2/pets"):
        load(service, PETS, people(10), dry_run="server")
    assert load(service, PETS, people(10), dry_run="local").run().accepted == 10
    assert service.requests == []
