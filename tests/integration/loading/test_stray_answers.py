"""A service that says more than it was asked: what is accepted is what is stored."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import CleverTapUnavailableError, LoadStoppedError
from airflow_provider_clevertap.loading import load as loading
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import events
from tests.support.plain_rows import PATIENT, Rows
from tests.support.raw_server import ACCOUNT_ID, PASSCODE, TIMEOUT, Line, RawServer, Script, http, stall

ROWS = 5_000


def bought(count: int) -> list[dict[str, Any]]:
    return [{"identity": f"cust-{n}", "ts": str(1_700_000_000 + n)} for n in range(count)]


class Chatterbox:
    """Answers each request twice over, and takes only two of three."""

    def __init__(self) -> None:
        self.stored: list[int] = []
        self._asked = 0
        self._lock = threading.Lock()

    def __call__(self, line: Line) -> None:
        while request := line.request():
            records = json.loads(request.body)["d"]
            taken = http(200, json.dumps({"status": "success", "processed": len(records)}).encode())
            with self._lock:
                self._asked += 1
                takes = self._asked % 3 != 0
                if takes:
                    self.stored += [record["ts"] for record in records]
            line.send((taken if takes else http(503, b"")) + taken)


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[RawServer] = []

    def start(script: Script) -> RawServer:
        servers.append(RawServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def load(url: str, path: Path, rows: int = ROWS, **options: Any) -> tuple[Load, CleverTapClient]:
    client = CleverTapClient(ACCOUNT_ID, PASSCODE, url, timeout=TIMEOUT, max_in_flight=15)
    given: dict[str, Any] = {"retries": PATIENT, "max_rejects": "100%", "rejects_path": path / "rejects.csv", **options}
    source = Rows(bought(rows), block_rows=500)
    return Load(events(event_name="Bought"), source, client, LoadOptions(bytes_per_batch=20_000, **given)), client


@pytest.mark.parametrize("on_unconfirmed", ["resend", "hold"])
def test_what_is_accepted_is_what_a_service_has_stored_that_answers_twice(
    serve: Any, tmp_path: Path, on_unconfirmed: str
) -> None:
    service = Chatterbox()
    made, client = load(serve(service).url, tmp_path, on_unconfirmed=on_unconfirmed)
    with client:
        summary = made.run()
    assert summary.accepted == len(service.stored) == len(set(service.stored))
    assert summary.accepted + summary.unconfirmed == ROWS
    assert (summary.unconfirmed == 0) is (on_unconfirmed == "resend")


@pytest.mark.parametrize("on_unconfirmed", ["resend", "hold"])
@pytest.mark.parametrize("status", [503, 429])
def test_a_wait_that_is_asked_for_beyond_the_time_of_a_batch_ends_the_load(
    serve: Any, tmp_path: Path, on_unconfirmed: str, status: int
) -> None:
    def script(line: Line) -> None:
        while line.request():
            line.send(http(status, b"", "Retry-After: 3600"))

    made, client = load(serve(script).url, tmp_path, on_unconfirmed=on_unconfirmed, max_in_flight=1)
    with (
        client,
        pytest.raises(
            CleverTapUnavailableError, match="asks for a wait of 3600 s, and a batch is retried for at most 600"
        ),
    ):
        made.run()
    assert made.summary.accepted == 0


@pytest.mark.parametrize("on_unconfirmed", ["resend", "hold"])
def test_a_wait_that_is_asked_for_is_told_of(
    serve: Any, tmp_path: Path, on_unconfirmed: str, caplog: pytest.LogCaptureFixture
) -> None:
    lock, asked = threading.Lock(), [0]

    def script(line: Line) -> None:
        while line.request():
            with lock:
                asked[0] += 1
                first = asked[0] == 1
            line.send(http(503, b"", "Retry-After: 1") if first else http(200, b'{"status":"success","processed":1}'))

    made, client = load(serve(script).url, tmp_path, 1, on_unconfirmed=on_unconfirmed)
    with client:
        made.run()
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told.startswith("CleverTap, or a proxy before it, failed: HTTP 503; ")
    assert f"; {'retrying' if on_unconfirmed == 'resend' else 'sending the next batch'} in 1." in told


def test_a_stop_ends_requests_that_get_no_answer_and_leaves_their_rows_in_doubt(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "STOP_SECONDS", 0.2)
    server = serve(stall)
    made, client = load(server.url, tmp_path, 10, retries=RetryPolicy())
    client.timeout = 100 * TIMEOUT
    ended: list[BaseException] = []

    def run() -> None:
        try:
            made.run()
        except BaseException as error:
            ended.append(error)

    running = threading.Thread(target=run)
    with client:
        running.start()
        server.wait_for_requests(1)
        made.stop()
        running.join(2 * TIMEOUT)
    assert [type(error) for error in ended] == [LoadStoppedError]
    assert made.summary.accepted == 0


def test_a_repetition_has_the_time_that_is_left_of_its_batch(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_clevertap.loading.delivery.batch_delivery.MIN_SECONDS", 0.1)
    asked: list[int] = []

    def script(line: Line) -> None:
        while line.request():
            asked.append(1)
            if len(asked) > 1:
                line.server.over.wait()
            line.send(http(503, b""))

    # The first answer comes at once, but may come late on a busy machine: then there is no second request.
    retries = RetryPolicy(total_seconds=TIMEOUT / 20, base=0.01, cap=0.05)
    made, client = load(serve(script).url, tmp_path, 1, retries=retries)
    client.timeout = 100 * TIMEOUT
    with client, pytest.raises(CleverTapUnavailableError):
        made.run()
