"""Who a record belongs to."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records.fields import read_identity
from airflow_provider_clevertap.records.texts.characters import INVISIBLE, JOINERS
from airflow_provider_clevertap.records.texts.placeholders import MACHINE_WORDS, PLACEHOLDER_PATTERN, normalize
from tests.support.validated import validate

#: https://docs.clevertap.com/docs/csv-upload lists them, without a word on case: no spelling is allowed.
STANDS_FOR_NOTHING = [
    "undefined", "null", "na", "n/a", "0", "nil", "-1", "infinity", "-infinity", "inf", "-inf", "nan", "-nan", "empty",
    "xxxxxx", "none",
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["cust-1", "007", "1e5", "1234567890123456789", "9" * 40, "0e5", "00", "-0", "1.5e3", "#1", "<a>", "0.01",
     "x\u200dy", "nullable", "Nan Goldin", "xxxxx",
     "asha@example.com", "+919812345678", "ID with spaces", " padded ", "ünïcode", "客户-1", "😀" * 1023, "x" * 1023,
     'quo"te', "tab\tinside", "a/b"],
)  # fmt: skip
def test_text_stays_exactly_as_it_stands(text: str) -> None:
    assert validate({"identity": text}).record == {"type": "profile", "identity": text, "profileData": {}}


@pytest.mark.parametrize("text", STANDS_FOR_NOTHING)
@pytest.mark.parametrize("change", [str, str.upper, str.title, lambda text: f" {text}\t", lambda text: f"\u00a0{text}"])
@pytest.mark.parametrize("identifier", ["identity", "objectId", "FBID", "GPID"])
def test_values_that_stand_for_nothing_are_refused(text: str, change: Any, identifier: str) -> None:
    result = validate({identifier: change(text)})
    assert result.record is None
    assert "stands for 'nothing'" in result.issues[0].reason
    assert result.issues[0].field == identifier


@pytest.mark.parametrize(
    "text",
    [*sorted(MACHINE_WORDS), "#REF!", "#DIV/0!", "#NAME?", "#¡VALOR!", "#####", "0.0", "-0.0", "0,00", "0.", ".0",
     "0.0E+00", "-1.0", "+0.0"],
)  # fmt: skip
@pytest.mark.parametrize("change", [str, str.upper, str.title, lambda text: f" {text}\t", lambda text: f"\u200b{text}"])
@pytest.mark.parametrize("identifier", ["identity", "objectId", "FBID", "GPID"])
def test_values_that_programs_write_for_nothing_are_refused(text: str, change: Any, identifier: str) -> None:
    (issue,) = validate({identifier: change(text)}).issues
    assert "programs write this value for 'nothing'" in issue.reason
    assert (issue.field, issue.code) == (identifier, 526 if identifier == "objectId" else 523)


@pytest.mark.parametrize("text", ["9.19812E+11", "9.19812e+11", "9,19812E+11", " 1.0E+5", "-9.1E+11"])
def test_numbers_that_a_spreadsheet_has_cut_are_refused(text: str) -> None:
    (issue,) = validate({"identity": text}).issues
    assert "scientific notation" in issue.reason


@pytest.mark.parametrize("text", ["NaT", " nat ", "#REF!", "9.19812E+11"])
def test_words_of_programs_are_identities_where_the_mapping_allows_them(text: str) -> None:
    column = Column("identity", allowed_identities=["NAT", "#ref!", "9.19812E+11"])
    record = validate({"id": text}, {"id": column}).record
    assert record is not None
    assert record["identity"] == text
    assert validate({"id": "<NA>"}, {"id": column}).record is None


@pytest.mark.parametrize("character", sorted(INVISIBLE))
def test_an_identity_with_an_invisible_character_would_be_another_person(character: str) -> None:
    for text in (f"cust-1{character}", f"cust{character}-1", f"{character}cust-1"):
        (issue,) = validate({"identity": text}).issues
        assert f"U+{ord(character):04X}" in issue.reason


@pytest.mark.parametrize("text", ["cust-1\u200d", "\u200ccust-1"])
def test_a_joiner_joins_nothing_at_an_end(text: str) -> None:
    assert "invisible" in validate({"identity": text}).issues[0].reason


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2003\u2003", "\u200b", "\ufeff ", "\u200d"])
def test_an_identity_of_unicode_spaces_is_nobody(space: str) -> None:
    (issue,) = validate({"identity": space, "Name": "Asha"}).issues
    assert issue.code == 523


@pytest.mark.parametrize(
    ("value", "identity"),
    [
        (7, "7"),
        (1234567890123456789, "1234567890123456789"),
        (-5, "-5"),
        (Decimal(7), "7"),
        (Decimal("7.00"), "7"),
        (Decimal("7E+2"), "700"),
        (Decimal("9" * 38), "9" * 38),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_whole_numbers_and_uuids_are_written_out(value: Any, identity: str) -> None:
    record = validate({"identity": value}).record
    assert record is not None
    assert record["identity"] == identity


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (7.0, "decimal point"),
        (1e18, "decimal point"),
        (Decimal("7.5"), "decimal point"),
        (Decimal("Infinity"), "decimal point"),
        (Decimal("7E+999999"), "decimal point"),
        (Decimal(0), "nothing"),
        (Decimal("-1.0"), "nothing"),
        (0, "nothing"),
        (-1, "nothing"),
        (True, "not bool"),
        (b"abc", "not bytes"),
        (["a"], "not list"),
        ({"a": 1}, "not dict"),
        ({"$set": ["a"]}, "not dict"),
        ("x" * 1024, "shorter than 1024"),
        (10**600, "longer than"),
        pytest.param(10**5000, "longer than", id="5001 digits"),
        ("\ud800", "Unicode"),
    ],
)
def test_what_cannot_be_an_identity(value: Any, says: str) -> None:
    result = validate({"identity": value})
    assert result.record is None
    assert [issue.code for issue in result.issues] == [523]
    assert says in result.issues[0].reason


def test_an_unusable_objectid_has_clevertaps_code_for_it() -> None:
    (issue,) = validate({"objectId": "null"}).issues
    assert (issue.field, issue.code) == ("objectId", 526)


@pytest.mark.parametrize("empty", [None, "", "  ", "\t\r\n", math.nan])
def test_a_row_that_belongs_to_nobody_is_invalid(empty: Any) -> None:
    (issue,) = validate({"identity": empty, "Name": "Asha"}).issues
    assert (issue.field, issue.code) == ("identity", 523)
    assert "one of identity, objectId, FBID or GPID" in issue.reason


def test_the_fault_of_a_missing_identifier_names_the_one_that_was_mapped() -> None:
    (issue,) = validate({"device": None, "Name": "Asha"}, {"device": Column("objectId")}).issues
    assert issue.field == "objectId"


def test_one_record_may_have_one_identifier_only() -> None:
    (issue,) = validate({"identity": "a", "objectId": "b", "GPID": None}).issues
    assert issue.code == 523
    assert "identity and objectId are both filled" in issue.reason


def test_a_setting_allows_identity_and_object_id_and_nothing_else() -> None:
    allowed = {"settings": {"identity_and_object_id": True}}
    both = {"identity": "a", "objectId": "b"}
    assert validate(both, **allowed).record == {"type": "profile", **both, "profileData": {}}
    for other in ({"identity": "a", "FBID": "b"}, {"objectId": "a", "GPID": "b"}, {**both, "FBID": "c"}):
        (issue,) = validate(other, **allowed).issues
        assert issue.code == 523


def test_each_row_may_have_another_identifier() -> None:
    columns = {"identity": None, "objectId": "device-1", "FBID": ""}
    assert validate(columns).record == {"type": "profile", "objectId": "device-1", "profileData": {}}


@given(st.text(st.characters(), max_size=1100))
def test_text_is_untouched_or_refused(text: str) -> None:
    try:
        assert read_identity(text) == text
    except ValueError:
        # An error of ours, with a reason; what is refused is blank, a word for nothing, too long or not Unicode.
        assert (
            not text.strip()
            or normalize(text) in (*STANDS_FOR_NOTHING, "")
            or normalize(text) in MACHINE_WORDS
            or re.fullmatch(PLACEHOLDER_PATTERN, normalize(text))
            or set(text) & set(INVISIBLE)
            or {text[0], text[-1]} & set(JOINERS)
            or len(text) >= 1024
            or any("\ud800" <= character <= "\udfff" for character in text)
        )
