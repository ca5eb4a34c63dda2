"""Exports and counts over real sockets: cursors, their ends, and what CleverTap answers instead."""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec
import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.reads.calls import ReadPolicy, RejectedReadError
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    CleverTapUnavailableError,
    ConfigurationError,
    CursorExpiredError,
    ExportError,
    LoadStoppedError,
    NotExportableError,
)
from tests.support.raw_server import ACCOUNT_ID, PASSCODE, TIMEOUT, Line, RawServer, Script, StartServer, http

QUERY = {"event_name": "Ticket Bought", "from": 20261101, "to": 20261101}
QUICK = ReadPolicy(RetryPolicy(attempts=3, uniform=lambda *_: 0.0), poll_seconds=0.0)
IN_PROGRESS = {"status": "fail", "error": "Request still in progress, please retry later", "code": 2}
#: as CleverTap writes it: percent-encoded, with every character that an address may keep
CURSOR = "AbC%2Bd%3D%3D~._-"


def in_turn(*answers: Any) -> Script:
    """Answer each request with the next of these: JSON, or a whole response; ``None`` closes the connection."""
    left = list(answers)
    lock = threading.Lock()

    def script(line: Line) -> None:
        while line.request():
            with lock:
                answer = left.pop(0) if len(left) > 1 else left[0]
            if answer is None:
                return
            line.send(answer if isinstance(answer, bytes) else http(200, json.dumps(answer).encode()))

    return script


def page(*records: Any, next_cursor: Any = None) -> dict[str, Any]:
    named = {} if next_cursor is None else {"next_cursor": next_cursor}
    return {"status": "success", "records": list(records), **named}


def client(server: RawServer) -> CleverTapClient:
    return CleverTapClient(ACCOUNT_ID, PASSCODE, server.url, timeout=TIMEOUT)


def sizes(server: RawServer, **arguments: Any) -> list[int]:
    with client(server) as api:
        return [len(records) for records in api.events(QUERY, policy=QUICK, **arguments)]


def lines(server: RawServer) -> list[str]:
    return [request.line.removesuffix(" HTTP/1.1") for request in server.requests]


def test_pages_are_walked_to_the_page_that_names_no_next_one_with_cursors_as_they_came(serve: StartServer) -> None:
    server = serve(
        in_turn(
            {"status": "success", "cursor": CURSOR},
            page({}, {}, next_cursor="x%2Fy"),
            page(next_cursor="z"),
            {"status": "success", "next_cursor": "end"},
            page({}, next_cursor=""),
        )
    )
    assert sizes(server, batch_size=2, parts=["app", "profile"]) == [2, 0, 0, 1]
    assert lines(server) == [
        "POST /1/events.json?batch_size=2&profile=true&app=true",
        f"GET /1/events.json?cursor={CURSOR}",
        "GET /1/events.json?cursor=x%2Fy",
        "GET /1/events.json?cursor=z",
        "GET /1/events.json?cursor=end",
    ]
    assert json.loads(server.requests[0].body) == QUERY


def test_a_record_keeps_its_digits_and_its_properties_as_they_were_sent(serve: StartServer) -> None:
    body = (
        b'{"status":"success","records":[{"profile":{"objectId":"__a1","identity":12345678901234567890123,"email":null,'
        b'"id":33},"ts":20261101140416,"event_props":{ "Id":9007199254740993, "x":1.10},"more":[{}]},{"ts":null},'
        b'{"profile":{"identity":9.1E+11},"ts":"20261101140416","session_props":{}}]}'
    )
    server = serve(in_turn({"status": "success", "cursor": "a"}, http(200, body)))
    with client(server) as api:
        (records,) = api.events(QUERY)
    first, second, third = records
    assert first.profile is not None
    assert first.profile.identity == 12345678901234567890123
    assert bytes(first.properties) == b'{ "Id":9007199254740993, "x":1.10}'
    assert msgspec.json.decode(first.properties)["Id"] == 9007199254740993
    assert (second.profile, second.ts, bytes(second.properties)) == (None, None, b"")
    assert third.profile is not None
    assert (third.profile.identity, third.ts, bytes(third.session)) == ("9.1E+11", "20261101140416", b"{}")


def test_half_a_character_or_bad_utf8_spoils_no_page(serve: StartServer) -> None:
    body = (
        rb'{"status":"success","records":[{"profile":{"identity":"\ud83d"},"event_props":{"a":"\\ud83d \ud83d\ude00'
        rb'\ude00","n":9007199254740993}},{"event_props":{"a":"' + b"\xff" + rb'"}}]}'
    )
    server = serve(in_turn({"status": "success", "cursor": "a"}, http(200, body)))
    with client(server) as api:
        ((first, second),) = api.events(QUERY)
    assert first.profile is not None
    assert first.profile.identity == "\ufffd"
    assert msgspec.json.decode(first.properties) == {"a": "\\ud83d \U0001f600\ufffd", "n": 9007199254740993}
    assert msgspec.json.decode(second.properties) == {"a": "\ufffd"}


def test_profiles_are_walked_in_the_same_way(serve: StartServer) -> None:
    record = {"identity": "7", "email": "p@example.com", "name": "P", "profileData": {}, "platformInfo": [{}]}
    server = serve(in_turn({"status": "success", "cursor": "a"}, page(record)))
    with client(server) as api:
        ((profile,),) = api.profiles(QUERY)
    assert (profile.identity, profile.name, msgspec.json.decode(profile.devices)) == ("7", "P", [{}])
    assert lines(server) == ["POST /1/profiles.json?batch_size=5000", "GET /1/profiles.json?cursor=a"]


