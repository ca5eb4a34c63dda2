"""Everything a network can do to a request: what was certainly not sent, and what may have been."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc

import pytest

from airflow_provider_clevertap.api.answers import Answer, Busy, Denied, Processed, TooLarge, Unclear, Unreachable
from airflow_provider_clevertap.api.client import CleverTapClient
from tests.support.raw_server import (
    ACCOUNT_ID,
    ONE,
    PASSCODE,
    SUCCESS,
    Line,
    Script,
    StartServer,
    always,
    half_head,
    http,
    once,
    reset,
    reset_while_reading,
    silence,
    stall,
    upload,
)

# --- nothing was sent ----------------------------------------------------------------------------------------------


def test_a_refused_connection_is_unreachable(serve: StartServer) -> None:
    server = serve(stall)
    server.close()
    answer = upload(server.url)
    assert isinstance(answer, Unreachable)
    assert "refused" in answer.detail


def test_an_unknown_host_is_unreachable() -> None:
    answer = upload("https://no-such-host.invalid")
    assert isinstance(answer, Unreachable)
    assert "no-such-host.invalid" in answer.detail


def test_a_server_that_speaks_no_tls_is_unreachable(serve: StartServer) -> None:
    server = serve(always(http()))
    assert isinstance(upload(f"https://127.0.0.1:{server.port}"), Unreachable)
    assert not server.requests


def test_a_server_that_never_finishes_the_tls_handshake_is_unreachable(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.server.over.wait(10)

    assert isinstance(upload(f"https://127.0.0.1:{serve(script).port}", timeout=0.3), Unreachable)


def test_no_free_connection_is_unreachable(serve: StartServer) -> None:
    def slow_head(line: Line) -> None:
        line.request()
        line.send(b"HTTP/1.1 200 OK\r\n")
        for number in range(8):
            line.server.over.wait(0.2)
            line.send(f"X-{number}: more\r\n".encode())
        line.send(f"Content-Length: {len(SUCCESS)}\r\n\r\n".encode() + SUCCESS)

    server = serve(slow_head)
    answers: list[Answer] = []
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=0.5, max_in_flight=1) as api:
        first = threading.Thread(target=lambda: answers.append(api.upload(ONE, 1)))
        first.start()
        while not server.requests:
            time.sleep(0.01)
        second = api.upload(ONE, 1)
        first.join()
    assert isinstance(second, Unreachable)
    assert "every connection was in use" in second.detail
    assert answers == [Processed()]
    assert len(server.requests) == 1


def test_a_proxy_that_refuses_the_tunnel_is_unreachable(serve: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(always(http(407, b"", "Proxy-Authenticate: Basic")))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    answer = upload("https://in1.api.clevertap.com")
    assert isinstance(answer, Unreachable)
    assert "407" in answer.detail
    assert [request.line for request in proxy.requests] == ["CONNECT in1.api.clevertap.com:443 HTTP/1.1"]
    assert "x-clevertap-passcode" not in proxy.requests[0].headers


def test_plain_http_to_this_machine_never_goes_through_a_proxy(
    serve: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(always(http(500))), serve(always(http()))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    assert upload(server.url) == Processed()
    assert not proxy.requests


# --- it may have arrived -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [reset, reset_while_reading, silence, half_head, stall, once(b"SSH-2.0-x\r\n\r\n")])
def test_a_request_without_an_answer_is_unclear(serve: StartServer, script: Script) -> None:
    server = serve(script)
    answer = upload(server.url, b'{"d":[' + b" " * 20_000_000 + b"]}", timeout=0.5)
    assert isinstance(answer, Unclear)
    assert answer.status is None
    assert "may have arrived" in answer.detail


def test_a_server_that_stops_reading_is_unclear(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.head()
        line.server.over.wait(10)

    server = serve(script)
    answer = upload(server.url, b" " * 50_000_000, timeout=0.3)
    assert isinstance(answer, Unclear)
    assert "not taken in time" in answer.detail


@pytest.mark.parametrize(
    "answer",
    [
        http(200, SUCCESS[:20], length=len(SUCCESS)),
        http(200, SUCCESS[:-1], close=True),
        http(200, b"", close=True),
        http(200, b"zz\r\n", "Transfer-Encoding: chunked", close=True),
        http(200, b"10\r\n" + SUCCESS, "Transfer-Encoding: chunked", close=True),
        http(200, SUCCESS, "Content-Encoding: gzip"),
        http(200, SUCCESS, "Content-Encoding: br"),
        http(200, SUCCESS, "Content-Encoding: zstd"),
    ],
)
def test_a_200_whose_body_cannot_be_read_is_unclear(serve: StartServer, answer: bytes) -> None:
    server = serve(once(answer))
    found = upload(server.url)
    assert isinstance(found, Unclear)
    assert found.status == 200


def test_a_body_that_stalls_is_unclear(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.request()
        line.send(http(200, SUCCESS[:20], length=len(SUCCESS)))
        line.server.over.wait(10)

    answer = upload(serve(script).url, timeout=0.3)
    assert isinstance(answer, Unclear)
    assert "no data came in time" in answer.detail


def test_a_body_that_drips_does_not_hold_the_load_for_ever(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.request()
        line.send(http(200, b"", length=10_000))
        while not line.server.over.wait(0.05):
            line.send(b" ")

    started = time.monotonic()
    answer = upload(serve(script).url, timeout=0.5)
    assert isinstance(answer, Unclear)
    assert "not complete after 0.5 seconds" in answer.detail
    assert time.monotonic() - started < 3


def endless(status: int, *headers: str, chunk: bytes = b"x" * 1_000_000) -> Script:
    def script(line: Line) -> None:
        line.request()
        line.send(http(status, b"", *headers, close=True))
        while not line.server.over.is_set():
            line.send(chunk)

    return script


def test_an_endless_answer_is_cut_off(serve: StartServer) -> None:
    url = serve(endless(200)).url
    tracemalloc.start()
    try:
        answer = upload(url, timeout=10)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(answer, Unclear)
    assert "longer than 33554432 bytes" in answer.detail
    assert peak < 120_000_000


def test_a_compressed_bomb_is_cut_off(serve: StartServer) -> None:
    bomb = gzip.compress(b" " * 200_000_000, 9)
    answer = upload(serve(once(http(200, bomb, "Content-Encoding: gzip"))).url, timeout=10)
    assert isinstance(answer, Unclear)
    assert "longer than" in answer.detail


def test_an_answer_compressed_unasked_is_still_read(serve: StartServer) -> None:
    server = serve(once(http(200, gzip.compress(SUCCESS), "Content-Encoding: gzip")))
    assert upload(server.url) == Processed()
    assert server.requests[0].headers["accept-encoding"] == "identity"


# --- the status is enough ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind"), [(401, Denied), (429, Busy), (413, TooLarge), (302, Denied)])
def test_a_refusal_stands_however_its_body_ends(serve: StartServer, status: int, kind: type[Answer]) -> None:
    def broken(line: Line) -> None:
        line.request()
        line.send(http(status, b'{"status":"fa', length=5_000))

    def stalled(line: Line) -> None:
        broken(line)
        line.server.over.wait(10)

    for script in (broken, stalled, endless(status), once(http(status, b"junk", "Content-Encoding: gzip"))):
        started = time.monotonic()
        assert type(upload(serve(script).url, timeout=0.5)) is kind
        assert time.monotonic() - started < 3


def test_of_an_endless_refusal_only_the_beginning_is_read(serve: StartServer) -> None:
    taken: list[int] = []

    def script(line: Line) -> None:
        line.request()
        line.send(http(500, b"", close=True))
        while len(taken) < 300:
            line.send(b"x" * 100_000)
            taken.append(100_000)

    assert isinstance(upload(serve(script).url), Unclear)
    # what the sockets buffer comes on top of what was read
    assert sum(taken) < 20_000_000


def test_a_refusal_before_the_body_was_read_is_not_lost(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.head()
        line.send(http(413, b"", close=True))
        line.connection.shutdown(1)
        while line.connection.recv(1 << 20):
            pass

    assert isinstance(upload(serve(script).url, b" " * 30_000_000), TooLarge)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_target_gets_no_passcode(serve: StartServer, status: int) -> None:
    target = serve(always(http()))
    server = serve(always(http(status, b"", f"Location: {target.url}/1/upload")))
    answer = upload(server.url)
    assert isinstance(answer, Denied)
    assert answer.status == status
    assert (target.connections, len(server.requests)) == (0, 1)
