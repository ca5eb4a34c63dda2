"""What each status and body means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Forbidden,
    Malformed,
    Processed,
    RateLimited,
    TooLarge,
)
from airflow_provider_clevertap.api.response_parser import read_answer, read_status, retry_after

PAGE = (
    b"<!DOCTYPE html><html><head><title>502 Bad\n Gateway &amp; more</title></head><body>asha@example.com</body></html>"
)
ACCOUNT = "account TEST-1 at https://in1.api.clevertap.com"


def read(status: int, body: Any = b"", headers: dict[str, str] | None = None, records: int = 2) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_answer(status, headers or {}, data, records, account=ACCOUNT)


def fail(code: Any, error: str = "Nope") -> dict[str, Any]:
    return {"status": "fail", "error": error, "code": code}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Malformed),
        (413, TooLarge),
        (429, RateLimited),
        *(
            (status, Forbidden)
            for status in (300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 407, 409, 422)
        ),
        *((status, Ambiguous) for status in (408, 500, 501, 502, 503, 504, 520, 599, 600, 100, 0)),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", PAGE, b'{"status":"fail","error":"Nope","code":1}', b'{"status":"fa', b"\xff\x00"]
)
def test_the_status_decides_whatever_the_body(status: int, kind: type[Answer], body: bytes) -> None:
    answer = read(status, body)
    assert type(answer) is kind
    assert f"HTTP {status}" in answer.detail
    assert "asha" not in answer.detail


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Malformed),
        ("400", Malformed),
        (413, TooLarge),
        (429, RateLimited),
        (401, Forbidden),
        ("403", Forbidden),
        (404, Forbidden),
    ],
)
@pytest.mark.parametrize("more", [{}, {"processed": 0}, {"processed": 0, "unprocessed": []}, {"unprocessed": None}])
def test_a_200_can_refuse_the_whole_request(code: Any, kind: type[Answer], more: dict[str, Any]) -> None:
    answer = read(200, {**fail(code), **more})
    assert type(answer) is kind
    assert '"Nope" in an answer with HTTP 200' in answer.detail


def test_a_code_beside_refused_records_does_not_hide_them() -> None:
    items = [{"code": 515, "error": f"bad. Skipped record number : {number}"} for number in (1, 2)]
    answer = read(200, {**fail(401), "processed": 0, "unprocessed": items})
    assert isinstance(answer, Processed)
    assert [refused.index for refused in answer.rejected] == [0, 1]


@pytest.mark.parametrize(
    "body",
    [
        fail(500),
        fail(408),
        fail(555),
        fail(1),
        fail(200),
        fail("CURSOR"),
        {**fail(401), "processed": 1},
        {**fail(401), "unprocessed": {}},
        {"status": "success", "code": 401},
        [],
        None,
        5,
        "success",
        {},
    ],
)
def test_a_200_that_neither_accounts_nor_refuses_is_unclear(body: Any) -> None:
    assert isinstance(read(200, body), Ambiguous)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_the_whole_success_family_is_read_by_its_body(status: int) -> None:
    assert read(status, {"status": "success", "processed": 2, "unprocessed": []}) == Processed()
    empty = read(status, b"")
    assert isinstance(empty, Ambiguous)
    assert "no body" in empty.detail


def test_json_counts_by_content_not_by_content_type() -> None:
    body = {"status": "success", "processed": 2}
    assert read(200, body, {"content-type": "text/html"}) == Processed()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (PAGE, 'an HTML page titled "502 Bad Gateway & more"'),
        (b"  <html>no title", "an HTML or XML page"),
        (b'{"status":"success","proc', "are incomplete"),
        (b'{"status":"success","processed":2} {}', "are incomplete"),
        (b'{"status":"success","processed":NaN}', "are incomplete"),
        (b'{"status":"success","processed":1e999}', "are incomplete"),
        (b'{"status":"succ\xffess","processed":2}', "are incomplete"),
        ('{"status":"success","processed":2}'.encode("utf-16"), "unknown content"),
        (b'{"a":' * 200_000, "are incomplete"),
        (b"[" * 2_000_000, "are incomplete"),
        (b'{"status":"success","processed":' + b"9" * 100_000 + b"}", "are incomplete"),
        (b"   ", "no body"),
        (b"upstream sent asha@example.com", "30 bytes of unknown content"),
    ],
)
def test_what_is_no_answer_is_unclear_and_described_without_being_quoted(body: bytes, words: str) -> None:
    answer = read(200, body)
    assert isinstance(answer, Ambiguous)
    assert words in answer.detail
    assert "asha" not in answer.detail
    assert len(answer.detail) < 400


@pytest.mark.parametrize("status", [400, 401, 413, 429, 500])
def test_a_refusal_that_claims_processed_records_is_unclear(status: int) -> None:
    assert isinstance(read(status, {"status": "partial", "processed": 1, "unprocessed": [{}]}), Ambiguous)


def test_401_names_account_and_address_and_what_to_check() -> None:
    unknown = read(401, fail(401, "Account ID is not valid"))
    wrong = read(401, fail(401, "Invalid Credentials"))
    assert isinstance(unknown, Forbidden)
    assert isinstance(wrong, Forbidden)
    for answer in (unknown, wrong):
        assert answer.status == 401
        assert ACCOUNT in answer.detail
        assert "a wrong region gives the same answer" in answer.detail
    assert "Account ID is not known" in unknown.detail
    assert "passcode" in wrong.detail


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://login.example.com/?next=asha@example.com", " to login.example.com:"),
        ("/somewhere", "redirected:"),
        ("http://[broken", "redirected:"),
        ("", "redirected:"),
    ],
)
def test_a_redirect_names_its_host_alone(location: str, shown: str) -> None:
    answer = read(302, b"", {"location": location})
    assert isinstance(answer, Forbidden)
    assert shown in answer.detail
    assert "asha" not in answer.detail


def test_a_long_error_text_is_cut_and_cleaned() -> None:
    answer = read(400, fail(400, "Malformed\r\n\x00request " + "x" * 5_000))
    assert isinstance(answer, Malformed)
    assert '"Malformed request xxx' in answer.detail
    assert answer.detail.isprintable()
    assert len(answer.detail) < 300


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("999999999", 86_400.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
    ],
)
def test_retry_after_in_seconds_and_odd_forms(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_raises(text: str) -> None:
    seconds = retry_after({"retry-after": text})
    assert seconds is None or 0 <= seconds <= 86_400


@pytest.mark.parametrize("status", [408, 429, 503])
def test_retry_after_as_a_date_is_kept_in_the_answer(status: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    answer = read(status, b"", {"retry-after": date})
    assert isinstance(answer, (RateLimited, Ambiguous))
    assert answer.retry_after is not None
    assert 3_600 < answer.retry_after <= 7_200


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"status": "success"}, Processed),
        (200, fail(400), Malformed),
        (200, fail(None), Malformed),
        (200, fail(3), Malformed),
        (400, fail(400), Malformed),
        (200, fail(413), TooLarge),
        (200, fail(1), RateLimited),
        (200, fail(429), RateLimited),
        (429, fail(429), RateLimited),
        (200, fail(401), Forbidden),
        (200, {"status": "fail", "error": "Invalid Credentials"}, Forbidden),
        (403, fail(403), Forbidden),
        (200, fail(500), Ambiguous),
        (503, fail(500), Ambiguous),
        (200, {"status": "partial"}, Ambiguous),
        (200, {}, Ambiguous),
    ],
)
def test_an_answer_with_a_status_only_is_the_outcome_of_every_record(status: int, body: Any, kind: type) -> None:
    answer = read_status(status, {}, json.dumps(body).encode(), 100)
    assert type(answer) is kind
    assert answer == Processed() or not isinstance(answer, Processed)


@pytest.mark.parametrize("body", [b"", b"[]", PAGE, b'{"status":"success"'])
def test_an_unreadable_answer_with_a_status_only_proves_nothing(body: bytes) -> None:
    assert isinstance(read_status(200, {}, body, 1), Ambiguous)
