"""A 200 counts only when its accounts are exact."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.answers import Ambiguous, Processed, RejectedRecord
from airflow_provider_clevertap.api.response_parser import read_answer


def rejection(
    number: int | None, code: Any = 515, record: Any = None, text: str = "Email is not valid.", **more: Any
) -> Any:
    error = text if number is None else f"{text}Skipped record number : {number}"
    return {"status": "fail", "code": code, "error": error, "record": {} if record is None else record, **more}


def read(records: int, sent: list[Any] | None = None, **body: Any) -> Any:
    request = b"" if sent is None else json.dumps({"d": sent}).encode()
    return read_answer(200, {}, json.dumps(body).encode(), records, sent=request)


def person(identity: Any, kind: str = "profile", **more: Any) -> dict[str, Any]:
    return {"identity": identity, "type": kind, "profileData": {"Plan": "gold"}, **more}


def places(answer: Any) -> list[int]:
    assert isinstance(answer, Processed), answer
    return [refused.index for refused in answer.rejected]


def test_success_accepts_every_record() -> None:
    assert read(3, status="success", processed=3, unprocessed=[]) == Processed()
    assert read(3, status="success", processed="3") == Processed()
    assert read(3, status="success", processed=3, unprocessed=None) == Processed()


def test_partial_names_the_refused_records_by_number() -> None:
    body = [rejection(3, 516, text="Phone number is not valid. "), rejection(1)]
    assert read(4, status="partial", processed=2, unprocessed=body) == Processed(
        (RejectedRecord(0, 515, "Email is not valid."), RejectedRecord(2, 516, "Phone number is not valid."))
    )


def test_fail_with_every_record_refused_is_still_an_account() -> None:
    answer = read(2, status="fail", processed=0, unprocessed=[rejection(2), rejection(1)])
    assert places(answer) == [0, 1]


@pytest.mark.parametrize(
    "tail",
    [
        "Skipped record number : 2",
        " Skipped record number:2",
        "skipped  record\nnumber :   2. ",
        "Skipped record number 2",
        "Skipped record number : 1 is part of the text. Skipped record number : 2",
    ],
)
def test_the_record_number_is_found_in_all_spellings(tail: str) -> None:
    answer = read(3, status="partial", processed=2, unprocessed=[rejection(None, text=f"Age is invalid.{tail}")])
    assert places(answer) == [1]
    assert answer.rejected[0].reason.startswith("Age is invalid.")
    assert not answer.rejected[0].reason.endswith("2")


@pytest.mark.parametrize(
    ("code", "read_as"), [(516, 516), ("516", 516), (None, None), ("x", None), (True, None), ([], None)]
)
def test_the_code_may_be_a_number_or_its_text(code: Any, read_as: int | None) -> None:
    answer = read(1, status="fail", processed=0, unprocessed=[rejection(1, code)])
    assert answer.rejected[0].code == read_as


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"status": "success", "processed": 9, "unprocessed": []},
            "9 processed and 0 rejected do not add up to the 10",
        ),
        ({"status": "success", "processed": 11}, "do not add up to the 10"),
        ({"status": "success"}, "does not contain the number"),
        ({"status": "success", "processed": True}, "does not contain the number"),
        ({"status": "success", "processed": 10.0}, "does not contain the number"),
        ({"status": "success", "processed": -1}, "does not contain the number"),
        ({"status": "success", "processed": 9, "unprocessed": [rejection(1)]}, "reports success and 1 rejected"),
        ({"status": "partial", "processed": 9, "unprocessed": [rejection(1), rejection(2)]}, "do not add up to the 10"),
        ({"status": "partial", "processed": 8, "unprocessed": [rejection(1)]}, "do not add up to the 10"),
        ({"status": "partial", "processed": 10, "unprocessed": []}, "failure without a rejected record"),
        ({"status": "fail", "processed": 10}, "failure without a rejected record"),
        ({"status": "fail", "processed": 0, "unprocessed": []}, "do not add up to the 10"),
        ({"status": "partial", "processed": 9, "unprocessed": [rejection(0)]}, "outside 1 to 10"),
        ({"status": "partial", "processed": 9, "unprocessed": [rejection(11)]}, "outside 1 to 10"),
        ({"status": "partial", "processed": 9, "unprocessed": [rejection(10**30)]}, "outside 1 to 10"),
        ({"status": "partial", "processed": 8, "unprocessed": [rejection(4), rejection(4)]}, "the same number"),
        ({"status": "partial", "processed": 9, "unprocessed": [rejection(None)]}, "has no number"),
        ({"status": "partial", "processed": 9, "unprocessed": [{}]}, "has no number"),
        (
            {"status": "partial", "processed": 9, "unprocessed": [rejection(1, status="success")]},
            "not marked as failed",
        ),
        ({"status": "great", "processed": 10}, "none of success"),
        ({"processed": 10}, "none of success"),
    ],
)
def test_accounts_that_do_not_add_up_are_unclear_and_say_why(body: dict[str, Any], words: str) -> None:
    answer = read(10, **body)
    assert isinstance(answer, Ambiguous)
    assert words in answer.detail
    assert answer.status == 200


def test_without_numbers_refusals_of_a_whole_batch_match_by_order() -> None:
    body = [rejection(None, 515), rejection(2, 516), rejection(None, 517)]
    answer = read(3, status="fail", processed=0, unprocessed=body)
    assert [(refused.index, refused.code) for refused in answer.rejected] == [(0, 515), (1, 516), (2, 517)]


def test_an_order_that_the_numbers_contradict_is_not_used() -> None:
    body = [rejection(None, 515), rejection(1, 516), rejection(None, 517)]
    assert isinstance(read(3, status="fail", processed=0, unprocessed=body), Ambiguous)


BATCH = [person("a"), person("b"), person("c"), {"objectId": "dev-1", "type": "profile", "profileData": {}}]


@pytest.mark.parametrize(
    ("echo", "place"), [(person("b"), 1), ({"objectId": "dev-1", "type": "profile"}, 3), (person("a", extra=1), 0)]
)
def test_without_numbers_the_echo_tells_whose_record_it_is(echo: Any, place: int) -> None:
    answer = read(4, BATCH, status="partial", processed=3, unprocessed=[rejection(None, record=echo)])
    assert places(answer) == [place]


def test_numbers_and_echoes_can_be_mixed() -> None:
    body = [rejection(None, record=person("c")), rejection(1)]
    assert places(read(4, BATCH, status="partial", processed=2, unprocessed=body)) == [0, 2]


def test_an_echo_may_turn_a_number_into_text() -> None:
    answer = read(
        2, [person(13), person("x")], status="partial", processed=1, unprocessed=[rejection(None, record=person("13"))]
    )
    assert places(answer) == [0]


@pytest.mark.parametrize(
    ("sent", "echoes"),
    [
        ([person("a"), person("a"), person("b")], [person("a")]),  # two records of one person
        ([person("007"), person("7"), person("b")], [person("7")]),  # an echo may have lost the zeros
        ([person("+35922"), person("35922"), person("b")], [person("35922")]),  # or the sign
        ([person("A"), person("a"), person("b")], [person("a")]),  # or the case
        ([person(13), person("13"), person("b")], [person("13")]),
        (BATCH, [person("A")]),  # normalised: nearly certain is not certain
        (BATCH, [person("z")]),
        (BATCH, [person("a", "event")]),
        (BATCH, [{"type": "profile"}]),
        (BATCH, ["a"]),
        (BATCH, [None]),
        (BATCH, [person("b"), person("b")]),
        (BATCH[:3], [person("b")]),  # not the batch that was sent
        ([*BATCH[:3], "text"], [{}]),
    ],
)
def test_an_echo_that_could_be_two_records_or_none_is_unclear(sent: list[Any], echoes: list[Any]) -> None:
    records = 4 if sent is BATCH or len(sent) == 4 or sent == BATCH[:3] else len(sent)
    body = [rejection(None, record=echo) for echo in echoes]
    assert isinstance(
        read(records, sent, status="partial", processed=records - len(echoes), unprocessed=body), Ambiguous
    )


def test_an_echo_must_not_repeat_a_numbered_record() -> None:
    body = [rejection(2), rejection(None, record=person("b"))]
    answer = read(4, BATCH, status="partial", processed=2, unprocessed=body)
    assert isinstance(answer, Ambiguous)
    assert "same record" in answer.detail


def test_no_detail_repeats_echoed_people() -> None:
    body = [rejection(None, record=person("asha@example.com"), text="asha@example.com is wrong")]
    answer = read(4, BATCH, status="partial", processed=3, unprocessed=body)
    assert isinstance(answer, Ambiguous)
    assert "asha" not in answer.detail


def test_reasons_are_one_bounded_line() -> None:
    answer = read(1, status="fail", processed=0, unprocessed=[rejection(1, text="bad\r\n\x1b[31m" + "x" * 10**6)])
    reason = answer.rejected[0].reason
    assert reason.startswith("bad [31mxxx")
    assert reason.isprintable()
    assert len(reason) <= 1_000


def test_a_hostile_error_text_is_read_in_no_time() -> None:
    text = " " * 500_000 + "Skipped record number " * 20_000 + "Skipped record number : 1"
    assert places(read(1, status="fail", processed=0, unprocessed=[rejection(None, text=text)])) == [0]


# --- any answer at all ---------------------------------------------------------------------------------------------

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
