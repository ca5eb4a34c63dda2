"""The limits as CleverTap documents them: the last value that passes and the first that does not.

The numbers stand here once more, on purpose: whoever changes one in ``records/limits.py`` changes a rule.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from airflow_provider_clevertap.loading.mapping.plan import notes_on, plan_columns
from airflow_provider_clevertap.records import limits
from airflow_provider_clevertap.records.fields import read_ts
from airflow_provider_clevertap.records.models.event import Event, EventData, read_event_name, read_items
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA

NOON = 1_760_000_000


def is_refused(model: Any, content: dict[str, Any], **context: Any) -> bool:
    try:
        model.model_validate(content, context=context)
    except ValidationError:
        return True
    return False


def reads(read: Any, value: Any) -> bool:
    try:
        read(value)
    except Exception:
        return False
    return True


@pytest.mark.parametrize("letter", ["x", "é", "客"], ids=["1 byte", "2 bytes", "3 bytes"])
def test_an_event_name_has_at_most_120_bytes(letter: str) -> None:
    longest = letter * (120 // len(letter.encode()))
    assert reads(read_event_name, longest), "a name of 120 bytes is refused"
    assert not reads(read_event_name, longest + "x"), "a name of 121 bytes is accepted"


def test_an_event_has_at_most_100_properties_unless_told_otherwise() -> None:
    def properties(count: int) -> dict[str, Any]:
        return {f"p{number}": number for number in range(count)}

    assert not is_refused(EventData, properties(100))
    assert is_refused(EventData, properties(101))
    assert not is_refused(EventData, properties(256), property_limit=256)
    assert is_refused(EventData, properties(257), property_limit=256)


def test_charged_has_at_most_256_items() -> None:
    assert reads(read_items, [{"sku": "a"}] * 256)
    assert not reads(read_items, [{"sku": "a"}] * 257)


def test_an_event_may_lie_as_far_in_the_future_as_told_and_no_further() -> None:
    event = {"identity": "c-1", "evtName": "Viewed", "evtData": {}}
    assert not is_refused(Event, {**event, "ts": NOON}, latest_ts=NOON)
    assert is_refused(Event, {**event, "ts": NOON + 1}, latest_ts=NOON)
    assert limits.FUTURE_SECONDS == 3_600


@pytest.mark.parametrize(("count", "notes"), [(256, 0), (257, 1)])
def test_more_than_256_custom_attributes_are_pointed_out(count: int, notes: int) -> None:
    names = ["identity", *(f"Attribute {number}" for number in range(count))]
    assert len(list(notes_on(plan_columns(names, {}, schema=PROFILE_SCHEMA), PROFILE_SCHEMA))) == notes


def test_a_number_that_would_lie_after_the_year_5000_is_milliseconds() -> None:
    assert read_ts(99_999_999_999) == 99_999_999_999
    assert read_ts(100_000_000_000) == 100_000_000
    assert limits.TS_MILLISECONDS_FROM == 100_000_000_000


def test_calls_hold_as_many_records_as_documented() -> None:
    assert (limits.PROFILES_PER_CALL, limits.EVENTS_PER_CALL, limits.TOKENS_PER_CALL) == (1_000, 1_000, 100)
    assert limits.MAX_IN_FLIGHT == 15
