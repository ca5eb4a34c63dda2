"""The access of a passcode is proved by a request that can store nothing."""

from __future__ import annotations

import json

import pytest

from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapError,
    CleverTapUnavailableError,
    ConfigurationError,
)
from tests.support.clients import PAGE, client, fail
from tests.support.raw_server import PASSCODE, SUCCESS, Line, StartServer, always, http


@pytest.mark.parametrize(
    "body",
    [
        SUCCESS,
        b'{"status":"fail","processed":0,"unprocessed":[{"code":523,"error":"no. Skipped record number : 1"}]}',
    ],
)
def test_any_account_of_the_probe_proves_the_access_and_nothing_could_be_stored(
    serve: StartServer, body: bytes
) -> None:
    server = serve(always(http(200, body)))
    with client(server.url) as api:
        api.check_access()
    (request,) = server.requests
    assert request.line == "POST /1/upload?dryRun=1 HTTP/1.1"
    (record,) = json.loads(request.body)["d"]
    assert not {"identity", "objectId", "FBID", "GPID"} & set(record)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (http(401, fail(401, "Account ID is not valid")), AccessDeniedError, "Account ID is not known"),
        (http(401, fail(401, "Invalid Credentials")), AccessDeniedError, "Check the passcode"),
        (http(200, fail(401, "Invalid Credentials")), AccessDeniedError, "Check the passcode"),
        (http(403, fail(403)), AccessDeniedError, "rights"),
        (http(200, PAGE), ConfigurationError, "Welcome to nginx"),
        (http(404, PAGE), ConfigurationError, "no CleverTap API"),
        (http(301, b"", "Location: https://elsewhere.example.com/x"), ConfigurationError, "elsewhere.example.com"),
        (http(400, fail(400)), ConfigurationError, "malformed"),
        (http(429, fail(429)), CleverTapUnavailableError, "Too many requests"),
        (http(500, PAGE), CleverTapUnavailableError, "HTTP 500"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", CleverTapUnavailableError, "not HTTP"),
    ],
)
def test_a_failed_check_tells_what_is_wrong(
    serve: StartServer, answer: bytes, error: type[CleverTapError], words: str
) -> None:
    def script(line: Line) -> None:
        line.request()
        line.send(answer)

    server = serve(script)
    with client(server.url) as api, pytest.raises(error, match=words) as raised:
        api.check_access()
    assert type(raised.value) is error
    assert PASSCODE not in str(raised.value)


def test_a_check_of_a_dead_host_says_so(unused_port: int) -> None:
    dead = client(f"http://127.0.0.1:{unused_port}")
    with dead as api, pytest.raises(CleverTapUnavailableError, match=r"No connection to 127\.0\.0\.1"):
        api.check_access()
