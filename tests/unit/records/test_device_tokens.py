"""Device tokens: what a row becomes, and the one issue of each thing that is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.records.models.device_token import TOKEN_SCHEMA
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult

ROW = {"objectId": "__a1b2c3", "token": "dQw4:APA91b", "type": "fcm"}


def validate(row: dict[str, Any], columns: dict[str, Column | None] | None = None) -> ValidationResult:
    planned = plan_columns(list(row), columns or {}, schema=TOKEN_SCHEMA)
    return RecordValidator(TOKEN_SCHEMA, [column.rule for column in planned]).validate(list(row.values()))


def test_blanks_and_invisible_characters_around_a_token_do_not_belong_to_it() -> None:
    record = validate({**ROW, "token": "\u200b dQw4:APA91b\u00a0", "type": "FCM\ufeff"}).record
    assert record == {"type": "token", "objectId": "__a1b2c3", "tokenData": {"id": "dQw4:APA91b", "type": "fcm"}}


@pytest.mark.parametrize(
    ("change", "field", "code", "says"),
    [
        ({"type": "blackberry"}, "type", 534, "not a token type"),
        ({"type": 5}, "type", 534, "not a token type"),
        ({"type": None}, "type", 533, "the token's type is missing"),
        ({"token": None}, "token", 532, "the token is missing"),
        ({"token": 5}, "token", 535, "a token must be text"),
        ({"token": "null"}, "token", 532, "stands for 'nothing'"),
        ({"token": "<NA>"}, "token", 532, "stands for 'nothing'"),
        ({"type": "chrome", "p256dh": "BLc4"}, "auth", 535, "the key auth is missing"),
        ({"type": "chrome", "p256dh": None, "auth": "5I2B"}, "p256dh", 535, "the key p256dh is missing"),
        ({"objectId": "\\N"}, "objectId", 530, "programs write this value"),
        ({"objectId": "9.19812E+11"}, "objectId", 530, "scientific notation"),
    ],
)
def test_a_row_has_one_issue_for_each_thing_that_is_wrong(
    change: dict[str, Any], field: str, code: int, says: str
) -> None:
    (issue,) = validate({**ROW, **change}).issues
    assert (issue.field, issue.code) == (field, code)
    assert says in issue.reason


def test_a_field_whose_value_cannot_be_read_is_not_missing_as_well() -> None:
    (issue,) = validate({**ROW, "objectId": "a1"}, {"objectId": Column("objectId", type="integer")}).issues
    assert issue.reason == "not a whole number"
