"""Where the passcode may go: one address, over TLS that is verified, through a proxy only in a tunnel."""

from __future__ import annotations

import json
import logging
import select
import socket
import ssl
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.answers import Answer, Forbidden, Malformed, Processed, Unreachable
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.exceptions import ConfigurationError
from tests.support.raw_server import ACCOUNT_ID, ONE, PASSCODE, TIMEOUT, Line, Script, StartServer, always, http

PROXY_PASSWORD = "PRX-PW-5519"


def upload(url: str) -> Answer:
    with CleverTapClient(ACCOUNT_ID, PASSCODE, url, timeout=TIMEOUT) as api:
        return api.upload(ONE, 1)


def tunnel(lines: list[bytes]) -> Script:
    """Be a proxy: connect to where the client asks, and keep what passes.

    One thread passes on both directions: a TLS connection must not be read and written by two at once.
    """

    def script(line: Line) -> None:
        request = line.request()
        assert request is not None
        host, _, port = request.line.split()[1].rpartition(":")
        with socket.create_connection((host, int(port))) as target, suppress(OSError):
            line.send(b"HTTP/1.1 200 OK\r\n\r\n")
            pass_on(line.connection, target, lines)

    return script


def pass_on(client: socket.socket, target: socket.socket, lines: list[bytes]) -> None:
    """Pass on what either side sends, until one of them has ended."""
    other = {client: target, target: client}
    while True:
        decrypted = isinstance(client, ssl.SSLSocket) and client.pending() > 0
        for source in [client] if decrypted else select.select(list(other), [], [], TIMEOUT)[0]:
            data = source.recv(65_536)
            if not data:
                return
            lines.append(data)
            other[source].sendall(data)


@pytest.mark.parametrize(("address", "days"), [("127.0.0.2", (-1, 1)), ("127.0.0.1", (-9, -1)), ("127.0.0.1", (1, 9))])
def test_a_certificate_for_another_address_or_time_gets_no_request(
    serve: StartServer, unfit_tls: Callable[..., ssl.SSLContext], address: str, days: tuple[int, int]
) -> None:
    server = serve(always(http()), unfit_tls(address, days))
    answer = upload(server.url)
    assert isinstance(answer, Unreachable)
    assert "CERTIFICATE_VERIFY_FAILED" in answer.detail
    assert not server.requests


@pytest.mark.parametrize(
    ("name", "value"),
    [("PYTHONHTTPSVERIFY", "0"), ("CURL_CA_BUNDLE", ""), ("REQUESTS_CA_BUNDLE", ""), ("SSL_CERT_FILE", "")],
)
def test_no_variable_switches_verification_off(
    serve: StartServer, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    server = serve(always(http()), tls)
    assert isinstance(upload(server.url), Unreachable)
    assert not server.requests


@pytest.mark.airflow
@pytest.mark.parametrize("extra", [{"verify": False}, {"verify_ssl": "false"}, {"ssl": False}, {"insecure": True}])
def test_no_extra_of_the_connection_switches_verification_off(
    serve: StartServer, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any]
) -> None:
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

    server = serve(always(http()), tls)
    fields = {"conn_type": "clevertap", "login": ACCOUNT_ID, "password": PASSCODE, "host": server.url, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_UNVERIFIED", json.dumps(fields))
    worked, message = CleverTapHook("unverified").test_connection()
    assert not worked
    assert "CERTIFICATE_VERIFY_FAILED" in message
    assert not server.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_from_https_to_http_is_not_followed(
    serve: StartServer, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    elsewhere = serve(always(http()))
    server = serve(always(http(status, b"", f"Location: {elsewhere.url}/1/upload")), tls)
    assert isinstance(upload(server.url), Forbidden)
    assert len(server.requests) == 1
    assert not elsewhere.connections


def test_through_a_proxy_the_passcode_travels_in_a_tunnel(
    serve: StartServer, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    passed: list[bytes] = []
    proxy, server = serve(tunnel(passed)), serve(always(http()), tls)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//user:{PROXY_PASSWORD}@"))
    assert upload(server.url) == Processed()
    (asked,) = proxy.requests
    assert asked.line == f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"
    assert asked.headers["proxy-authorization"].startswith("Basic ")
    assert not [name for name in asked.headers if "clevertap" in name]
    assert passed
    assert PASSCODE.encode() not in b"".join(passed)
    assert server.requests[0].headers["x-clevertap-passcode"] == PASSCODE
    # what is the proxy's stays with the proxy
    assert "proxy-authorization" not in server.requests[0].headers


def test_a_proxy_may_be_spoken_to_over_tls_too(
    serve: StartServer, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    answer = b"x" * 200_000
    proxy, server = serve(tunnel([]), tls), serve(always(http(400, answer) + http()), tls)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=TIMEOUT, max_in_flight=1) as api:
        answers = [api.upload(b" " * 300_000, 1) for _ in range(3)]
    kinds = [type(answer) for answer in answers]
    assert kinds == [Malformed] * 3  # and never the answers that nobody asked for
    assert [len(request.body) for request in server.requests] == [300_000] * 3
    assert all(request.line.startswith("CONNECT ") for request in proxy.requests)


def test_a_proxy_cannot_stand_in_for_the_server(
    serve: StartServer, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(tunnel([])), serve(always(http()), tls)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    answer = upload(server.url)
    assert isinstance(answer, Unreachable)
    assert "CERTIFICATE_VERIFY_FAILED" in answer.detail
    assert not server.requests


@pytest.mark.parametrize("address", ["ftp://{}@proxy", "http://{}/@proxy:80", "http://{}@[::1", "socks5://{}@proxy"])
def test_a_proxy_that_cannot_be_used_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("ALL_PROXY", address.format(f"user:{PROXY_PASSWORD}"))
    with pytest.raises(ConfigurationError, match="names a proxy that cannot be used") as caught:
        upload("https://in1.api.clevertap.com")
    assert PROXY_PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_no_proxy_is_respected(
    serve: StartServer, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    proxy, server = serve(tunnel([])), serve(always(http()), tls)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert upload(server.url) == Processed()
    assert not proxy.connections


@pytest.mark.parametrize("rejection", [407, 502, None])
def test_the_password_of_a_proxy_is_in_no_answer_and_no_log(
    serve: StartServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    unused_port: int,
    rejection: int | None,
) -> None:
    for name in ("", "httpx", "httpcore", "airflow_provider_clevertap"):
        caplog.set_level(logging.DEBUG, name or None)
    url = f"http://127.0.0.1:{unused_port}" if rejection is None else serve(always(http(rejection, b""))).url
    monkeypatch.setenv("HTTPS_PROXY", url.replace("//", f"//user:{PROXY_PASSWORD}@"))
    answer = upload("https://in1.api.clevertap.com")
    assert isinstance(answer, Unreachable)
    assert caplog.records
    for text in (repr(answer), caplog.text):
        assert PROXY_PASSWORD not in text
        assert PASSCODE not in text
