"""Fixtures: an emulator, an HTTP client that is not the loader's, and records to upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import pytest

from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import NOVEMBER_1
from tests.support import examples_of_properties  # noqa: F401 - sets how hypothesis runs
from tests.support.http_requests import TIMEOUT, wait_until

Post = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def _shared_emulator() -> Iterator[RunningEmulator]:
    with RunningEmulator() as running:
        yield running


@pytest.fixture
def emulator(_shared_emulator: RunningEmulator) -> Iterator[RunningEmulator]:
    """Return the shared emulator, empty and with default settings; only its request numbers continue.

    Starting one takes longer than most tests. A test that stops an emulator, or leaves it busy, starts its own.
    """
    running = _shared_emulator
    yield running
    running.clear_faults()
    wait_until(lambda: not any(path["in_flight"] for path in running.stats()["paths"].values()), "all requests to end")
    running.change_settings(**msgspec.to_builtins(Settings()))
    running.reset()


def credentials(emulator: RunningEmulator) -> dict[str, str]:
    return {"X-CleverTap-Account-Id": emulator.account_id, "X-CleverTap-Passcode": emulator.passcode}


@pytest.fixture
def api(emulator: RunningEmulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=emulator.url, headers=credentials(emulator), timeout=TIMEOUT) as client:
        yield client


def poster(api: httpx.Client, path: str) -> Post:
    """Return a function that posts records and returns the answer's JSON; the status must be 200."""

    def post(*records: Any, **params: str) -> dict[str, Any]:
        answer = api.post(path, json={"d": list(records)}, params=params)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
        content: dict[str, Any] = answer.json()
        return content

    return post


@pytest.fixture
def upload(api: httpx.Client) -> Post:
    """Upload profiles, events and tokens."""
    return poster(api, "/1/upload")


@pytest.fixture
def subscribe(api: httpx.Client) -> Post:
    """Send subscriptions."""
    return poster(api, "/1/subscribe")


def code_with(post: Post) -> Callable[[Any], int | None]:
    """Return a function that posts one record and returns the code it is rejected with, ``None`` when accepted."""

    def code(record: Any) -> int | None:
        answer = post(record)
        if answer["status"] == "success":
            assert answer == {"status": "success", "processed": 1, "unprocessed": []}
            return None
        assert (answer["status"], answer["processed"]) == ("fail", 0)
        return int(answer["unprocessed"][0]["code"])

    return code


@pytest.fixture
def code_of(upload: Post) -> Callable[[Any], int | None]:
    """Upload one record and return the code it is rejected with, ``None`` when it is accepted."""
    return code_with(upload)


@pytest.fixture
def profile() -> Callable[..., dict[str, Any]]:
    """Make a profile record."""

    def make(identity: Any = "c-1", /, **properties: Any) -> dict[str, Any]:
        return {"type": "profile", "identity": identity, "profileData": properties}

    return make


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """Make an event record; ``None`` leaves a field out."""

    def make(name: Any = "Product Viewed", data: Any = None, **fields: Any) -> dict[str, Any]:
        record = {
            "type": "event",
            "identity": "c-1",
            "ts": 1760000000,
            "evtName": name,
            "evtData": {} if data is None else data,
        }
        return {key: value for key, value in {**record, **fields}.items() if value is not None}

    return make


@pytest.fixture
def token() -> Callable[..., dict[str, Any]]:
    """Make a token record."""

    def make(object_id: str = "dev-1", **data: Any) -> dict[str, Any]:
        return {"type": "token", "objectId": object_id, "tokenData": {"id": "token-1", "type": "fcm", **data}}

    return make


@pytest.fixture
def subscription() -> Callable[..., dict[str, Any]]:
    """Make a subscription record; ``None`` leaves a field out."""

    def make(value: Any = "asha@example.com", /, **fields: Any) -> dict[str, Any]:
        record = {"type": "email", "value": value, "status": "Unsubscribe", **fields}
        return {name: field for name, field in record.items() if field is not None}

    return make


@pytest.fixture
def post(api: httpx.Client, profile: Any) -> Any:
    """Upload one profile, or the given records, and return the whole answer."""

    def send(*records: Any, **options: Any) -> httpx.Response:
        return api.post("/1/upload", json={"d": list(records) or [profile(Name="Asha")]}, **options)

    return send


def is_stored(emulator: RunningEmulator) -> bool:
    return bool(emulator.profiles())


@pytest.fixture
def many_views(upload: Any, event: Any) -> int:
    """Upload 300 events of 60 people, ten minutes apart from the beginning of 1 November; give their number."""
    upload(*(event(identity=f"c-{n % 60}", ts=NOVEMBER_1 + n * 600, data={"Price": n}) for n in range(300)))
    return 300
