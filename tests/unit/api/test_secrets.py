"""The passcode and people's data stay out of logs, reprs, answers and errors."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict

import httpx
import pytest

from airflow_provider_clevertap.api.answers import Processed
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.exceptions import CleverTapError
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
    http,
    once,
)

PERSON = "asha.rao@example.com"


def client(url: str) -> CleverTapClient:
    return CleverTapClient(ACCOUNT_ID, PASSCODE, url, timeout=TIMEOUT)


def listen(caplog: pytest.LogCaptureFixture, level: int) -> None:
    """Hear everything from a level on, whatever Airflow has made of the HTTP libraries' own levels."""
    for name in ("", "httpx", "httpcore", "airflow_provider_clevertap"):
        caplog.set_level(level, name or None)


def parrot(answer: Callable[[str], bytes]) -> Script:
    """Answer with whatever the passcode header held."""

    def script(line: Line) -> None:
        request = line.request()
        if request:
            line.send(answer(request.headers.get("x-clevertap-passcode", "")))

    return script


def mirror(line: Line) -> None:
    """Send the request's own head back, as an echo service does."""
    request = line.request()
    if request:
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        line.send(f"{request.line}\r\n{head}\r\n".encode())


def refused_record(secret: str) -> bytes:
    item = {"status": "fail", "code": 515, "error": f"{secret} is bad. Skipped record number : 1", "record": {}}
    return http(200, json.dumps({"status": "fail", "processed": 0, "unprocessed": [item]}).encode())


LOUD = [
    always(http()),
    always(http(401, b'{"status":"fail","error":"Invalid Credentials","code":401}')),
    parrot(lambda secret: http(200, SUCCESS, f"X-Echo: {secret}")),
    parrot(lambda secret: http(500, f"<title>{secret}</title>".encode())),
    parrot(lambda secret: http(401, json.dumps({"status": "fail", "error": f"bad {secret}", "code": 401}).encode())),
    parrot(lambda secret: http(200, json.dumps({"status": "fail", "error": secret, "code": 401}).encode())),
    parrot(lambda secret: http(302, b"", f"Location: https://{secret}.example.com/")),
    parrot(lambda secret: http(200, SUCCESS, f"Set-Cookie: passcode={secret}")),
    parrot(lambda secret: http(200, secret.encode(), f"Content-Encoding: {secret}")),
    parrot(lambda secret: f"{secret}\r\n\r\n".encode()),
    parrot(lambda secret: f"HTTP/1.1 200 OK\r\n{secret}\r\n\r\n".encode()),
    parrot(lambda secret: f"HTTP/1.1 200 {secret}\r\nContent-Length: 0\r\n\r\n".encode()),
    parrot(refused_record),
    mirror,
    once(b""),
]


@pytest.mark.parametrize("script", LOUD)
def test_the_passcode_is_nowhere_even_when_the_server_sends_it_back(
    serve: StartServer, caplog: pytest.LogCaptureFixture, script: Script
) -> None:
    listen(caplog, logging.DEBUG)
    server = serve(script)
    seen = []
    with client(server.url) as api:
        answer = api.upload(ONE, 1)
        seen += [repr(answer), str(asdict(answer)), repr(api), str(api)]
        for ask in (api.check_access, lambda: api.get_profile(email=PERSON)):
            try:
                seen.append(repr(ask()))
            except CleverTapError as error:
                seen += [str(error), repr(error), "".join(traceback.format_exception(error))]
    assert any(request.headers["x-clevertap-passcode"] == PASSCODE for request in server.requests)
    for text in (*seen, caplog.text, *(repr(vars(record)) for record in caplog.records)):
        assert PASSCODE.lower() not in text.lower()
        assert PERSON not in text


def test_httpcore_at_debug_level_is_really_listened_to(serve: StartServer, caplog: pytest.LogCaptureFixture) -> None:
    listen(caplog, logging.DEBUG)
    server = serve(parrot(lambda secret: http(200, SUCCESS, f"X-Echo: {secret}")))
    with client(server.url) as api:
        assert api.upload(ONE, 1) == Processed()
    assert "X-Echo" in caplog.text
    assert "***" in caplog.text


def test_at_info_level_a_load_logs_no_line_for_each_request(
    serve: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    listen(caplog, logging.INFO)
    server = serve(always(http()))
    with client(server.url) as api:
        api.upload(ONE, 1)
        with pytest.raises(CleverTapError):
            api.get_profile(email=PERSON)
    assert caplog.text == ""


def test_at_debug_level_a_request_is_one_line_without_its_query(
    serve: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "airflow_provider_clevertap")
    server = serve(always(http(404, b'{"status":"fail"}')))
    with client(server.url) as api:
        assert api.get_profile(email=PERSON) is None
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("airflow_provider_clevertap")]
    assert line.startswith("GET /1/profile.json: 404 in ")


def test_other_users_of_httpx_keep_their_log_lines(serve: StartServer, caplog: pytest.LogCaptureFixture) -> None:
    listen(caplog, logging.INFO)
    server = serve(always(http()))
    with client(server.url) as api, httpx.Client(timeout=TIMEOUT) as other:
        api.upload(ONE, 1)
        other.get(f"{server.url}/theirs")
    assert [record.name for record in caplog.records] == ["httpx"]
    assert "/theirs" in caplog.text


def test_a_client_cannot_be_written_down_with_its_passcode() -> None:
    with client("https://in1.api.clevertap.com") as api, pytest.raises(Exception) as raised:  # noqa: PT011
        pickle.dumps(api)
    assert PASSCODE not in str(raised.value)
