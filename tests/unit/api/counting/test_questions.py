"""Questions are checked before they are asked, and their answers before they are believed."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.api.counting.answers import count_of, top_rows, trend_rows
from airflow_provider_clevertap.api.counting.questions import count_question, top_question, trend_question
from airflow_provider_clevertap.exceptions import ConfigurationError, ExportError

QUERY = {"event_name": "Charged", "from": 20261101, "to": 20261130}
DAILY = {"d": "daily"}


def test_a_trend_is_asked_for_in_clevertaps_form() -> None:
    cheap = [{"name": "Price", "operator": "less_than", "value": 10}]
    groups = {"d": "daily", "cheap": {"trend_type": "weekly", "event_properties": cheap}}
    question = trend_question(QUERY, groups, unique=True, sum_property="Price")
    assert question.path == "/1/counts/trends.json"
    assert question.body == {
        **QUERY,
        "unique": True,
        "sum_event_prop": "Price",
        "groups": {"d": {"trend_type": "daily"}, "cheap": {"trend_type": "weekly", "event_properties": cheap}},
    }


def test_the_most_frequent_values_are_asked_for_in_clevertaps_form() -> None:
    city = {"property_type": "geo_fields", "name": "city", "top_n": 100, "order": "asc"}
    assert top_question(QUERY, {"mode": "Payment Mode", "city": city}).body["groups"] == {
        "mode": {"property_type": "event_properties", "name": "Payment Mode"},
        "city": city,
    }


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({}, "1 to 5 groups"),
        ({str(number): "daily" for number in range(6)}, "1 to 5 groups"),
        ("daily", "1 to 5 groups"),
        ({"status": "daily"}, "'status' cannot be the name of a group"),
        ({"req_id": "daily"}, "cannot be the name of a group"),
        ({"": "daily"}, "cannot be the name of a group"),
        ({"d": "hourly"}, "'hourly' is not a trend"),
        ({"d": {}}, "None is not a trend"),
        ({"d": 1}, "must be a text or a mapping"),
        ({"d": {"trend": "daily"}}, "Did you mean 'trend_type'"),
    ],
    ids=str,
)
def test_groups_that_clevertap_would_ignore_or_hide_an_answer(groups: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        trend_question(QUERY, groups)


@pytest.mark.parametrize(
    "group",
    [
        {"name": ""},
        {"name": 1},
        {"name": "x", "property_type": "event"},
        {"name": "x", "top_n": 0},
        {"name": "x", "top_n": 101},
        {"name": "x", "top_n": True},
        {"name": "x", "order": "up"},
        {"name": "x", "limit": 5},
    ],
    ids=str,
)
def test_values_that_cannot_be_asked_for(group: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="groups"):
        top_question(QUERY, {"g": group})


def test_a_trend_has_at_most_a_year() -> None:
    trend_question({**QUERY, "from": 20240101, "to": 20241231}, DAILY)
    with pytest.raises(ConfigurationError, match="at most 366 days, and this one 367"):
        trend_question({**QUERY, "from": 20240101, "to": 20250101}, DAILY)


def test_a_query_with_a_typing_mistake_is_not_asked() -> None:
    for make in (lambda query: count_question("events", query), lambda query: trend_question(query, DAILY)):
        with pytest.raises(ConfigurationError, match="Did you mean 'event_properties'"):
            make({**QUERY, "event_propertys": []})
    with pytest.raises(ConfigurationError, match="of='people' is not known"):
        count_question("people", QUERY)
    with pytest.raises(ConfigurationError, match="cannot be written as JSON"):
        count_question("events", {**QUERY, "event_properties": [{"value": object()}]})


@pytest.mark.parametrize(
    ("trend_type", "weeks", "period", "start"),
    [
        ("daily", None, "20261101", "2026-11-01"),
        ("daily", None, "20261131", None),
        ("daily", None, "202611", None),
        ("monthly", None, "202611", "2026-11-01"),
        ("weekly", None, "202644", None),
        ("weekly", "sunday", "202644", "2026-11-01"),
        ("weekly", "sunday", "202600", "2026-01-01"),
        ("weekly", "sunday", "202601", "2026-01-04"),
        ("weekly", "iso", "202644", "2026-10-26"),
        ("weekly", "iso", "202699", None),
        ("weekly", "iso", "somewhen", None),
    ],
)
def test_the_first_day_of_a_period(trend_type: str, weeks: Any, period: str, start: str | None) -> None:
    question = trend_question(QUERY, {"g": trend_type})
    (row,) = trend_rows({"status": "success", "g": {period: 2.5}}, question, weeks)
    assert row == {"group": "g", "period": period, "start": start, "count": 2.5}


def test_rows_are_in_the_order_of_groups_and_periods() -> None:
    question = trend_question(QUERY, {"b": "daily", "a": "monthly"})
    fields = {"a": {"202611": 3}, "b": {"20261102": 2, "20261101": 1}, "status": "success", "more": 1}
    assert [row["count"] for row in trend_rows(fields, question)] == [1, 2, 3]
    top = top_question(QUERY, {"g": "Price"})
    found = top_rows({"g": {"STR": {"dear": 2, "True": 1}, "NUMBER": {"0-100": 5}}}, top)
    assert [tuple(row.values()) for row in found] == [
        ("g", "STR", "dear", 2), ("g", "STR", "True", 1), ("g", "NUMBER", "0-100", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("group", [None, [], 1, {"20261101": None}, {"20261101": True}, {"20261101": "1"}], ids=str)
def test_an_answer_of_another_form_is_no_answer(group: Any) -> None:
    with pytest.raises(ExportError, match=r"trends\.json"):
        trend_rows({"status": "success", "d": group}, trend_question(QUERY, DAILY))
    with pytest.raises(ExportError, match=r"top\.json"):
        top_rows({"status": "success", "d": group}, top_question(QUERY, {"d": "Price"}))


@pytest.mark.parametrize("count", [None, -1, 1.5, "7", True, {}], ids=str)
def test_what_is_no_count(count: Any) -> None:
    with pytest.raises(ExportError, match="no count"):
        count_of({"count": count}, "/1/counts/events.json")
