"""Every fault as a client receives it, whether the records were stored, and when a rule applies."""

from __future__ import annotations

import select
import time
from typing import Any

import httpx
import msgspec
import pytest

from airflow_provider_clevertap.emulator.faults.rules import Reset
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.conftest import credentials
from tests.support import http_requests
from tests.support.http_requests import TIMEOUT, wait_until


@pytest.fixture
def post(api: httpx.Client, profile: Any) -> Any:
    """Upload one profile, or the given records, and return the whole answer."""

    def send(*records: Any, **options: Any) -> httpx.Response:
        return api.post("/1/upload", json={"d": list(records) or [profile(Name="Asha")]}, **options)

    return send


def is_stored(emulator: RunningEmulator) -> bool:
    return bool(emulator.profiles())


def test_a_status_with_each_body(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject(
        {"do": "status", "status": 503, "times": 1},
        {"do": "status", "status": 502, "body": "html", "times": 1},
        {"do": "status", "status": 504, "body": "empty", "times": 1, "retry_after": 7},
        {"do": "status", "status": 400, "times": 1},
        {"do": "status", "status": 403, "error": "No rights", "times": 1},
    )
    first, second, third, fourth, fifth = (post() for _ in range(5))
    assert (first.status_code, first.json()) == (503, {"status": "fail", "error": "Service Unavailable", "code": 503})
    assert (second.status_code, second.headers["Content-Type"]) == (502, "text/html;charset=utf-8")
    assert "<h1>502 Bad Gateway</h1>" in second.text
    assert (third.status_code, third.content, third.headers["Retry-After"]) == (504, b"", "7")
    assert "Retry-After" not in first.headers
    assert fourth.json() == {"status": "fail", "error": "Malformed request", "code": 400}
    assert fifth.json() == {"status": "fail", "error": "No rights", "code": 403}
    assert not is_stored(emulator)
    assert post().status_code == 200


def test_an_error_may_follow_storing(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 500, "stored": True})
    assert post().status_code == 500
    assert is_stored(emulator)
    assert emulator.requests()[0]["stored"]


@pytest.mark.parametrize("stored", [False, True])
def test_a_reset_before_or_after_storing(post: Any, emulator: RunningEmulator, stored: bool) -> None:
    emulator.inject(Reset(stored=stored))
    with pytest.raises((httpx.ReadError, httpx.WriteError), match="reset"):
        post()
    assert is_stored(emulator) == stored
    (logged,) = emulator.requests()
    assert (logged["status"], logged["fault"], logged["stored"]) == (None, "reset", stored)
    assert emulator.stats()["requests_by_status"] == {"none": 1}


@pytest.mark.parametrize("stored", [False, True])
def test_a_connection_closed_without_an_answer(post: Any, emulator: RunningEmulator, stored: bool) -> None:
    emulator.inject({"do": "hang_up", "stored": stored})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        post()
    assert is_stored(emulator) == stored


@pytest.mark.parametrize("stored", [False, True])
def test_a_stall_never_answers(post: Any, emulator: RunningEmulator, stored: bool) -> None:
    emulator.inject({"do": "stall", "stored": stored})
    with pytest.raises(httpx.ReadTimeout):
        post(timeout=0.3)
    wait_until(emulator.requests, "the upload to arrive")  # the client does not wait for that
    assert is_stored(emulator) == stored


def test_a_stall_closes_the_connection_after_its_seconds(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "stall", "seconds": 0.2})
    started = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        post()
    assert 0.2 <= time.monotonic() - started < TIMEOUT


def test_half_a_body(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "half_body"})
    with pytest.raises(httpx.RemoteProtocolError, match=r"received 25 bytes, expected 51"):
        post()
    assert is_stored(emulator)


def test_html_with_200(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "html"})
    answer = post()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html;charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert not is_stored(emulator)


def test_the_correct_answer_with_a_wrong_content_type(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "wrong_content_type"})
    answer = post()
    assert answer.headers["Content-Type"] == "text/html;charset=utf-8"
    assert answer.json()["processed"] == 1
    assert is_stored(emulator)


def test_incomplete_json(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "bad_json"})
    answer = post()
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()
    assert is_stored(emulator)


def test_wrong_counts(post: Any, emulator: RunningEmulator, profile: Any) -> None:
    emulator.inject({"do": "wrong_counts", "times": 1}, {"do": "wrong_counts", "processed": 0})
    assert post(profile(), profile(Email="x")).json() == {"status": "success", "processed": 3, "unprocessed": []}
    assert post().json() == {"status": "success", "processed": 0, "unprocessed": []}


def test_errors_without_record_numbers(post: Any, emulator: RunningEmulator, profile: Any) -> None:
    emulator.inject({"do": "no_record_numbers"})
    answer = post(profile(), profile(Email="x"), {**profile(), "ts": 0}).json()
    assert [one["error"] for one in answer["unprocessed"]] == [
        "Profile data is incorrect. Email is not valid.",
        "Timestamp should be present in the Unix Epoch format. ",
    ]
    assert answer["status"] == "partial"