def test_success_without_a_cursor_is_an_empty_export_and_can_be_seen(serve: StartServer) -> None:
    server = serve(in_turn({"status": "success"}))
    with client(server) as api:
        walk = api.events(QUERY)
        assert list(walk) == []
        assert walk.without_cursor
    server = serve(in_turn({"status": "success", "cursor": "a"}, page()))
    with client(server) as api:
        walk = api.events(QUERY)
        assert [len(records) for records in walk] == [0]
        assert not walk.without_cursor


def test_a_page_may_be_in_preparation_for_long_and_its_answer_may_be_lost(serve: StartServer) -> None:
    server = serve(
        in_turn(
            http(202, b""), IN_PROGRESS, {"status": "success", "cursor": "a"}, *[IN_PROGRESS] * 9, None, http(500, b""),
            page({}, next_cursor="b"), http(429, b""), http(200, b""), page({}),
        )
    )  # fmt: skip
    assert sizes(server) == [1, 1]
    assert lines(server)[-4:] == ["GET /1/events.json?cursor=a", *["GET /1/events.json?cursor=b"] * 3]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": "fail", "error": "Cursor expired", "code": "CURSOR_INVALIDATED"}, CursorExpiredError),
        (http(400, b'{"status":"fail","error":"CURSOR_INVALIDATED","code":400}'), CursorExpiredError),
        ({"status": "fail", "error": "Invalid cursor", "code": 3}, RejectedReadError),
        (page({}, next_cursor="a"), ExportError),
        (page({}, next_cursor=7), ExportError),
        (page({}, next_cursor="a b"), ExportError),
        ({"status": "success", "records": {}}, CleverTapError),
    ],
)
def test_cursors_that_lead_nowhere(serve: StartServer, answer: Any, error: type[CleverTapError]) -> None:
    server = serve(in_turn({"status": "success", "cursor": "a"}, answer))
    with pytest.raises(error):
        sizes(server)


def test_a_circle_of_cursors_is_found(serve: StartServer) -> None:
    around = [page({}, next_cursor=cursor) for cursor in ("b", "c", "a")]
    server = serve(in_turn({"status": "success", "cursor": "a"}, *around, http(500, b"")))
    with pytest.raises(ExportError, match="same cursor twice"):
        sizes(server)


def test_what_cannot_be_exported_is_recognised(serve: StartServer) -> None:
    answer = {"status": "fail", "error": "Export not allowed for this event", "code": 400}
    server = serve(in_turn(http(400, json.dumps(answer).encode())))
    with pytest.raises(NotExportableError, match="CloudExportSource"):
        sizes(server)
    server = serve(in_turn({"status": "fail", "error": '["Invalid event : Ticket Bought"]', "code": 400}))
    with pytest.raises(RejectedReadError, match="Invalid event : Ticket Bought"):
        sizes(server)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({**QUERY, "groups": {}}, "'groups'"),
        ({**QUERY, "event_propertys": []}, "Did you mean 'event_properties'"),
        ({"event": "Charged", "from": 20261101, "to": 20261102}, "Did you mean 'event_name'"),
        ({**QUERY, "advanced_query": {"did_not": []}}, "'did_not'"),
        ({**QUERY, "common_profile_properties": []}, "must be a mapping"),
    ],
)
def test_keys_that_clevertap_would_ignore_are_errors(serve: StartServer, query: Any, message: str) -> None:
    with client(serve(in_turn({"status": "success"}))) as api, pytest.raises(ConfigurationError, match=message):
        api.events(query)


@pytest.mark.parametrize("arguments", [{"batch_size": 0}, {"batch_size": 5001}, {"parts": ["devices"]}])
def test_arguments_out_of_range_are_errors(serve: StartServer, arguments: Any) -> None:
    with client(serve(in_turn({"status": "success"}))) as api, pytest.raises(ConfigurationError):
        api.events(QUERY, **arguments)


def test_a_count_is_waited_for_and_a_forgotten_request_is_made_again(serve: StartServer) -> None:
    partial = {"status": "partial", "req_id": 384649162721759123}
    forgotten = {"status": "fail", "error": "Invalid request id", "code": 400}
    server = serve(in_turn(partial, partial, forgotten, partial, {"status": "success", "count": 7138}))
    with client(server) as api:
        assert api.count_events(QUERY, policy=QUICK) == 7138
    asked = "GET /1/counts/events.json?req_id=384649162721759123"
    posted = "POST /1/counts/events.json"
    assert lines(server) == [posted, asked, asked, posted, asked]


def test_a_count_that_never_comes_ends(serve: StartServer) -> None:
    partial = {"status": "partial", "req_id": 7}
    limited = ReadPolicy(QUICK.retries, poll_seconds=0.01, max_poll_seconds=0.05)
    with client(serve(in_turn(partial))) as api:
        with pytest.raises(CleverTapUnavailableError, match="has not answered"):
            api.count_profiles(QUERY, policy=limited)
        stopped = threading.Event()
        with pytest.raises(LoadStoppedError):
            api.count_events(
                QUERY, policy=ReadPolicy(poll_seconds=60, stopping=stopped, on_wait=lambda *_: stopped.set())
            )
    for answer in ({"status": "success"}, {"status": "success", "count": "7"}, {"status": "partial"}):
        with client(serve(in_turn(answer))) as api, pytest.raises(ExportError):
            api.count_events(QUERY, policy=QUICK)


def test_the_names_of_events_come_without_a_status(serve: StartServer) -> None:
    server = serve(in_turn({"events": [{"name": "Viewed"}, {"name": "Charged", "x": 1}, {"name": "Viewed"}]}))
    with client(server) as api:
        assert api.event_names() == ["Viewed", "Charged"]
    assert lines(server) == ["GET /getSchema?type=events"]
    with client(serve(in_turn({"status": "success"}))) as api, pytest.raises(ExportError):
        api.event_names()
