"""The concurrency limits: how many requests may be in flight, the answer to one too many, and what is logged."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.http import app
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.conftest import credentials
from tests.support.http_requests import TIMEOUT, post, wait_until

Hold = Callable[..., AbstractContextManager[list[Future[httpx.Response]]]]


@pytest.fixture
def hold(api: httpx.Client, emulator: RunningEmulator) -> Hold:
    """Keep requests in flight for the length of a context: their bodies do not end before it does."""

    @contextmanager
    def holding(count: int, method: str, path: str, peak: str, body: bytes = b"") -> Iterator[list[Any]]:
        may_end = threading.Event()

        def slow_body() -> Iterator[bytes]:
            yield body[:1] or b" "
            may_end.wait(TIMEOUT)
            yield body[1:]

        with ThreadPoolExecutor(count) as threads:
            held = [threads.submit(api.request, method, path, content=slow_body()) for _ in range(count)]
            try:
                wait_until(lambda: emulator.stats()[peak] == count, f"{count} requests in flight")
                yield held
            finally:
                may_end.set()

    return holding


def uploads_of(count: int, record: Any) -> dict[str, Any]:
    body = json.dumps({"d": [record]}).encode()
    return {"count": count, "method": "POST", "path": "/1/upload", "peak": "peak_in_flight", "body": body}


def lookups(count: int) -> dict[str, Any]:
    path = "/1/profile.json?identity=c-1"
    return {"count": count, "method": "GET", "path": path, "peak": "peak_in_flight_other"}


def subscriptions(count: int, record: Any) -> dict[str, Any]:
    body = json.dumps({"d": [record]}).encode()
    return {"count": count, "method": "POST", "path": "/1/subscribe", "peak": "peak_in_flight_other", "body": body}


def statuses(answers: list[Future[httpx.Response]]) -> list[int]:
    return [answer.result().status_code for answer in answers]


def test_one_upload_too_many_gets_429(api: httpx.Client, profile: Any, emulator: RunningEmulator, hold: Hold) -> None:
    with hold(**uploads_of(15, profile())) as held:
        rejected = [api.post("/1/upload", json={"d": [profile()]}) for _ in range(3)]
    assert statuses(held) == [200] * 15
    assert [answer.status_code for answer in rejected] == [429] * 3
    assert rejected[0].json() == {"status": "fail", "error": "Too many concurrent requests", "code": 429}
    assert "Retry-After" not in rejected[0].headers
    stats = emulator.stats()
    assert (stats["peak_in_flight"], stats["in_flight"]) == (15, 0)
    assert stats["requests_by_status"] == {"200": 15, "429": 3}
    assert max(one["in_flight"] for one in emulator.requests()) == 15
    assert emulator.profile("c-1")["uploads"] == 15


def test_queries_and_pages_of_an_export_share_three(api: httpx.Client, emulator: RunningEmulator, hold: Hold) -> None:
    body = b'{"event_name":"App Launched","from":20251101,"to":20251101}'
    with hold(3, "POST", "/1/events.json", "peak_in_flight_other", body) as held:
        assert api.get("/1/events.json?cursor=x").status_code == 429
        assert api.post("/1/profiles.json", content=body).status_code == 200
    assert statuses(held) == [200] * 3


def test_other_apis_have_a_limit_of_their_own(
    api: httpx.Client, upload: Any, profile: Any, emulator: RunningEmulator, hold: Hold
) -> None:
    upload(profile())
    with hold(**lookups(3)) as held:
        assert [api.get("/1/profile.json?identity=c-1").status_code for _ in range(2)] == [429] * 2
        upload(profile())
    assert statuses(held) == [200] * 3
    assert emulator.stats()["peak_in_flight_other"] == 3


def test_each_of_the_other_paths_has_its_own_limit(
    api: httpx.Client, subscribe: Any, subscription: Any, emulator: RunningEmulator, hold: Hold
) -> None:
    with hold(**subscriptions(3, subscription())) as held:
        rejected = api.post("/1/subscribe", json={"d": [subscription()]})
        assert api.get("/1/profile.json?identity=c-1").status_code == 404
        assert emulator.stats()["paths"]["/1/subscribe"] == {"in_flight": 3, "peak": 3}
    assert rejected.json() == {"status": "fail", "error": "Too many concurrent requests", "code": 429}
    assert statuses(held) == [200] * 3
    assert emulator.subscriptions()[0]["uploads"] == 3
    emulator.set_max_in_flight(15, other=4)
    with hold(**subscriptions(4, subscription())) as held:
        pass
    assert statuses(held) == [200] * 4
    paths = emulator.stats()["paths"]
    assert paths["/1/subscribe"] == {"in_flight": 0, "peak": 4}
    assert paths["/1/profile.json"] == {"in_flight": 0, "peak": 1}
    emulator.reset()
    assert emulator.stats()["paths"] == {}


def test_the_limits_can_be_changed_while_running(
    api: httpx.Client, profile: Any, emulator: RunningEmulator, hold: Hold
) -> None:
    emulator.set_max_in_flight(2, other=1)
    with hold(**uploads_of(2, profile())) as held:
        assert api.post("/1/upload", json={"d": [profile()]}).status_code == 429
        emulator.set_max_in_flight(3)
        assert api.post("/1/upload", json={"d": [profile()]}).status_code == 200
    assert statuses(held) == [200] * 2
    with hold(**lookups(1)) as held:
        assert api.get("/1/profile.json?identity=c-1").status_code == 429
    assert statuses(held) == [200]
    emulator.set_max_in_flight(4)
    with hold(**uploads_of(4, profile())) as held:
        assert api.post("/1/upload", json={"d": [profile()]}).status_code == 429
    assert statuses(held) == [200] * 4
    assert emulator.stats()["peak_in_flight"] == 4
    emulator.reset()
    assert emulator.stats()["peak_in_flight"] == 0


def test_a_client_that_disconnects_from_a_stall_is_no_longer_in_flight(
    api: httpx.Client, profile: Any, emulator: Any
) -> None:
    emulator.set_max_in_flight(1)
    emulator.inject({"do": "stall", "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        api.post("/1/upload", json={"d": [profile()]}, timeout=0.2)
    wait_until(emulator.requests, "the upload to arrive")  # the client does not wait for that
    wait_until(lambda: not emulator.stats()["in_flight"], "no upload in flight")
    assert api.post("/1/upload", json={"d": [profile()]}).status_code == 200


def test_a_request_is_in_flight_while_the_latency_delays_it(profile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "STOP_SECONDS", 0.05)
    with RunningEmulator(latency=3600, max_in_flight=1) as emulator:
        upload = {"url": f"{emulator.url}/1/upload", "headers": credentials(emulator), "json": {"d": [profile()]}}

        def send() -> None:
            with suppress(httpx.HTTPError):  # the emulator stops before it answers
                post(**upload)

        thread = threading.Thread(target=send)
        thread.start()
        wait_until(lambda: emulator.stats()["in_flight"], "an upload in flight")
        assert post(**upload).status_code == 429
        assert emulator.profiles() == []
    thread.join(TIMEOUT)


def test_the_latency_is_added_to_every_request(api: httpx.Client, upload: Any, profile: Any, emulator: Any) -> None:
    emulator.change_settings(latency=0.1)
    upload(profile())
    api.get("/1/profile.json?identity=c-1")
    assert [one["seconds"] >= 0.1 for one in emulator.requests()] == [True, True]