def test_a_huge_body_is_still_json(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "huge_body", "size": 3_000_000})
    answer = post()
    assert len(answer.content) > 3_000_000
    assert answer.json() == {"status": "success", "processed": 1, "unprocessed": []}


def test_a_client_may_disconnect_in_the_middle_of_a_huge_body(
    api: httpx.Client, post: Any, profile: Any, emulator: Any
) -> None:
    emulator.inject({"do": "huge_body", "size": 2**31, "times": 1})
    with api.stream("POST", "/1/upload", json={"d": [profile()]}) as answer:
        assert next(answer.iter_bytes(1000))
    assert post().status_code == 200


def test_a_slow_drip(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "slow_drip", "seconds": 0.01})
    started = time.monotonic()
    assert post().json()["processed"] == 1
    assert time.monotonic() - started > 0.4


def test_an_idle_connection_is_closed_after_a_while(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "close_idle", "seconds": 0.1, "times": 1})
    first = post()
    connection = first.extensions["network_stream"].get_extra_info("socket")
    assert (first.json()["processed"], first.headers.get("Connection")) == (1, None)
    assert select.select([connection], [], [], TIMEOUT)[0]
    assert connection.recv(1) == b""
    assert post().status_code == 200


def test_a_request_in_time_keeps_the_connection(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "close_idle", "seconds": 3600.0, "times": 1})
    first, second = post(), post()
    assert first.extensions["network_stream"] is second.extensions["network_stream"]


def test_an_idle_connection_is_closed_when_a_request_comes(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "close_idle", "times": 1})
    assert post().json()["processed"] == 1
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        post()
    assert post().status_code == 200
    assert [(one["fault"], one["status"], one["stored"]) for one in emulator.requests()] == [
        ("close_idle", 200, True),
        ("close_idle", None, False),
        ("", 200, True),
    ]


def test_a_service_goes_down_and_comes_back(profile: Any) -> None:
    with RunningEmulator() as emulator:
        upload: Any = {"url": f"{emulator.url}/1/upload", "headers": credentials(emulator), "json": {"d": [profile()]}}
        http_requests.post(**upload)
        emulator.go_down()
        with pytest.raises(httpx.ConnectError):
            http_requests.post(**upload)
        assert is_stored(emulator)
        emulator.come_back()
        emulator.inject({"do": "stall", "seconds": 0.2, "times": 1})
        started = time.monotonic()
        with pytest.raises(httpx.RemoteProtocolError):
            http_requests.post(**upload)
        assert time.monotonic() - started >= 0.2
        assert http_requests.post(**upload).status_code == 200


def test_a_service_that_goes_down_closes_its_connections(profile: Any) -> None:
    with RunningEmulator() as emulator, httpx.Client(headers=credentials(emulator), timeout=TIMEOUT) as client:
        answer = client.post(f"{emulator.url}/1/upload", json={"d": [profile()]})
        connection = answer.extensions["network_stream"].get_extra_info("socket")
        emulator.go_down()
        assert select.select([connection], [], [], TIMEOUT)[0]
        assert connection.recv(1) == b""


def test_a_service_may_stop_while_it_is_down(profile: Any) -> None:
    with RunningEmulator() as emulator:
        emulator.go_down()


def test_a_delay_and_another_fault_add_up(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "delay", "seconds": 0.2}, {"do": "delay", "seconds": 0.1, "times": 1})
    emulator.inject({"do": "status", "status": 503, "times": 1})
    started = time.monotonic()
    assert post().status_code == 503
    assert 0.3 <= time.monotonic() - started < TIMEOUT
    assert post().status_code == 200
    assert [one["fault"] for one in emulator.requests()] == ["status", "delay"]


def test_some_valid_records_fail(post: Any, emulator: RunningEmulator, profile: Any) -> None:
    batch = [profile(f"c-{number}") for number in range(1, 5)]
    emulator.inject({"do": "fail_records", "records": [2], "identities": ["c-4"], "times": 1})
    answer = post(*batch).json()
    assert (answer["status"], answer["processed"]) == ("partial", 2)
    assert [(one["code"], one["error"]) for one in answer["unprocessed"]] == [
        (555, "Miscellaneous server error. Skipped record number : 2"),
        (555, "Miscellaneous server error. Skipped record number : 4"),
    ]
    assert [one["identity"] for one in emulator.profiles()] == ["c-1", "c-3"]
    emulator.inject({"do": "fail_records", "times": 1})
    assert post(*batch).json()["status"] == "fail"
    assert post(*batch).json()["status"] == "success"


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


def test_a_status_with_a_code_of_its_own(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 200, "error": "Request still in progress", "code": 2})
    answer = post()
    assert answer.status_code == 200
    assert answer.json() == {"status": "fail", "error": "Request still in progress", "code": 2}
    assert not is_stored(emulator)


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
