"""When a rule applies: how often, to which requests, together with others; and rules that are wrong."""

from __future__ import annotations

import time
from typing import Any

import httpx
import msgspec
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.support.http_requests import TIMEOUT


def test_a_delay_and_another_fault_add_up(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "delay", "seconds": 0.2}, {"do": "delay", "seconds": 0.1, "times": 1})
    emulator.inject({"do": "status", "status": 503, "times": 1})
    started = time.monotonic()
    assert post().status_code == 503
    assert 0.3 <= time.monotonic() - started < TIMEOUT
    assert post().status_code == 200
    assert [one["fault"] for one in emulator.requests()] == ["status", "delay"]


def statuses(post: Any, count: int) -> str:
    return "".join("x" if post().status_code == 503 else "." for _ in range(count))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, "xxxxxxxx"),
        ({"times": 2}, "xx......"),
        ({"skip": 3, "times": 1}, "...x...."),
        ({"every": 3}, "..x..x.."),
        ({"every": 2, "skip": 1, "times": 2}, "..x.x..."),
        ({"path": "/1/upload"}, "xxxxxxxx"),
        ({"path": "/1/profile"}, "........"),
    ],
)
def test_when_a_rule_applies(post: Any, emulator: RunningEmulator, when: dict[str, Any], expected: str) -> None:
    emulator.inject({"do": "status", "status": 503, **when})
    assert statuses(post, 8) == expected


def test_a_probability_can_be_repeated(post: Any, emulator: RunningEmulator) -> None:
    runs = []
    for seed in (1, 1, 2):
        emulator.clear_faults()
        emulator.inject({"do": "status", "status": 503, "probability": 0.5, "seed": seed})
        runs.append(statuses(post, 40))
    assert runs[0] == runs[1] != runs[2]
    assert 5 < runs[0].count("x") < 35


def test_conditions_on_the_body(post: Any, api: httpx.Client, emulator: RunningEmulator, profile: Any) -> None:
    emulator.inject(
        {"do": "status", "status": 400, "identity": "bad"},
        {"do": "status", "status": 413, "larger_than": 2000},
        {"do": "status", "status": 504, "more_than": 3},
    )
    assert post(profile("a"), profile("bad")).status_code == 400
    assert post(profile("a"), {"type": "profile", "objectId": "bad", "profileData": {}}).status_code == 400
    assert post(profile("a"), profile("badly")).status_code == 200
    assert post(profile(Note="x" * 2000)).status_code == 413
    assert post(*[profile()] * 4).status_code == 504
    assert post(*[profile()] * 3).status_code == 200
    assert api.post("/1/upload", content=b"{").status_code == 400
    assert api.get("/1/profile.json?identity=a").status_code == 200


def test_a_rule_may_name_the_kind(
    post: Any, api: httpx.Client, emulator: RunningEmulator, profile: Any, event: Any, subscription: Any
) -> None:
    emulator.inject(
        {"do": "status", "status": 500, "kind": "subscription"},
        {"do": "status", "status": 503, "kind": "event"},
    )
    assert post(profile()).status_code == 200
    assert post(profile(), event()).status_code == 503
    assert post({"type": "subscription"}).json()["unprocessed"][0]["code"] == 524
    assert api.post("/1/subscribe", json={"d": [subscription()]}).status_code == 500
    assert api.post("/1/subscribe", content=b"{").status_code == 400


def test_faults_find_a_subscription_by_its_value(
    api: httpx.Client, subscribe: Any, emulator: RunningEmulator, subscription: Any
) -> None:
    emulator.inject(
        {"do": "fail_records", "identities": ["b@example.com"]},
        {"do": "status", "status": 400, "identity": "bad@example.com"},
    )
    answer = subscribe(subscription("a@example.com"), subscription("b@example.com"))
    assert [one["code"] for one in answer["unprocessed"]] == [555]
    assert [one["value"] for one in emulator.subscriptions()] == ["a@example.com"]
    emulator.clear_faults()
    emulator.inject({"do": "status", "status": 400, "identity": "bad@example.com"})
    assert api.post("/1/subscribe", json={"d": [subscription("bad@example.com")]}).status_code == 400


def test_faults_of_uploads_do_not_change_other_answers(post: Any, api: httpx.Client, emulator: RunningEmulator) -> None:
    post()
    for rule in ({"do": "wrong_counts"}, {"do": "no_record_numbers"}, {"do": "fail_records"}):
        emulator.clear_faults()
        emulator.inject(rule)
        assert api.get("/1/profile.json?identity=c-1").json()["status"] == "success"
    emulator.inject({"do": "bad_json"})
    assert api.get("/1/profile.json?identity=c-1").text.startswith('{"status":"success"')


def test_rules_over_http(api: httpx.Client, post: Any, emulator: RunningEmulator) -> None:
    rules = [{"do": "status", "status": 503, "times": 1}, {"do": "half_body", "every": 5}]
    shown = api.post("/admin/faults", json=rules).json()
    assert shown == [{**rule, "matched": 0, "struck": 0} for rule in rules]
    assert post().status_code == 503
    assert api.get("/admin/faults").json()[0] == {**rules[0], "matched": 1, "struck": 1} == emulator.faults()[0]
    assert api.delete("/admin/faults").json() == []
    assert api.get("/admin/faults").json() == []


@pytest.mark.parametrize(
    "rules",
    [
        b"{",
        b'{"do":"reset"}',
        b'[{"do":"explode"}]',
        b'[{"do":"status"}]',
        b'[{"do":"status","status":99}]',
        b'[{"do":"reset","timess":1}]',
        b'[{"do":"reset","every":0}]',
        b'[{"do":"reset","kind":"profiles"}]',
        b'[{"do":"reset"},{"do":"delay","seconds":-1}]',
    ],
)
def test_a_wrong_rule_gets_400_with_a_reason(api: httpx.Client, emulator: RunningEmulator, rules: bytes) -> None:
    answer = api.post("/admin/faults", content=rules)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert emulator.faults() == []


def test_a_wrong_rule_in_process(emulator: RunningEmulator) -> None:
    with pytest.raises(msgspec.ValidationError, match="explode"):
        emulator.inject({"do": "explode"})
