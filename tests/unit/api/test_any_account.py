"""Any answer at all is read, or is unclear: random ones, and those made to be expensive."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.answers import Ambiguous, Processed
from airflow_provider_clevertap.api.response_parser import read_answer
from tests.support.accounts import person, places, read, rejection


def test_a_hostile_error_text_is_read_in_no_time() -> None:
    text = " " * 500_000 + "Skipped record number " * 20_000 + "Skipped record number : 1"
    assert places(read(1, status="fail", processed=0, unprocessed=[rejection(None, text=text)])) == [0]


numbers = st.integers(-1, 6) | st.sampled_from(["1", "2", "x", None, True, 2.0, 10**40])
items = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["fail", "success", None, 1]),
        "code": st.sampled_from([515, "515", None, 555, [], "x"]),
        "error": st.builds("bad.Skipped record number : {}".format, st.integers(-1, 6))
        | st.sampled_from(["bad", "", None, 5]),
        "record": st.sampled_from([{}, person("a"), person("b"), person("zz"), None, "x", [[]]]),
    },
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["success", "partial", "fail", "FAIL", None, 1]),
        "processed": numbers,
        "unprocessed": st.lists(items, max_size=5) | st.sampled_from([None, {}, "x"]),
        "code": st.sampled_from([None, 200, 400, "401", 429, 500, 555, 1]),
        "error": st.text(max_size=20) | st.none(),
    },
)


@given(bodies, st.integers(1, 5), st.lists(st.sampled_from([person("a"), person("b"), person("c"), {}]), max_size=5))
def test_processed_means_exact_accounts(body: dict[str, Any], records: int, sent: list[Any]) -> None:
    answer = read(records, sent, **body)
    if not isinstance(answer, Processed):
        return
    listed = body.get("unprocessed") or []
    refused = [refused.index for refused in answer.rejected]
    assert int(body["processed"]) + len(listed) == records
    assert len(refused) == len(listed)
    assert refused == sorted(set(refused))
    assert set(refused) <= set(range(records))
    assert body["status"] in (("partial", "fail") if listed else ("success",))
    numbered = {
        int(item["error"].rpartition(":")[2]) - 1 for item in listed if str(item.get("error")).startswith("bad.")
    }
    assert numbered <= set(refused)


@given(st.integers(1, 40), st.data())
def test_every_exact_account_is_read(records: int, data: st.DataObject) -> None:
    refused = data.draw(st.lists(st.integers(1, records), unique=True, max_size=records))
    word = "success" if not refused else "fail" if len(refused) == records else "partial"
    body = {"status": word, "processed": records - len(refused), "unprocessed": [rejection(n) for n in refused]}
    assert places(read(records, **body)) == sorted(n - 1 for n in refused)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["status", "processed", "unprocessed", "code", "error", "record", "d"]), inner
        )
    ),
    max_leaves=20,
)
statuses = st.sampled_from([100, 200, 201, 204, 302, 400, 401, 404, 408, 413, 429, 500, 503, 599, 700]) | st.integers(
    0, 999
)


@given(
    statuses,
    st.dictionaries(st.sampled_from(["retry-after", "location", "content-type"]), st.text(max_size=30)),
    st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()),
    st.integers(0, 5),
    st.binary(max_size=50),
)
def test_no_answer_raises(status: int, headers: dict[str, str], body: bytes, records: int, sent: bytes) -> None:
    answer = read_answer(status, headers, body, records, sent=sent)
    if isinstance(answer, Processed):
        assert 200 <= status < 300
        accounts = msgspec.json.decode(body)
        assert int(accounts["processed"]) + len(accounts.get("unprocessed") or ()) == records
    else:
        assert answer.detail
        assert answer.detail.isprintable()


BURSTING = {
    "items": b'"unprocessed":[' + b"{}," * 1_000_000 + b"{}]",
    "the parts of an item": b'"unprocessed":[{"error":[' + b"[]," * 1_000_000 + b"[]]}]",
    "the record of an item": b'"unprocessed":[{"record":{"identity":"a","x":[' + b"[]," * 1_000_000 + b"[]]}}]",
    "an error": b'"error":[' + b"[]," * 1_000_000 + b"[]]",
    "a status": b'"status":{"a":[' + b"[]," * 1_000_000 + b"[]]}",
}


@pytest.mark.parametrize("burst", BURSTING.values(), ids=BURSTING)
def test_the_memory_of_an_answer_does_not_grow_with_its_items(burst: bytes) -> None:
    body = b'{"status":"fail","processed":0,' + burst + b"}"
    sent = json.dumps({"d": [person("a"), person("b")]}).encode()
    tracemalloc.start()
    try:
        for status in (200, 500):
            read_answer(status, {}, body, 1, sent=sent)
            read_answer(status, {}, body, 2, sent=sent)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # a million objects take some 60 MB
    assert peak < 2_000_000 + len(body)


def test_a_long_list_of_refused_records_is_read_when_it_is_as_long_as_it_must_be() -> None:
    listed = [rejection(number, record={"Note": "x" * 1_000}) for number in range(1, 1_001)]
    for processed, certain in ((0, True), (1, False)):
        answer = read_answer(
            200, {}, json.dumps({"status": "fail", "processed": processed, "unprocessed": listed}).encode(), 1_000
        )
        assert isinstance(answer, Processed) is certain
    assert places(read(1_000, status="fail", processed=0, unprocessed=listed)) == list(range(1_000))
    assert isinstance(read(1_000, status="fail", processed=0, unprocessed=[*listed[:-1], 5]), Ambiguous)
    assert isinstance(read(2_000, status="partial", processed=999, unprocessed=listed), Ambiguous)
