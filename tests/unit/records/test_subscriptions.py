"""Changes of subscriptions: which are valid, what is sent for them, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.records import limits
from airflow_provider_clevertap.records.models.subscription import SUBSCRIPTION_SCHEMA
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult

PHONE = "+919812345678"


def validate(row: Mapping[str, Any], constants: Mapping[str, Any] | None = None, **options: Any) -> ValidationResult:
    planned = plan_columns(list(row), {}, schema=SUBSCRIPTION_SCHEMA, constants=constants or {})
    rules = [column.rule for column in planned]
    validator = RecordValidator(SUBSCRIPTION_SCHEMA, rules, constants=constants or {}, **options)
    return validator.validate([row[column.source] for column in planned])


@pytest.mark.parametrize("channel", ["email", "EMAIL", " Email\t"])
@pytest.mark.parametrize(
    ("written", "status"), [("unsubscribe", "Unsubscribe"), ("RESUBSCRIBE", "Resubscribe"), (" Resubscribe ", None)]
)
def test_an_address_and_its_status_in_any_case(channel: str, written: str, status: str | None) -> None:
    result = validate({"Type": channel, "value": " asha@example.com ", "STATUS": written})
    expected = {"type": "email", "value": "asha@example.com", "status": status or "Resubscribe"}
    assert (result.record, result.issues, result.repeatable) == (expected, (), True)


@pytest.mark.parametrize("channel", ["phone", "whatsapp"])
@pytest.mark.parametrize("number", [PHONE, "98123 45678", 9812345678, "+91 98123-45678"])
def test_phone_numbers_are_written_with_their_country(channel: str, number: Any) -> None:
    result = validate({"type": channel, "value": number, "status": "Unsubscribe"}, default_country="IN")
    assert result.record == {"type": channel, "value": PHONE, "status": "Unsubscribe"}


def test_channel_and_status_for_all_rows() -> None:
    constants = {"type": "email", "status": "Unsubscribe"}
    result = validate({"value": "asha@example.com"}, constants)
    assert result.record == {"type": "email", "value": "asha@example.com", "status": "Unsubscribe"}
    assert validate({"value": " "}, constants).empty


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"value": "asha"}, "value", "not an e-mail address (type is email)"),
        ({"value": PHONE}, "value", "not an e-mail address (type is email)"),
        ({"value": 5}, "value", "not an e-mail address (type is email)"),
        ({"type": "phone"}, "value", "not a phone number (type is phone)"),
        (
            {"type": "whatsapp", "value": "9812345678"},
            "value",
            "no country code: write +<country code><number>, or set default_country (type is whatsapp)",
        ),
        ({"value": None}, "value", "the e-mail address or phone number is missing"),
        ({"type": ""}, "type", "the channel is missing"),
        ({"type": "push"}, "type", "not a channel: use email, phone, whatsapp"),
        ({"type": "sms"}, "type", "not a channel: use email, phone, whatsapp"),
        ({"type": 5}, "type", "not a channel: use email, phone, whatsapp"),
        ({"status": None}, "status", "the status is missing"),
        ({"status": "unsubscribed"}, "status", "not a status: use Unsubscribe, Resubscribe"),
        ({"status": False}, "status", "not a status: use Unsubscribe, Resubscribe"),
    ],
)
def test_what_is_wrong_with_a_row(change: dict[str, Any], field: str, reason: str) -> None:
    row = {"type": "email", "value": "asha@example.com", "status": "Unsubscribe", **change}
    for on_bad_value in ("reject", "drop"):
        result = validate(row, on_bad_value=on_bad_value)
        assert result.record is None
        # The documented codes of addresses and numbers are those of uploads.
        assert [(issue.field, issue.code, issue.reason) for issue in result.issues] == [(field, None, reason)]


def test_every_issue_of_a_row_is_reported() -> None:
    result = validate({"type": "push", "value": "asha@example.com", "status": "gone"})
    assert [issue.field for issue in result.issues] == ["type", "status"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["type", "value"], "no column becomes status: map one, such as .*, or give status for all"),
        (["value", "status"], "no column becomes type: map one, such as .*, or give channel for all"),
        (["type", "status"], "no column identifies the owner of a row: map one to value"),
    ],
)
def test_a_missing_column_is_a_mistake_of_the_mapping(columns: list[str], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        plan_columns(columns, {}, schema=SUBSCRIPTION_SCHEMA)


def test_other_columns_are_left_out_and_cannot_be_mapped() -> None:
    names = ["type", "value", "status", "identity"]
    planned = plan_columns(names, {}, schema=SUBSCRIPTION_SCHEMA)
    assert [column.source for column in planned] == ["type", "value", "status"]
    with pytest.raises(MappingError, match="Name is none of type, value, status"):
        plan_columns(names, {"identity": Column("Name")}, schema=SUBSCRIPTION_SCHEMA)


def test_limits_of_subscriptions() -> None:
    assert limits.SUBSCRIPTIONS_PER_CALL == 1_000
    assert limits.SUBSCRIPTION_CHANNELS == ("email", "phone", "whatsapp")
    assert limits.SUBSCRIPTION_STATUSES == ("Unsubscribe", "Resubscribe")
