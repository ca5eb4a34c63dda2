"""A client asks for one profile."""

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
from tests.support.raw_server import PASSCODE, Line, StartServer, always, http


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ({"identity": "a b&c=d/ü"}, "identity=a%20b%26c%3Dd%2F%C3%BC"),
        ({"email": "asha+x@example.com"}, "email=asha%2Bx%40example.com"),
        ({"object_id": "__a1"}, "objectId=__a1"),
    ],
)
def test_a_profile_is_asked_for_by_one_identifier(serve: StartServer, asked: dict[str, str], query: str) -> None:
    record = {"profileData": {"Plan": "gold"}}
    server = serve(always(http(200, json.dumps({"status": "success", "record": record}).encode())))
    with client(server.url) as api:
        assert api.get_profile(**asked) == record
    (request,) = server.requests
    assert request.line.replace("+x%40", "%2Bx%40").replace("a+b", "a%20b") == f"GET /1/profile.json?{query} HTTP/1.1"
    assert request.headers["x-clevertap-passcode"] == PASSCODE


def test_an_unknown_profile_is_none(serve: StartServer) -> None:
    server = serve(always(http(404, fail(404, "Profile not found"))))
    with client(server.url) as api:
        assert api.get_profile(identity="x") is None


@pytest.mark.parametrize("asked", [{}, {"identity": ""}, {"identity": "a", "email": "b"}])
def test_a_lookup_needs_exactly_one_identifier(asked: dict[str, str]) -> None:
    with client("http://127.0.0.1:9") as api, pytest.raises(ConfigurationError, match="exactly one"):
        api.get_profile(**asked)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http(401, fail(401)), AccessDeniedError),
        (http(404, PAGE), ConfigurationError),
        (http(200, PAGE), ConfigurationError),
        (http(429, b""), CleverTapUnavailableError),
        (http(503, PAGE), CleverTapUnavailableError),
        (b"", CleverTapUnavailableError),
    ],
)
def test_a_failed_lookup_raises_without_naming_the_person(
    serve: StartServer, answer: bytes, error: type[CleverTapError]
) -> None:
    def script(line: Line) -> None:
        line.request()
        line.send(answer)

    server = serve(script)
    with client(server.url) as api, pytest.raises(error) as raised:
        api.get_profile(email="asha@example.com")
    assert "asha" not in str(raised.value)
