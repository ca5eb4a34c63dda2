"""Connections: kept, replaced and closed, and what TLS adds to that."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.answers import Ambiguous, Answer, Processed, Unreachable
from airflow_provider_clevertap.api.client import CleverTapClient
from tests.support.raw_server import (
    ACCOUNT_ID,
    ONE,
    PASSCODE,
    SUCCESS,
    TIMEOUT,
    Line,
    RawServer,
    Script,
    StartServer,
    always,
    half_head,
    http,
    once,
    reset,
    silence,
    stall,
    upload,
)


def test_a_connection_the_service_closed_while_idle_is_replaced(serve: StartServer) -> None:
    server = serve(once(http()))
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url) as api:
        for _ in range(3):
            assert api.upload(ONE, 1) == Processed()
            server.wait_for_hang_up()
    assert server.connections == 3


def test_a_bad_answer_leaves_nothing_behind_for_the_next_request(serve: StartServer) -> None:
    answers = iter([http(200, SUCCESS + b"}garbage", length=len(SUCCESS)), http(500, b"x" * 200_000), http(), http()])

    def script(line: Line) -> None:
        while line.request():
            line.send(next(answers))

    server = serve(script)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url) as api:
        kinds = [type(api.upload(ONE, 1)) for _ in range(4)]
    assert kinds.count(Processed) >= 2
    assert set(kinds) <= {Processed, Ambiguous}


def close_with_uploads_in_flight(server: RawServer, uploads: int) -> None:
    """Close a client whose uploads have arrived and get no answer; they must all come to their end."""
    answers: list[Answer] = []
    api = CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=0.5)
    api._extensions["timeout"]["connect"] = TIMEOUT
    threads = [threading.Thread(target=lambda: answers.append(api.upload(ONE, 1))) for _ in range(uploads)]
    for thread in threads:
        thread.start()
    server.wait_for_requests(uploads)
    api.close()
    for thread in threads:
        thread.join(TIMEOUT)
    assert [type(answer) for answer in answers] == [Ambiguous] * uploads


def test_closing_settles_what_is_in_flight_as_unclear(serve: StartServer) -> None:
    close_with_uploads_in_flight(serve(stall), 3)


def test_a_certificate_nobody_vouches_for_gets_no_request(serve: StartServer, tls: ssl.SSLContext) -> None:
    server = serve(always(http()), tls)
    answer = upload(server.url)
    assert isinstance(answer, Unreachable)
    assert "CERTIFICATE_VERIFY_FAILED" in answer.detail
    assert not server.requests


def test_a_vouched_for_certificate_is_enough(
    serve: StartServer, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = serve(always(http()), tls)
    assert upload(server.url, b'{"d":[' + b" " * 500_000 + b"]}") == Processed()
    assert len(server.requests[0].body) == 500_008


@pytest.mark.parametrize("script", [reset, silence, half_head, stall])
def test_over_tls_a_request_without_an_answer_is_unclear_too(
    serve: StartServer, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    answer: Any = upload(serve(script, tls).url, timeout=0.3 if script is stall else TIMEOUT)
    assert isinstance(answer, Ambiguous)


def test_closing_over_tls_settles_what_is_in_flight_too(
    serve: StartServer, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    close_with_uploads_in_flight(serve(stall, tls), 1)
