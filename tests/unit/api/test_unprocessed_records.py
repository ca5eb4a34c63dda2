"""A 200 counts only when its accounts are exact."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.api.answers import Ambiguous, Processed, RejectedRecord
from tests.support.accounts import person, places, read, rejection


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
