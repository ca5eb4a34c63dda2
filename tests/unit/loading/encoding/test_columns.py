"""How a user says what a column becomes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.parse import parse_columns


def test_a_column_says_nothing_by_default() -> None:
    column = Column()
    assert (column.name, column.type, column.format, column.operator) == (None, None, None, None)
    assert (column.timezone, column.separator, column.empty) == ("UTC", ",", "omit")


def test_a_column_cannot_change_under_a_running_load() -> None:
    with pytest.raises(FrozenInstanceError):
        Column("Tier").name = "Level"  # type: ignore[misc]


def test_every_option_is_explained() -> None:
    for option in fields(Column):
        assert f":param {option.name}:" in (Column.__doc__ or "")


def test_a_dag_file_can_import_it_for_next_to_nothing() -> None:
    code = (
        "import sys, airflow_provider_clevertap.columns as _;"
        "print(sorted({'pandas', 'numpy', 'pyarrow', 'pydantic', 'httpx', 'phonenumbers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_name_an_object_and_a_column_say_the_same() -> None:
    column = Column("Joined On", type="date", format=["dd/MM/yyyy"], timezone="Asia/Kolkata")
    options = {"name": "Joined On", "type": "date", "format": ["dd/MM/yyyy"], "timezone": "Asia/Kolkata"}
    assert parse_columns({"a": "Tier", "b": column, "c": options, "d": None}) == {
        "a": Column("Tier"),
        "b": column,
        "c": replace(column),
        "d": None,
    }


def test_no_columns_is_no_choices() -> None:
    assert parse_columns(None) == parse_columns({}) == {}
