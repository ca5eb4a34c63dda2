"""An answer belongs to the request it came after: what is left over of one is never taken for that to the next."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from airflow_provider_clevertap.api.answers import Ambiguous, Processed
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.deadline import RequestState
from airflow_provider_clevertap.api.network.backend import BoundedBackend, BoundedStream
from tests.support.raw_server import ACCOUNT_ID, ONE, PASSCODE, SUCCESS, TIMEOUT, Line, StartServer, http

FAILURE = http(503, b'{"status":"fail","error":"Try later","code":503}')
CHUNKED = http(503, b"5\r\n\n\r\n\n\n\r\n0\r\nA-Trailer: 1\r\n\r\n", "Transfer-Encoding: chunked", close=True).replace(
    b"Connection: close\r\n", b""
)

LEFT_OVER = {
    "another answer": FAILURE + http(),
    "half of another answer": FAILURE + http()[:30],
    "all of another answer but its end": FAILURE + http()[:-5],
    "a body longer than its length": FAILURE + SUCCESS,
    "an answer that announces another one": FAILURE + b"HTTP/1.1 100 Continue\r\n\r\n",
    "an announced answer after another one": FAILURE + b"HTTP/1.1 102 Processing\r\n\r\n" + http(),
    "a line's end": FAILURE + b"\r\n",
    "an answer after one in chunks": CHUNKED + http(),
    "an answer after one without a body": b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" + http(),
    "an answer after one that was announced": b"HTTP/1.1 100 Continue\r\n\r\n" + FAILURE + http(),
}


@pytest.fixture(params=["plain", "tls"])
def security(
    request: pytest.FixtureRequest, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext | None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return tls if request.param == "tls" else None


@pytest.mark.parametrize("answer", LEFT_OVER.values(), ids=LEFT_OVER)
def test_what_is_left_over_is_never_the_next_answer(
    serve: StartServer, security: ssl.SSLContext | None, answer: bytes
) -> None:
    def script(line: Line) -> None:
        while line.request():
            line.send(answer)

    server = serve(script, security)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, max_in_flight=1) as api:
        answers = [api.upload(ONE, 1) for _ in range(4)]
    assert [(type(found), getattr(found, "status", None)) for found in answers] == [(Ambiguous, 503)] * 4
    assert (server.connections, len(server.requests)) == (4, 4)


@pytest.mark.parametrize("ending", [b"", CHUNKED])
def test_a_connection_on_which_nothing_is_left_over_is_kept(
    serve: StartServer, security: ssl.SSLContext | None, ending: bytes
) -> None:
    def script(line: Line) -> None:
        while line.request():
            line.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + (ending or FAILURE))

    server = serve(script, security)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, max_in_flight=1) as api:
        answers = [api.upload(ONE, 1) for _ in range(4)]
    assert [type(found) for found in answers] == [Ambiguous] * 4
    assert server.connections == 1


def test_an_answer_that_comes_before_it_was_asked_for_is_not_read(
    serve: StartServer, security: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_speak, spoke, streams = threading.Event(), threading.Event(), list[BoundedStream]()
    make = BoundedStream.__init__

    def note(stream: BoundedStream, *arguments: Any) -> None:
        make(stream, *arguments)
        streams.append(stream)

    monkeypatch.setattr(BoundedStream, "__init__", note)

    def script(line: Line) -> None:
        line.request()
        line.send(FAILURE)
        assert may_speak.wait(TIMEOUT)
        if not spoke.is_set():
            line.send(http())
            spoke.set()
        line.server.over.wait()

    server = serve(script, security)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, max_in_flight=1) as api:
        first = api.upload(ONE, 1)
        may_speak.set()
        assert select.select([streams[-1].get_extra_info("socket")], [], [], TIMEOUT)[0]
        second = api.upload(ONE, 1)
    assert isinstance(first, Ambiguous)
    assert isinstance(second, Ambiguous)
    assert (second.status, server.connections) == (503, 2)


def test_an_answer_that_is_followed_by_another_one_may_be_that_to_an_earlier_request(serve: StartServer) -> None:
    def script(line: Line) -> None:
        for answer in (http(), http() + http()):
            line.request()
            line.send(answer)
        line.server.over.wait()

    server = serve(script)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, max_in_flight=1) as api:
        answers = [api.upload(ONE, 1) for _ in range(3)]
    assert [type(found) for found in answers] == [Processed, Ambiguous, Processed]
    assert "followed by another answer" in answers[1].detail  # type: ignore[union-attr]
    assert server.connections == 2


class Ends(httpcore.NetworkStream):
    """One end of a pair of sockets, as httpcore has it."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def get_extra_info(self, info: str) -> Any:
        return self._end if info == "socket" else None


@pytest.fixture
def pair() -> Iterator[tuple[BoundedStream, RequestState, socket.socket]]:
    ours, theirs = socket.socketpair()
    backend = BoundedBackend()
    backend.state = RequestState(TIMEOUT, TIMEOUT)
    with ours, theirs:
        yield BoundedStream(Ends(ours), backend), backend.state, theirs


def speak(other: socket.socket) -> None:
    other.sendall(http())


def hang_up(other: socket.socket) -> None:
    other.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("act", [speak, hang_up])
def test_nothing_is_sent_on_a_connection_whose_other_side_has_spoken_or_left(
    pair: tuple[BoundedStream, RequestState, socket.socket], act: Callable[[socket.socket], None]
) -> None:
    stream, state, other = pair
    act(other)
    with pytest.raises(httpcore.ConnectError):
        stream.write(b"POST /1/upload HTTP/1.1\r\n\r\n")
    assert not state.started
    other.setblocking(False)
    with pytest.raises(BlockingIOError):
        other.recv(1)


def test_an_answer_that_comes_before_the_request_is_whole_is_doubted(
    pair: tuple[BoundedStream, RequestState, socket.socket],
) -> None:
    stream, state, other = pair
    stream.write(b"POST /1/upload HTTP/1.1\r\n\r\n")
    assert not state.doubt
    other.sendall(http())
    stream.write(b"{}")
    assert "before the request had been sent" in state.doubt
    assert (
        stream.read(1 << 16) == http()[: -len(SUCCESS)]
    )  # it may be a rejection, which is true however early it comes


def test_a_refusal_that_comes_early_stands_and_an_account_does_not(serve: StartServer) -> None:
    for status, doubted in ((200, True), (400, False)):

        def script(line: Line, status: int = status) -> None:
            line.head()
            line.send(http(status))
            line.request_rest()

        with CleverTapClient(ACCOUNT_ID, PASSCODE, serve(script).url) as api:
            # more than the sockets' buffers hold: the last byte goes out long after the answer has come
            answer = api.upload(b" " * 60_000_000, 1)
        assert ("before the request" in getattr(answer, "detail", "")) is doubted
