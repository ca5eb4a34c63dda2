"""A request has one time limit over all of its parts, however steadily they drip, and ends soon once it is to end."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_clevertap.api.answers import Ambiguous, Answer, Unreachable
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.deadline import Deadline, limit_requests
from tests.support.raw_server import (
    ACCOUNT_ID,
    ONE,
    PASSCODE,
    SUCCESS,
    TIMEOUT,
    Line,
    Script,
    StartServer,
    http,
    stall,
    upload,
)

SECONDS = 0.4
HEAD = b"HTTP/1.1 200 OK\r\n"
IN_CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
#: what comes first, and what then drips without end
DRIPS = {
    "header lines": (HEAD, b"A: b\r\n"),
    "one header": (HEAD + b"A: ", b"b"),
    "the reason phrase": (b"HTTP/1.1 200 O", b"K"),
    "answers that announce another one": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "answers that say it goes on": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "the body": (http(length=1 << 20), b" "),
    "a body without a length": (http(close=True), b" "),
    "chunks": (IN_CHUNKS, b"1\r\n \r\n"),
    "the size of a chunk": (IN_CHUNKS, b"0"),
    "an extension of a chunk": (IN_CHUNKS + b"1;a=", b"b"),
    "trailers": (IN_CHUNKS + b"0\r\n", b"A: b\r\n"),
}


def dripping(first: bytes, then: bytes) -> Script:
    """Answer with something that never ends; each wait for more of it is short."""

    def script(line: Line) -> None:
        line.request()
        line.send(first)
        while not line.server.over.wait(0.02):
            line.send(then)

    return script


@pytest.fixture(params=["plain", "tls"])
def security(
    request: pytest.FixtureRequest, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext | None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return tls if request.param == "tls" else None


# Where the time of a request has no end, neither has its test: nothing else is waited for here.


@pytest.mark.timeout(300)
@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_for_ever_ends_with_the_time_of_its_request(
    serve: StartServer, security: ssl.SSLContext | None, drip: tuple[bytes, bytes]
) -> None:
    answer = upload(serve(dripping(*drip), security).url, timeout=SECONDS)
    assert isinstance(answer, Ambiguous)
    # which of them it is depends on how fast the machine is
    reasons = ("no data came in time", "was not complete after", "longer than", "not HTTP")
    assert any(reason in answer.detail for reason in reasons), answer.detail


@pytest.mark.timeout(300)
def test_a_refusal_whose_body_drips_for_ever_stands(serve: StartServer) -> None:
    answer = upload(serve(dripping(http(503, length=1 << 20), b" ")).url, timeout=SECONDS)
    assert isinstance(answer, Ambiguous)
    assert answer.status in (503, None)  # without one, if the machine took so long to read the head


@pytest.mark.timeout(300)
def test_a_server_that_takes_a_request_in_drips_is_left_too(
    serve: StartServer, security: ssl.SSLContext | None
) -> None:
    def script(line: Line) -> None:
        while not line.server.over.wait(0.02):
            line.connection.recv(512)

    answer = upload(serve(script, security).url, b" " * 100_000_000, timeout=SECONDS)
    assert isinstance(answer, Ambiguous)
    assert "not be sent in time" in answer.detail


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", [b"", b"\x16\x03\x03\x40\x00"])
def test_making_a_connection_ends_too_and_nothing_was_sent(serve: StartServer, first: bytes) -> None:
    def script(line: Line) -> None:
        line.send(first)
        while not line.server.over.wait(0.02):
            if first:
                line.send(b"\x00")

    answer = upload(f"https://127.0.0.1:{serve(script).port}", connect=SECONDS)
    assert isinstance(answer, Unreachable)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("drip", [("header lines"), ("answers that announce another one")])
def test_a_proxy_that_drips_keeps_nobody_and_nothing_was_sent(
    serve: StartServer, monkeypatch: pytest.MonkeyPatch, drip: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", serve(dripping(*DRIPS[drip])).url)
    answer = upload("https://in1.api.clevertap.com", connect=SECONDS)
    assert isinstance(answer, Unreachable)


@pytest.fixture
def under_way(serve: StartServer) -> Iterator[tuple[Deadline, threading.Thread, list[Answer]]]:
    """Give an upload that has arrived and gets no answer, and has a minute to wait for one."""
    server, deadline, answers = serve(stall), Deadline(), list[Answer]()
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=10 * TIMEOUT) as api:

        def send() -> None:
            with limit_requests(deadline, 10 * TIMEOUT):
                answers.append(api.upload(ONE, 1))

        thread = threading.Thread(target=send)
        thread.start()
        server.wait_for_requests(1)
        yield deadline, thread, answers


def test_a_deadline_that_comes_near_ends_what_is_under_way(
    under_way: tuple[Deadline, threading.Thread, list[Answer]],
) -> None:
    deadline, thread, answers = under_way
    deadline.shorten_to(0.1)
    thread.join(2 * TIMEOUT)
    assert [type(answer) for answer in answers] == [Ambiguous]


def test_after_a_deadline_nothing_is_sent_any_more(serve: StartServer) -> None:
    server, deadline = serve(stall), Deadline()
    deadline.shorten_to(0)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url) as api, limit_requests(deadline, TIMEOUT):
        assert isinstance(api.upload(ONE, 1), Unreachable)
    assert not server.requests


def test_a_deadline_only_comes_nearer() -> None:
    deadline = Deadline()
    deadline.shorten_to(5.0)
    near = deadline.at
    deadline.shorten_to(500.0)
    assert deadline.at == near


def test_bounds_are_of_one_thread_and_end(serve: StartServer) -> None:
    def script(line: Line) -> None:
        while line.request():
            line.send(http(200, SUCCESS))

    deadline = Deadline()
    deadline.shorten_to(0)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, serve(script).url, timeout=TIMEOUT) as api:
        with limit_requests(deadline, 0.0):
            pass
        assert not isinstance(api.upload(ONE, 1), Unreachable)
