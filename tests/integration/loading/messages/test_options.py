"""Options of a load of messages: columns, unmapped, and those of the platform's rules."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError
from airflow_provider_clevertap.loading.load import LoadOptions
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, RecordKind, events
from tests.support.messages_of_platforms import LoadMessages, track


def test_columns_win_over_the_spec(event: Any) -> None:
    message = track(properties={"total": "7", "debug": 1, "other": 2}, context={"ip": "10.0.0.1"})
    columns = {
        "properties.total": Column("Total", type="integer"),
        "properties.debug": None,
        "context.ip": "IP",
    }
    assert event(message, columns=columns)["data"] == {"Total": 7, "IP": "10.0.0.1", "other": 2}


def test_unmapped_is_about_properties(event: Any) -> None:
    found = event(track(properties={"a": 1, "b": 2}), columns={"properties.a": "A"}, unmapped="ignore")
    assert found["data"] == {"A": 1}


def test_unmapped_error_names_the_path(load: LoadMessages) -> None:
    with pytest.raises(MappingError, match=r"properties\.b"):
        load(events(), [track(properties={"b": 2})], unmapped="error")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (DEVICE_TOKENS, {"use_object_id": False}),
        (events(), {"profile_columns": ["x"]}),
        (events(), {"page_name": "{"}),
        (events(), {"spec": "mparticle"}),
    ],
)
def test_options_that_do_not_fit(load: LoadMessages, kind: RecordKind, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        load(kind, [track()], **options)


def test_options_of_a_spec_need_one() -> None:
    with pytest.raises(ConfigurationError, match="strict needs spec"):
        LoadOptions(strict=True)
