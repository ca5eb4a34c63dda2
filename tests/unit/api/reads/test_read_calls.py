"""Calls that read data, over real sockets: what is repeated, what is waited for, and what is final."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.answers import Ambiguous, Forbidden, RateLimited
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.reads.answers import InProgress, RejectedRead, read_fields
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapError,
    CleverTapUnavailableError,
    ConfigurationError,
    LoadStoppedError,
)
from tests.support.raw_server import ACCOUNT_ID, PASSCODE, TIMEOUT, Line, RawServer, Script, StartServer, http

PAGE = b"<html><title>Welcome to nginx!</title></html>"
DONE = http(200, b'{"status":"success","count":7}')
IN_PROGRESS = {"status": "fail", "error": "Request still in progress, please retry later", "code": 2}
RETRIES = RetryPolicy(attempts=3, uniform=lambda *_: 0.0)
QUICK = ReadPolicy(RETRIES, poll_seconds=0.0)


def fail(code: Any, error: Any = "Nope", status: int = 200) -> bytes:
    return http(status, json.dumps({"status": "fail", "error": error, "code": code}).encode())


def in_turn(*answers: bytes | None) -> Script:
    """Answer each request with the next of these, the last one again and again; ``None`` closes the connection."""
    left = list(answers)
    lock = threading.Lock()

    def script(line: Line) -> None:
        while line.request():
            with lock:
                answer = left.pop(0) if len(left) > 1 else left[0]
            if answer is None:
                return
            line.send(answer)

    return script


def client(server: RawServer) -> CleverTapClient:
    return CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=TIMEOUT)


def test_a_call_without_a_body_is_a_get_and_its_query_may_be_sent_as_it_is(serve: StartServer) -> None:
    server = serve(in_turn(DONE))
    with client(server) as api:
        assert api.read("/1/events.json", query="cursor=AbC%2Bd%3D%3D~._-") == {"status": "success", "count": 7}
        api.read("/1/profile.json", query={"identity": "a b&c"})
    lines = [request.line for request in server.requests]
    assert lines[0] == "GET /1/events.json?cursor=AbC%2Bd%3D%3D~._- HTTP/1.1"
    assert lines[1].replace("a+b", "a%20b") == "GET /1/profile.json?identity=a%20b%26c HTTP/1.1"


def test_a_body_is_posted_as_json(serve: StartServer) -> None:
    server = serve(in_turn(DONE))
    query = {"event_name": "Viewed", "from": 20261101, "to": 20261101}
    with client(server) as api:
        api.read("/1/counts/events.json", body=query)
    (request,) = server.requests
    assert request.line == "POST /1/counts/events.json HTTP/1.1"
    assert json.loads(request.body) == query
    assert request.headers["x-clevertap-passcode"] == PASSCODE


def test_large_numbers_keep_their_digits_and_partial_answers_are_returned(serve: StartServer) -> None:
    server = serve(in_turn(http(200, b'{"req_id":384649162721759123,"status":"partial"}')))
    with client(server) as api:
        assert api.read("/1/counts/top.json", body={})["req_id"] == 384649162721759123


@pytest.mark.parametrize(
    "answer",
    [
        http(429, b""),
        fail(429, "Too many concurrent requests"),
        fail(1, "Throttled"),
        http(500, b'{"status":"fail","error":"An unknown error occurred","code":500}'),
        fail(500, "An unknown error occurred"),
        http(503, PAGE),
        http(408, b""),
        http(200, b""),
        http(200, PAGE),
        None,
    ],
)
def test_what_may_succeed_later_is_repeated(serve: StartServer, answer: bytes | None) -> None:
    server = serve(in_turn(answer, answer, DONE))
    with client(server) as api:
        assert api.read("/1/counts/events.json", body={}, policy=QUICK)["count"] == 7
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [(http(503, PAGE), CleverTapUnavailableError), (http(200, PAGE), ConfigurationError)],
)
def test_the_attempts_are_limited(serve: StartServer, answer: bytes, error: type[CleverTapError]) -> None:
    server = serve(in_turn(answer))
    with client(server) as api, pytest.raises(error):
        api.read("/1/counts/events.json", body={}, policy=QUICK)
    assert len(server.requests) == 3


def test_too_many_requests_is_no_failure_and_its_time_is_limited(serve: StartServer) -> None:
    server = serve(in_turn(*[http(429, b"")] * 6, DONE))
    with client(server) as api:
        assert api.read("/1/counts/events.json", body={}, policy=QUICK)["count"] == 7
    server = serve(in_turn(http(429, b"", "Retry-After: 600")))
    with client(server) as api, pytest.raises(CleverTapUnavailableError) as raised:
        api.read("/1/counts/events.json", body={}, policy=QUICK)
    assert raised.value.retry_after == 600
    assert len(server.requests) == 1


def test_retry_after_is_waited_for(serve: StartServer) -> None:
    waits: list[tuple[str, float]] = []
    server = serve(in_turn(http(429, b"", "Retry-After: 0.2"), DONE))
    policy = ReadPolicy(RETRIES, on_wait=lambda reason, seconds: waits.append((reason, seconds)))
    with client(server) as api:
        api.read("/1/counts/events.json", body={}, policy=policy)
    ((reason, seconds),) = waits
    assert seconds == 0.2
    assert "Too many requests" in reason


@pytest.mark.parametrize("answer", [http(200, json.dumps(IN_PROGRESS).encode()), http(202, b"")])
def test_an_answer_in_preparation_is_no_failure(serve: StartServer, answer: bytes) -> None:
    waits: list[float] = []
    policy = ReadPolicy(RETRIES, poll_seconds=0.001, on_wait=lambda _reason, seconds: waits.append(seconds))
    server = serve(in_turn(*[answer] * 20, http(503, b""), answer, http(503, b""), http(503, b""), DONE))
    with client(server) as api:
        assert api.read("/1/events.json", query="cursor=a", policy=policy)["count"] == 7
    assert waits == [0.001] * 20 + [0.0, 0.001, 0.0, 0.0]
    assert {request.line for request in server.requests} == {"GET /1/events.json?cursor=a HTTP/1.1"}


def test_an_answer_that_is_never_prepared_is_given_up(serve: StartServer) -> None:
    server = serve(in_turn(http(200, json.dumps(IN_PROGRESS).encode())))
    policy = ReadPolicy(RETRIES, poll_seconds=0.01, max_poll_seconds=0.1)
    with client(server) as api, pytest.raises(CleverTapUnavailableError, match=r"0\.1 seconds: Request still in prog"):
        api.read("/1/events.json", query="cursor=a", policy=policy)


@pytest.mark.parametrize("answer", [http(503, b""), http(200, json.dumps(IN_PROGRESS).encode())])
def test_a_wait_ends_when_the_call_is_stopped(serve: StartServer, answer: bytes) -> None:
    stopping = threading.Event()
    retries = RetryPolicy(base=TIMEOUT, cap=TIMEOUT, uniform=lambda _low, high: high)
    policy = ReadPolicy(retries, poll_seconds=TIMEOUT, stopping=stopping, on_wait=lambda *_: stopping.set())
    server = serve(in_turn(answer))
    with client(server) as api, pytest.raises(LoadStoppedError):
        api.read("/1/events.json", query="cursor=a", policy=policy)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "code", "error"),
    [
        (fail(400, '["Invalid event : Foo"]'), 400, "Invalid event : Foo"),
        (fail(400, "Export not allowed for this event", 400), 400, "Export not allowed for this event"),
        (fail(3, "Incorrect Usage"), 3, "Incorrect Usage"),
        (fail("CURSOR_INVALIDATED", "too old"), "CURSOR_INVALIDATED", "too old"),
        (fail(4002, "Invalid date"), 4002, "Invalid date"),
        (fail(None, "Invalid request id"), None, "Invalid request id"),
        (fail(405), 405, "Nope"),
        (fail(400, f"no {PASSCODE.lower()}"), 400, "no ***"),
    ],
)
def test_a_rejected_call_is_not_repeated(serve: StartServer, answer: bytes, code: Any, error: str) -> None:
    server = serve(in_turn(answer))
    with client(server) as api, pytest.raises(RejectedReadError) as raised:
        api.read("/1/events.json", body={}, policy=QUICK)
    assert (raised.value.code, raised.value.error) == (code, error)
    assert error in str(raised.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [fail(401, "x", 401), fail(403, "x", 403), fail(401), http(401, b""), fail(None, "Invalid Credentials")],
)
def test_a_call_without_access_is_not_repeated(serve: StartServer, answer: bytes) -> None:
    server = serve(in_turn(answer))
    with client(server) as api, pytest.raises(AccessDeniedError):
        api.read("/1/events.json", body={}, policy=QUICK)
    assert len(server.requests) == 1


def test_an_answer_larger_than_the_limit_is_not_read(serve: StartServer) -> None:
    server = serve(in_turn(http(200, b'{"status":"success","records":"' + b"x" * 5_000 + b'"}')))
    with client(server) as api, pytest.raises(CleverTapError, match="longer than 1000 bytes"):
        api.read("/1/events.json", query="cursor=a", max_bytes=1_000, policy=QUICK)


# --- a profile -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [fail(404, status=404), fail(None, status=404), fail(None), fail(404)])
def test_a_profile_nobody_has_is_none(serve: StartServer, answer: bytes) -> None:
    server = serve(in_turn(answer))
    with client(server) as api:
        assert api.get_profile(identity="a") is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b'{"status":"success"}', b'{"status":"success","record":[]}'])
def test_an_answer_without_a_profile_is_an_error(serve: StartServer, body: bytes) -> None:
    server = serve(in_turn(http(200, body)))
    with client(server) as api, pytest.raises(ConfigurationError, match="without a profile"):
        api.get_profile(identity="a")


@pytest.mark.parametrize("answer", [fail(400, status=400), fail(3)])
def test_a_rejected_lookup_is_an_error(serve: StartServer, answer: bytes) -> None:
    server = serve(in_turn(answer))
    with client(server) as api, pytest.raises(RejectedReadError):
        api.get_profile(identity="a")


def test_a_lookup_is_made_three_times_at_most(serve: StartServer) -> None:
    server = serve(in_turn(http(503, b"")))
    with client(server) as api, pytest.raises(CleverTapUnavailableError):
        api.get_profile(identity="a")
    assert len(server.requests) <= 3


# --- what a response means -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"status":"success"}', dict),
        (200, b'{"status":"partial","req_id":1}', dict),
        (200, b'{"status":"fail","code":2}', InProgress),
        (202, b"", InProgress),
        (404, PAGE, Forbidden),
        (404, b'{"status":"fail"}', RejectedRead),
        (302, b"", Forbidden),
        (200, b"{" * 100_000, Ambiguous),
        (200, b'{"status":"success"', Ambiguous),
        (200, b"[]", Ambiguous),
        (500, b'{"status":"success"}', Ambiguous),
        (429, b'{"status":"fail","code":2}', InProgress),
        (503, b'{"status":"fail","code":400}', Ambiguous),
        (429, b'{"status":"fail","error":"x"}', RateLimited),
    ],
)
def test_the_kind_of_answer(status: int, body: bytes, kind: type) -> None:
    assert type(read_fields(status, {}, body)) is kind


_JSON: Callable[[], Any] = lambda: st.recursive(  # noqa: E731
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.integers(100, 599), st.sampled_from(["fail", "success", None]), _JSON(), _JSON())
def test_no_content_of_an_answer_raises(status: int, state: Any, code: Any, error: Any) -> None:
    answer = read_fields(status, {}, json.dumps({"status": state, "code": code, "error": error}).encode())
    if isinstance(answer, RejectedRead):
        assert answer.error.isprintable()
    elif not isinstance(answer, dict):
        assert answer.detail.isprintable()
