"""A load resumes only with the same mapping: every option of a column counts."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.checkpoint.fingerprint import settings_hash
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES

OTHER: dict[str, Any] = {
    "name": "Level",
    "type": "text",
    "format": "dd/MM/yyyy",
    "timezone": "Asia/Kolkata",
    "separator": ";",
    "operator": "$add",
    "empty": "delete",
    "values": {"a": None},
    "default": 0,
    "on_bad_value": "drop",
    "decimal": ",",
    "thousands": ",",
    "currency": True,
    "percent": "fraction",
    "parentheses": True,
    "allowed_identities": ["NaT"],
}


def hash_of(choice: Any) -> str:
    return settings_hash(PROFILES, LoadOptions(), parse_columns({"x": choice}), None)


def test_every_option_changes_the_hash() -> None:
    assert OTHER.keys() == {option.name for option in fields(Column)}
    hashes = {hash_of(Column(**{option: value})) for option, value in OTHER.items()}
    assert len(hashes | {hash_of(Column())}) == len(OTHER) + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "x", "b": None}, {"a": "x"}),
        ({"a": True}, {"a": 1}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": 1.5}),
        ({"a": "x"}, {"A": "x"}),
    ],
)
def test_maps_that_differ(one: dict[Any, Any], other: dict[Any, Any]) -> None:
    assert hash_of(Column(values=one)) != hash_of(Column(values=other))


def test_maps_that_are_the_same_however_they_are_written() -> None:
    forms = [{1: "x", "a": None, False: 2}, {" a ": None, "false": 2, "1": "x"}]
    assert len({*(hash_of(Column(values=form)) for form in forms), *(hash_of({"values": form}) for form in forms)}) == 1
