"""Rows of records: fixed columns whatever the events have, declared ones with exactly their type."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.exports.pages import decode_event_page
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.exporting.columns.declared import DeclaredColumns
from airflow_provider_clevertap.exporting.columns.event_columns import (
    EventColumns,
    asked_parts,
    event_schema,
    local_times,
)

KOLKATA = ZoneInfo("Asia/Kolkata")
FIXED = ["event_name", "ts", "ts_local", "identity", "object_id", "platform", "properties", "session"]
RECORD = {
    "profile": {
        "objectId": "__a1", "platform": "Android", "email": "p@example.com", "identity": "7", "id": 33,
        "profileData": {"Plan": "gold"}, "events": {"Viewed": {"count": 2}}, "make": "Acme", "model": "A1",
        "os_version": "14", "app_version": "3.2", "push_token": "tok", "df": {"0": 1},
    },
    "ts": 20261101140416,
    "event_props": {"Price": 12.5},
    "session_props": {"utm_source": "x"},
}  # fmt: skip


def rows(*records: Any, include: Any = (), schema: Any = None) -> list[dict[str, Any]]:
    """Return the rows of a page with these records: JSON, or its text."""
    texts = [record if isinstance(record, str) else json.dumps(record) for record in records]
    page: Any = decode_event_page(f'{{"status":"success","records":[{",".join(texts)}]}}'.encode())
    columns = EventColumns("Viewed", KOLKATA, include, DeclaredColumns(schema))
    table = columns.table(page["records"], local_times(page["records"]))
    assert table.schema == event_schema(include, DeclaredColumns(schema))
    return table.to_pylist()  # type: ignore[no-any-return]


def test_the_fixed_columns_hold_no_personal_data_that_was_not_asked_for() -> None:
    (row,) = rows(RECORD)
    assert row == {
        "event_name": "Viewed",
        "ts": datetime(2026, 11, 1, 8, 34, 16, tzinfo=UTC),
        "ts_local": datetime(2026, 11, 1, 14, 4, 16),
        "identity": "7",
        "object_id": "__a1",
        "platform": "Android",
        "properties": '{"Price": 12.5}',
        "session": '{"utm_source": "x"}',
    }
    assert list(row) == FIXED


@pytest.mark.parametrize(
    ("include", "added", "parts"),
    [
        (["profile"], {"email": "p@example.com", "profile": '{"Plan": "gold"}'}, ["profile"]),
        (
            ["app"],
            {"make": "Acme", "model": "A1", "os_version": "14", "app_version": "3.2", "device_flags": '{"0": 1}'},
            ["app"],
        ),
        (["event_summary"], {"event_summary": '{"Viewed": {"count": 2}}'}, ["events"]),
        (["push_token"], {"push_token": "tok"}, ["app"]),
    ],
)
def test_personal_data_is_added_when_it_is_asked_for(include: list[str], added: Any, parts: list[str]) -> None:
    (row,) = rows(RECORD, include=include)
    assert {name: value for name, value in row.items() if name not in FIXED} == added
    assert asked_parts(include) == parts


def test_what_a_record_lacks_is_null_and_what_it_has_in_another_form_is_kept() -> None:
    records = [
        {},
        {"profile": None, "ts": None, "event_props": None},
        {"profile": {"identity": 9007199254740993, "objectId": True, "platform": ["a"]}, "ts": "x", "event_props": []},
        '{"profile":{"identity":9.1E+11,"platform":""},"event_props":{"Id":12345678901234567890123,"x": 1.10}}',
    ]
    found = rows(*records)
    assert found[0] == found[1] == {**dict.fromkeys(FIXED), "event_name": "Viewed"}
    assert [found[2][name] for name in ("identity", "object_id", "platform", "properties")] == [
        "9007199254740993", "true", '["a"]', "[]",
    ]  # fmt: skip
    assert [found[3][name] for name in ("identity", "platform", "properties")] == [
        "9.1E+11", "", '{"Id":12345678901234567890123,"x": 1.10}',
    ]  # fmt: skip


def declared(kind: Any, *values: str) -> tuple[list[Any], list[str | None], int]:
    """Return the declared column of properties with these JSON values, what is left, and how many do not fit."""
    unfit: Counter[str] = Counter()
    properties = [msgspec.Raw(f'{{"P":{value},"Q":1}}'.encode()) for value in values]
    columns = DeclaredColumns({"P": kind}).columns(properties, unfit)
    return columns["P"].to_pylist(), columns["properties"].to_pylist(), unfit["P"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "9007199254740993", 9007199254740993),
        ("integer", "-9223372036854775808", -(2**63)),
        ("integer", "12.0", 12),
        ("float", "12", 12.0),
        ("float", "1.10", 1.1),
        ("float", "1e300", 1e300),
        ("float", "0.1234567890123456", 0.1234567890123456),
        ("boolean", "true", True),
        ("text", '"a"', "a"),
        ("text", "9007199254740993", "9007199254740993"),
        ("text", "1.10", "1.10"),
        ("text", "true", "true"),
        ("timestamp", '"$D_1793541856"', datetime(2026, 11, 1, 14, 4, 16, tzinfo=UTC)),
        ("timestamp", '"$D_-1"', datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("epoch_seconds", "1793541856", datetime(2026, 11, 1, 14, 4, 16, tzinfo=UTC)),
    ],
)
def test_a_value_of_the_declared_type_moves_into_its_column(kind: str, text: str, value: Any) -> None:
    assert declared(kind, text) == ([value], ['{"Q":1}'], 0)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "9223372036854775808"),
        ("integer", "12.5"),
        ("integer", "9007199254740993.0"),
        ("integer", '"12"'),
        ("integer", "true"),
        ("float", "9007199254740993"),
        ("float", "0.12345678901234567890"),
        ("float", "1e999"),
        ("float", '"1"'),
        ("float", "true"),
        ("boolean", "1"),
        ("boolean", '"true"'),
        ("text", "[1]"),
        ("text", "{}"),
        ("timestamp", "1793541856"),
        ("timestamp", '"2026-11-01"'),
        ("timestamp", '"$D_x"'),
        ("timestamp", '"$D_999999999999"'),
        ("epoch_seconds", '"1793541856"'),
        ("epoch_seconds", "1793541856000000"),
    ],
)
def test_a_value_of_another_type_stays_in_the_json_and_is_counted(kind: str, text: str) -> None:
    assert declared(kind, text) == ([None], [f'{{"P":{text},"Q":1}}'], 1)


def test_missing_values_are_null_and_not_counted() -> None:
    unfit: Counter[str] = Counter()
    parts = [b"", b"null", b"[]", b"{}", b'{"P":null}', b'{"P":1}']
    columns = DeclaredColumns({"P": "integer"}).columns([msgspec.Raw(part) for part in parts], unfit)
    assert columns["P"].to_pylist() == [None] * 5 + [1]
    assert columns["properties"].to_pylist() == [None, None, "[]", "{}", '{"P":null}', "{}"]
    assert not unfit


def test_text_that_is_not_utf8_stays_in_the_json() -> None:
    unfit: Counter[str] = Counter()
    columns = DeclaredColumns({"P": "text"}).columns([msgspec.Raw(b'{"P":"\xff"}')], unfit)
    assert (columns["P"].to_pylist(), columns["properties"].to_pylist()) == ([None], ['{"P":"\ufffd"}'])
    assert unfit == {"P": 1}


def test_columns_may_have_other_names_and_must_not_have_the_same() -> None:
    (row,) = rows(RECORD, schema={"Price": {"type": "float", "column": "price"}})
    assert (row["price"], row["properties"]) == (12.5, "{}")
    reserved = event_schema((), DeclaredColumns()).names
    for schema in ({"ts": "text"}, {"a": {"type": "text", "column": "b"}, "b": "text"}):
        with pytest.raises(ConfigurationError, match="exists already"):
            DeclaredColumns(schema, reserved)
    for schema in (
        {"a": "number"},
        {"a": {"column": "b"}},
        {"a": {"type": "text", "name": "b"}},
        {"": "text"},
        {1: "text"},
    ):
        with pytest.raises(ConfigurationError, match="schema"):
            DeclaredColumns(schema)


@given(st.lists(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), max_size=5))
def test_no_property_is_lost(values: list[Any]) -> None:
    properties = {f"p{index}": value for index, value in enumerate(values)}
    schema = {f"p{index}": ("integer", "text", "boolean")[index % 3] for index in range(len(values))}
    (row,) = rows({"event_props": properties}, schema=schema)
    rest = json.loads(row["properties"])
    for name, value in properties.items():
        kept = rest[name] if name in rest else row[name]
        assert kept == value or (schema[name] == "text" and kept == json.dumps(value))
