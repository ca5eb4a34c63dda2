"""Every fault as a client receives it, and whether the records were stored."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.faults.rules import Reset
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.conftest import is_stored
from tests.support.http_requests import TIMEOUT, wait_until


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


def test_a_status_with_a_code_of_its_own(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 200, "error": "Request still in progress", "code": 2})
    answer = post()
    assert answer.status_code == 200
    assert answer.json() == {"status": "fail", "error": "Request still in progress", "code": 2}
    assert not is_stored(emulator)
