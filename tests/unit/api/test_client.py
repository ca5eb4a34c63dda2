"""The client over real sockets: what it sends, and what it makes of a well-behaved service."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.api.answers import Answer, Forbidden, Malformed, Processed, RateLimited, RejectedRecord
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.endpoints import Endpoint
from airflow_provider_clevertap.exceptions import ConfigurationError
from tests.support.clients import client, fail
from tests.support.raw_server import ACCOUNT_ID, ONE, PASSCODE, SUCCESS, TIMEOUT, Line, StartServer, always, http


def test_an_upload_sends_the_body_as_it_is_with_the_documented_headers(serve: StartServer) -> None:
    server = serve(always(http()))
    with client(server.url) as api:
        assert api.upload(ONE, 1) == Processed()
    (request,) = server.requests
    assert request.line == "POST /1/upload HTTP/1.1"
    assert request.body == ONE
    assert request.headers["x-clevertap-account-id"] == ACCOUNT_ID
    assert request.headers["x-clevertap-passcode"] == PASSCODE
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-length"] == str(len(ONE))
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["user-agent"] == f"airflow-provider-clevertap/{version('airflow-provider-clevertap')}"
    assert "cookie" not in request.headers


def test_a_dry_run_and_a_path_prefix_are_part_of_the_address(serve: StartServer) -> None:
    server = serve(always(http()))
    with client(f"{server.url}/gate/way/") as api:
        api.upload(ONE, 1, dry_run=True)
    assert server.requests[0].line == "POST /gate/way/1/upload?dryRun=1 HTTP/1.1"


def test_refused_records_come_back_by_their_place(serve: StartServer) -> None:
    body = {
        "status": "partial",
        "processed": 1,
        "unprocessed": [
            {"status": "fail", "code": 515, "error": "Email is not valid.Skipped record number : 2", "record": {}}
        ],
    }
    server = serve(always(http(200, json.dumps(body).encode())))
    with client(server.url) as api:
        assert api.upload(ONE, 2) == Processed((RejectedRecord(1, 515, "Email is not valid."),))


def test_an_answer_without_record_numbers_is_read_against_the_batch_sent(serve: StartServer) -> None:
    sent = [{"identity": name, "type": "profile", "profileData": {}} for name in "abc"]
    body = {"status": "partial", "processed": 2, "unprocessed": [{"code": 523, "error": "bad", "record": sent[2]}]}
    server = serve(always(http(200, json.dumps(body).encode())))
    with client(server.url) as api:
        assert api.upload(json.dumps({"d": sent}).encode(), 3) == Processed((RejectedRecord(2, 523, "bad"),))


def test_connections_are_kept_and_cookies_are_not(serve: StartServer) -> None:
    server = serve(always(http(200, SUCCESS, "Set-Cookie: track=me; Path=/")))
    with client(server.url) as api:
        assert [api.upload(ONE, 1) for _ in range(5)] == [Processed()] * 5
    assert server.connections == 1
    assert all("cookie" not in request.headers for request in server.requests)


def test_a_closed_client_sends_nothing_more(serve: StartServer) -> None:
    server = serve(always(http()))
    client = CleverTapClient(ACCOUNT_ID, PASSCODE, server.url)
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.upload(ONE, 1)
    assert server.requests == []


def test_threads_share_the_client_within_max_in_flight(serve: StartServer) -> None:
    lock = threading.Lock()
    now: list[int] = [0, 0]
    all_there = threading.Event()

    def script(line: Line) -> None:
        while line.request():
            with lock:
                now[0] += 1
                now[1] = max(now)
                if now[0] == 4:
                    all_there.set()
            # the first ones wait for each other; from then on there is time for one too many to come
            all_there.wait(TIMEOUT)
            time.sleep(0.005)
            with lock:
                now[0] -= 1
            line.send(http())

    server = serve(script)
    body = b'{"d":[' + b" " * 300_000 + b"]}"
    with client(server.url, max_in_flight=4) as api, ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: api.upload(body, 1), range(120)))
    assert answers == [Processed()] * 120
    assert now[1] == 4
    assert all(len(request.body) == len(body) for request in server.requests)


def test_a_busy_service_says_how_long_to_wait(serve: StartServer) -> None:
    server = serve(always(http(429, fail(429, "Too many concurrent requests"), "Retry-After: 3")))
    with client(server.url) as api:
        answer = api.upload(ONE, 1)
    assert isinstance(answer, RateLimited)
    assert answer.retry_after == 3.0
    assert '"Too many concurrent requests"' in answer.detail


def test_a_denial_names_account_and_address(serve: StartServer) -> None:
    server = serve(always(http(401, fail(401, "Invalid Credentials"))))
    with client(server.url) as api:
        answer = api.upload(ONE, 1)
    assert isinstance(answer, Forbidden)
    assert f"account {ACCOUNT_ID} at {server.url}" in answer.detail


# --- making one ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "passcode", "options", "words"),
    [
        ("", PASSCODE, {}, "Account ID .* empty"),
        (ACCOUNT_ID, " \n", {}, "passcode .* empty"),
        (ACCOUNT_ID, "hush\nhush", {}, "passcode .* not allowed"),
        (ACCOUNT_ID, "hüsh-hush", {}, "passcode .* not allowed"),
        (ACCOUNT_ID, "hush-hush\x00", {}, "passcode .* not allowed"),
        ("a\r\nX-Evil: 1", PASSCODE, {}, "Account ID .* not allowed"),
        (ACCOUNT_ID, PASSCODE, {"timeout": 0}, "timeout"),
        (ACCOUNT_ID, PASSCODE, {"timeout": float("nan")}, "timeout"),
        (ACCOUNT_ID, PASSCODE, {"max_in_flight": 0}, "max_in_flight"),
    ],
)
def test_unusable_arguments_are_refused_without_showing_them(
    account: str, passcode: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        CleverTapClient(account, passcode, "https://in1.api.clevertap.com", **options)
    assert "hush" not in str(raised.value)


def test_the_address_is_checked_again() -> None:
    with pytest.raises(ConfigurationError, match="https"):
        client("http://clevertap.example.com")


def test_surrounding_white_space_of_credentials_is_not_sent(serve: StartServer) -> None:
    server = serve(always(http()))
    with CleverTapClient(f" {ACCOUNT_ID}\n", f"{PASSCODE}\n", server.url) as api:
        assert api.upload(ONE, 1) == Processed()
    assert server.requests[0].headers["x-clevertap-passcode"] == PASSCODE


def test_a_transport_can_stand_in_for_the_network() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=SUCCESS)

    with client("https://in1.api.clevertap.com", timeout=2.0, transport=httpx.MockTransport(answer)) as api:
        assert api.upload(ONE, 1) == Processed()
    assert str(seen[0].url) == "https://in1.api.clevertap.com/1/upload"
    assert seen[0].extensions["timeout"] == {"connect": 2.0, "read": 2.0, "write": 2.0, "pool": 2.0}


def test_connecting_gets_no_more_than_ten_seconds() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404)

    with client("https://in1.api.clevertap.com", timeout=300, transport=httpx.MockTransport(answer)) as api:
        api.upload(ONE, 1)
    assert seen[0].extensions["timeout"] == {"connect": 10.0, "read": 300, "write": 300, "pool": 300}


PETS = Endpoint("/2/pets", max_in_flight=2, supports_dry_run=False)


def test_a_batch_goes_to_its_endpoint_which_is_compressed_only_where_that_is_tested(serve: StartServer) -> None:
    server = serve(always(http()))
    with client(server.url, gzip=True) as api:
        assert api.send_batch(PETS, ONE, 1) == Processed()
    (request,) = server.requests
    assert request.line == "POST /2/pets HTTP/1.1"
    assert request.body == ONE
    assert "content-encoding" not in request.headers


def test_the_endpoint_reads_its_answer_and_no_passcode_comes_back(serve: StartServer) -> None:
    def read(*_arguments: Any, **_options: Any) -> Answer:
        return Malformed(f"not {PASSCODE}")

    server = serve(always(http()))
    with client(server.url) as api:
        assert api.send_batch(replace(PETS, read_answer=read), ONE, 1) == Malformed("not ***")


def test_a_dry_run_is_never_sent_to_an_endpoint_that_would_store_it(serve: StartServer) -> None:
    server = serve(always(http()))
    with client(server.url) as api, pytest.raises(ConfigurationError, match="no dry run for /2/pets"):
        api.send_batch(PETS, ONE, 1, dry_run=True)
    assert server.requests == []
