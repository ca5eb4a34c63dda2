"""Whole rows: all their issues are reported, by column, and without their values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records import error_codes
from airflow_provider_clevertap.records.models.profile import FIELD_CODES, PROFILE_SCHEMA
from airflow_provider_clevertap.records.operations import OPERATORS
from tests.support.examples_of_properties import examples
from tests.support.validated import validate, validate_cell

MARK = "zqkd7"


def test_a_whole_profile() -> None:
    row = {
        "identity": "cust-0001", "ts": "1760000000", "Name": "Asha Rao", "Email": "asha@example.com",
        "Phone": "+919812345678", "Gender": "female", "DOB": "1990-07-26", "Employed": "yes", "Education": "graduate",
        "Married": "no", "Age": "35", "Customer Type": "Gold", "Photo": "https://example.com/a.png",
        "Tz": "Asia/Kolkata", "MSG-email": "false", "MSG-push": "1", "Lifetime Value": 1520.75, "Interests": ["books"],
        "Nothing": "",
    }  # fmt: skip
    result = validate(row)
    assert result.issues == ()
    assert result.repeatable
    assert result.record == {
        "type": "profile",
        "identity": "cust-0001",
        "ts": 1760000000,
        "profileData": {
            "Name": "Asha Rao", "Email": "asha@example.com", "Phone": "+919812345678", "Gender": "F",
            "DOB": "$D_648950400", "Employed": "Y", "Education": "Graduate", "Married": "N", "Age": 35,
            "Customer Type": "Gold", "Photo": "https://example.com/a.png", "Tz": "Asia/Kolkata", "MSG-email": False,
            "MSG-push": True, "Lifetime Value": 1520.75, "Interests": {"$set": ["books"]},
        },
    }  # fmt: skip


def test_every_fault_of_a_row_is_told_at_once() -> None:
    row = {"identity": "null", "Email": "nope", "Gender": "x", "Joined": "?"}
    result = validate(row, {"Joined": Column(type="date")})
    assert result.record is None
    assert {issue.field: issue.code for issue in result.issues} == {
        "identity": 523, "Email": 515, "Gender": 514, "Joined": None,
    }  # fmt: skip


def test_a_missing_identity_is_told_next_to_other_faults() -> None:
    for on_bad_value in ("reject", "drop"):
        result = validate({"identity": "", "Email": "nope"}, on_bad_value=on_bad_value)
        assert result.record is None
        assert [(issue.field, issue.code) for issue in result.issues] == [("Email", 515), ("identity", 523)]


@pytest.mark.parametrize("empty", [None, "", " \t"])
def test_a_row_without_anything_is_empty_and_not_at_fault(empty: Any) -> None:
    result = validate({"identity": empty, "Name": None, "Email": ""})
    assert (result.record, result.issues, result.empty) == (None, (), True)


class TestDroppingBadValues:
    """``on_bad_value="drop"``: a bad property is left out, and the row goes on."""

    def test_bad_properties_are_left_out_and_reported(self) -> None:
        result = validate(
            {"identity": "a", "Name": "Asha", "Email": "nope", "Age": "old", "Joined": "?"},
            {"Joined": Column(type="date")},
            on_bad_value="drop",
        )
        assert result.record == {"type": "profile", "identity": "a", "profileData": {"Name": "Asha"}}
        assert sorted(issue.field for issue in result.issues) == ["Age", "Email", "Joined"]

    @pytest.mark.parametrize(
        "row",
        [{"identity": "null"}, {"identity": "a", "ts": "0"}, {"identity": "a", "objectId": "b"}, {"identity": ""}],
    )
    def test_who_and_when_are_never_left_out(self, row: dict[str, Any]) -> None:
        result = validate({**row, "Email": "nope", "Name": "Asha"}, on_bad_value="drop")
        assert result.record is None
        assert {"Email"} < {issue.field for issue in result.issues}

    def test_a_row_may_lose_all_its_properties(self) -> None:
        result = validate({"identity": "a", "Email": "nope"}, on_bad_value="drop")
        assert result.record == {"type": "profile", "identity": "a", "profileData": {}}

    def test_what_may_be_repeated_is_told_of_what_is_left(self) -> None:
        row = {"identity": "a", "Points": {"$incr": "many"}}
        assert validate(row, on_bad_value="drop").repeatable


COLUMNS = [
    *(Column(name) for name in (*PROFILE_SCHEMA.top, *PROFILE_SCHEMA.known, "Tier")),
    *(Column("Tier", type=declared) for declared in ("integer", "float", "boolean", "date", "list", "text")),
    *(Column("Tier", operator=operator) for operator in sorted(OPERATORS)),
    Column("Joined", format="dd/MM/yyyy"),
    Column("Joined", format=["epoch", "epoch_ms"]),
]  # fmt: skip

_scalars = (
    st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**320) | st.floats() | st.text(st.characters())
)
_operators = st.sampled_from([*sorted(OPERATORS), "$x", "email"])
_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_operators | st.text(), inner, max_size=3)
)


@examples(200)
@given(st.sampled_from(COLUMNS), _json, st.sampled_from([None, "IN", "US"]), st.sampled_from(["reject", "drop"]))
def test_any_json_value_is_validated_and_what_is_valid_can_be_written(
    column: Column, value: Any, country: str | None, on_bad_value: str
) -> None:
    result = validate_cell(value, column, default_country=country, on_bad_value=on_bad_value)
    assert result.record is not None or result.issues or result.empty
    if result.record is not None:
        assert msgspec.json.decode(msgspec.json.encode(result.record)) == result.record


@given(st.sampled_from(COLUMNS), _json)
def test_what_the_model_made_of_a_value_is_valid_and_stays_the_same(column: Column, value: Any) -> None:
    record = validate_cell(value, column).record
    if record is not None and record["profileData"]:
        ((name, made),) = record["profileData"].items()
        again = validate_cell(made, name).record
        assert again is not None
        assert again["profileData"] == record["profileData"]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize(
    "value",
    [MARK, f"{MARK} {'x' * 1100}", [MARK, [MARK]], {MARK: MARK}, {f"${MARK}": 1}, {"$incr": MARK}, {"$add": MARK}],
)
def test_no_reason_shows_a_value(column: Column, value: Any) -> None:
    for issue in validate_cell(value, column).issues:
        assert MARK not in issue.reason
        assert MARK not in issue.field
        assert issue.reason


def test_codes_are_those_of_the_documentation_page() -> None:
    documented = [509, *range(512, 521), *range(522, 527), 528, *range(530, 536), 555]
    assert sorted(error_codes.ERROR_CODES) == documented
    assert all(code.meaning and code.fix for code in error_codes.ERROR_CODES.values())
    assert set(FIELD_CODES.values()) <= set(error_codes.ERROR_CODES)


def test_every_limit_says_where_it_is_documented() -> None:
    from airflow_provider_clevertap.records import limits

    source = Path(limits.__file__).read_text(encoding="utf-8")
    for comment, name in re.findall(r"((?:#:.*\n)+)(\w+): Final", source):
        assert re.search(r"DEV|DOCS|E\.164|525", comment), name
