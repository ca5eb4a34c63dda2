"""Arguments that are text keep their text, whatever a template has made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.arguments import read_location, read_text
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.mapping.parse import parse_columns, parse_named_columns
from airflow_provider_clevertap.loading.record_kinds import events
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource, JsonLinesSource, SqlSource

NOT_TEXT = [1.5, True, ["a"], {"a": 1}, b"a", ...]


@pytest.mark.parametrize(("given", "read"), [("a", "a"), (2024, "2024"), (-5, "-5"), ("", ""), (None, None)])
def test_text(given: Any, read: str | None) -> None:
    assert read_text("event_name", given) == read
    if given != "":
        assert read_location("rejects_path", given) == read


@pytest.mark.parametrize("given", NOT_TEXT)
def test_what_is_no_text_names_the_argument_and_the_cause(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"event_name must be text.*render_template_as_native_obj"):
        read_text("event_name", given)
    with pytest.raises(ConfigurationError, match=r"rejects_path must be a path or URI.*render_template_as_native_obj"):
        read_location("rejects_path", given)


def test_numbers_that_stand_for_text(tmp_path: Path) -> None:
    (tmp_path / "2024").write_text("a1b\nx1y\n")
    assert events(event_name=2024, property_limit=10).constants["evtName"] == "2024"  # type: ignore[arg-type]
    assert events(group_by=2024, items=[2025]).lines.items == {"2025": Column()}  # type: ignore[arg-type, list-item, union-attr]
    for encoding in (1252, "1252", None):
        source = CsvSource(tmp_path / "2024", delimiter=1, encoding=encoding)  # type: ignore[arg-type]
        assert next(iter(open_source(source).blocks())).names == ("a", "b")
    for invalid in (CsvSource("a", delimiter=1.5), CsvSource("a", encoding=[1]), JsonLinesSource("a", encoding=1.5)):  # type: ignore[arg-type]
        invalid.path = tmp_path / "2024"
        with pytest.raises(ConfigurationError, match="must be text"):
            open_source(invalid)
    assert parse_columns({2024: 2025, "a": {"name": 1, "separator": 2}, "b": {"ctName": 3}}) == {  # type: ignore[dict-item]
        "2024": Column("2025"), "a": Column("1", separator="2"), "b": Column("3", type="text"),
    }  # fmt: skip
    assert list(parse_named_columns("profile_columns", [2024])) == ["2024"]  # type: ignore[list-item]


def test_a_query_with_a_parameter_that_is_no_list_can_be_shown() -> None:
    source = SqlSource("shop", "SELECT 1", parameters=5)  # type: ignore[arg-type]
    assert "parameters=<1 values>" in repr(source)


@pytest.mark.parametrize("given", [{"property_limit": 1.5}, {"property_limit": True}, {"future_seconds": "3600"}])
def test_limits_are_whole_numbers(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="must be whole numbers"):
        events(event_name="Viewed", **given)


@pytest.mark.parametrize("given", ["", " "])
def test_a_blank_path_is_not_the_current_directory(given: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^rejects_path is empty\."):
        read_location("rejects_path", given)
