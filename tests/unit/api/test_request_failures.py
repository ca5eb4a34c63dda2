"""Everything a network can do to a request: what was certainly not sent, and what may have been."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc

import pytest

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Forbidden,
    Processed,
    RateLimited,
    TooLarge,
    Unreachable,
)
from airflow_provider_clevertap.api.client import CleverTapClient
from tests.support.raw_server import (
    ACCOUNT_ID,
    ONE,
    PASSCODE,
    SUCCESS,
    TIMEOUT,
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
    upload_to_stalled_body,
)

# --- nothing was sent ----------------------------------------------------------------------------------------------


def test_a_refused_connection_is_unreachable(unused_port: int) -> None:
    answer = upload(f"http://127.0.0.1:{unused_port}")
    assert isinstance(answer, Unreachable)
    assert "refused" in answer.detail


def test_an_unknown_host_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)  # not all networks say that a name is unknown, or say it soon
    answer = upload("https://no-such-host.invalid")
    assert isinstance(answer, Unreachable)
    assert "no-such-host.invalid" in answer.detail


def test_a_server_that_speaks_no_tls_is_unreachable(serve: StartServer) -> None:
    requests = []

    def plain(line: Line) -> None:
        requests.append(line.connection.recv(65_536))
        line.send(http(400, close=True))

    assert isinstance(upload(f"https://127.0.0.1:{serve(plain).port}"), Unreachable)
    assert PASSCODE.encode() not in b"".join(requests)


def test_a_server_that_never_finishes_the_tls_handshake_is_unreachable(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.server.over.wait()

    assert isinstance(upload(f"https://127.0.0.1:{serve(script).port}", connect=0.3), Unreachable)


def test_no_free_connection_is_unreachable(serve: StartServer) -> None:
    arrived, may_answer = threading.Event(), threading.Event()

    def held(line: Line) -> None:
        line.request()
        arrived.set()
        may_answer.wait(TIMEOUT)
        line.send(http())

    server = serve(held)
    answers: list[Answer] = []
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=TIMEOUT, max_in_flight=1) as api:
        first = threading.Thread(target=lambda: answers.append(api.upload(ONE, 1)))
        first.start()
        assert arrived.wait(TIMEOUT)
        api.timeout = 0.2  # of the second alone: the first is to have its answer, however late
        second = api.upload(ONE, 1)
        may_answer.set()
        first.join(TIMEOUT)
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
    timeout = 0.3 if script is stall else TIMEOUT
    answer = upload(server.url, b'{"d":[' + b" " * 20_000_000 + b"]}", timeout=timeout)
    assert isinstance(answer, Ambiguous)
    assert answer.status is None
    assert "may have arrived" in answer.detail


def test_a_server_that_stops_reading_is_unclear(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.head()
        line.server.over.wait()

    server = serve(script)
    answer = upload(server.url, b" " * 50_000_000, timeout=0.3)
    assert isinstance(answer, Ambiguous)
    assert "not be sent in time" in answer.detail


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
    assert isinstance(found, Ambiguous)
    assert found.status == 200


def test_a_body_that_stalls_is_unclear(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.request()
        line.send(http(200, SUCCESS[:20], length=len(SUCCESS)))
        line.server.over.wait()

    answer = upload_to_stalled_body(serve(script).url)
    assert isinstance(answer, Ambiguous)
    assert "no data came in time" in answer.detail or "was not complete after" in answer.detail


def test_a_body_that_drips_does_not_hold_the_load_for_ever(serve: StartServer) -> None:
    def script(line: Line) -> None:
        line.request()
        line.send(http(200, b"", length=10_000))
        for _ in range(9_999):  # of 10,000, which would take more than eight minutes
            if line.server.over.wait(0.05):
                return
            line.send(b" ")

    answer = upload_to_stalled_body(serve(script).url)
    assert isinstance(answer, Ambiguous)
    assert answer.status == 200
    assert "was not complete after" in answer.detail


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
        answer = upload(url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(answer, Ambiguous)
    assert "longer than 33554432 bytes" in answer.detail
    assert peak < 120_000_000


def test_a_compressed_bomb_is_cut_off(serve: StartServer) -> None:
    bomb = gzip.compress(b" " * 60_000_000, 9)
    answer = upload(serve(once(http(200, bomb, "Content-Encoding: gzip"))).url)
    assert isinstance(answer, Ambiguous)
    assert "longer than" in answer.detail


def test_an_answer_compressed_unasked_is_still_read(serve: StartServer) -> None:
    server = serve(once(http(200, gzip.compress(SUCCESS), "Content-Encoding: gzip")))
    assert upload(server.url) == Processed()
    assert server.requests[0].headers["accept-encoding"] == "identity"


# --- the status is enough ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind"), [(401, Forbidden), (429, RateLimited), (413, TooLarge), (302, Forbidden)])
def test_a_refusal_stands_however_its_body_ends(serve: StartServer, status: int, kind: type[Answer]) -> None:
    def broken(line: Line) -> None:
        line.request()
        line.send(http(status, b'{"status":"fa', length=5_000))

    def stalled(line: Line) -> None:
        broken(line)
        line.server.over.wait()

    for script in (broken, endless(status), once(http(status, b"junk", "Content-Encoding: gzip"))):
        assert type(upload(serve(script).url)) is kind
    assert type(upload_to_stalled_body(serve(stalled).url)) is kind


def test_of_an_endless_refusal_only_the_beginning_is_read(serve: StartServer) -> None:
    taken: list[int] = []

    def script(line: Line) -> None:
        line.request()
        line.send(http(500, b"", close=True))
        while len(taken) < 300:
            line.send(b"x" * 100_000)
            taken.append(100_000)

    assert isinstance(upload(serve(script).url), Ambiguous)
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
    assert isinstance(answer, Forbidden)
    assert answer.status == status
    assert (target.connections, len(server.requests)) == (0, 1)
