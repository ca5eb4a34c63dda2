"""The ceilings: how many requests at a time, what one too many is told, and the record of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.running import RunningEmulator


def at_once(count: int, ask: Callable[[], httpx.Response]) -> Counter[int]:
    with ThreadPoolExecutor(count) as threads:
        answers = [threads.submit(ask) for _ in range(count)]
        return Counter(answer.result().status_code for answer in answers)


def test_one_upload_too_many_is_told_so(api: httpx.Client, profile: Any, emulator: RunningEmulator) -> None:
    emulator.change_settings(latency=1.0)
    body = {"d": [profile()]}
    refusals = []

    def ask() -> httpx.Response:
        answer = api.post("/1/upload", json=body)
        if answer.status_code == 429:
            refusals.append(answer)
        return answer

    assert at_once(18, ask) == {200: 15, 429: 3}
    assert refusals[0].json() == {"status": "fail", "error": "Too many concurrent requests", "code": 429}
    assert "Retry-After" not in refusals[0].headers
    stats = emulator.stats()
    assert (stats["peak_in_flight"], stats["in_flight"]) == (15, 0)
    assert stats["requests_by_status"] == {"200": 15, "429": 3}
    assert max(one["in_flight"] for one in emulator.requests()) == 15
    assert emulator.profile("c-1")["uploads"] == 15


def test_other_apis_have_a_ceiling_of_their_own(api: httpx.Client, upload: Any, profile: Any, emulator: Any) -> None:
    upload(profile())
    emulator.change_settings(latency=0.5)
    with ThreadPoolExecutor(1) as threads:
        uploaded = threads.submit(api.post, "/1/upload", json={"d": [profile()]})
        assert at_once(5, lambda: api.get("/1/profile.json?identity=c-1")) == {200: 3, 429: 2}
        assert uploaded.result().status_code == 200
    assert emulator.stats()["peak_in_flight_other"] == 3


def test_the_ceiling_can_be_moved_while_running(api: httpx.Client, profile: Any, emulator: RunningEmulator) -> None:
    emulator.change_settings(latency=0.4)
    emulator.set_max_in_flight(2, other=1)
    assert at_once(4, lambda: api.post("/1/upload", json={"d": [profile()]})) == {200: 2, 429: 2}
    assert at_once(2, lambda: api.get("/1/profile.json?identity=c-1")) == {200: 1, 429: 1}
    emulator.set_max_in_flight(4)
    assert at_once(4, lambda: api.post("/1/upload", json={"d": [profile()]})) == {200: 4}
    assert emulator.stats()["peak_in_flight"] == 4
    emulator.reset()
    assert emulator.stats()["peak_in_flight"] == 0


def test_a_client_that_leaves_a_stall_frees_its_place(api: httpx.Client, profile: Any, emulator: Any) -> None:
    emulator.set_max_in_flight(1)
    emulator.inject({"do": "stall", "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        api.post("/1/upload", json={"d": [profile()]}, timeout=0.2)
    deadline = time.monotonic() + 5
    while emulator.stats()["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert api.post("/1/upload", json={"d": [profile()]}).status_code == 200
