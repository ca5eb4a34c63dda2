"""Phone numbers: those sent as they are, those completed with the country's code, and those nobody can be sure of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.validated import accepted, issue_of, validate_cell

E164 = phonenumbers.PhoneNumberFormat.E164


@pytest.mark.parametrize("number", ["+919812345678", "+12345", "+999999999999999", "+4930123456", " +919812345678 "])
def test_international_numbers_go_through(number: str) -> None:
    assert accepted(number, "Phone") == {"Phone": number.strip()}


@pytest.mark.parametrize(
    ("country", "written", "number"),
    [
        ("IN", "9812345678", "+919812345678"),
        ("IN", 9812345678, "+919812345678"),
        ("IN", Decimal(9812345678), "+919812345678"),
        ("IN", Decimal("9812345678.00"), "+919812345678"),
        ("IN", "098123 45678", "+919812345678"),
        ("IN", "0091 98123-45678", "+919812345678"),
        ("IN", "919812345678", "+919812345678"),
        ("IN", "98123.45678", "+919812345678"),
        ("IN", "+44 20 7946 0958", "+442079460958"),
        ("GB", "(020) 7946-0958", "+442079460958"),
        ("DE", "030/123456", "+4930123456"),
        ("IT", "06 1234567", "+39061234567"),
        ("US", "(253) 555-0100", "+12535550100"),
        ("US", "011 44 20 7946 0958", "+442079460958"),
        (None, "+91 98123 45678", "+919812345678"),
        (None, "(+91) 98123-45678", "+919812345678"),
        ("DE", "(+91)9812345678", "+919812345678"),
        (None, "+49 (0)30 123456", "+4930123456"),
        (None, "+44\u00a020\u20117946\u20110958", "+442079460958"),
        (None, "+49.30.1234567", "+49301234567"),
        (None, "+1.2125550123", "+12125550123"),
        (None, "+33 (0)6.12.34.56.00", "+33612345600"),
        ("FR", "06.12.34.56.00", "+33612345600"),
        ("ID", "0812.345.6789", "+628123456789"),
        ("US", "212.555.0123", "+12125550123"),
        ("IN", "\u202a98123\u00ad45678\u202c", "+919812345678"),
        (None, "\ufeff+91\u200b9812345678", "+919812345678"),
        ("DE", "(030)/123456-0", "+49301234560"),
        ("DE", "+49 34297/12345", "+493429712345"),
    ],
)
def test_numbers_as_people_write_them(country: str | None, written: Any, number: str) -> None:
    assert accepted(written, "Phone", default_country=country) == {"Phone": number}


@pytest.mark.parametrize(
    ("country", "written", "says"),
    [
        (None, "9812345678", "set default_country"),
        (None, "0091 9812345678", "set default_country"),
        (None, 919812345678, "set default_country"),
        (None, "+123", "5 to 15 digits"),
        ("UY", "1000000000000", "5 to 15 digits"),
        ("IN", "0919812345678", "not a valid phone number"),
        ("GB", "0044 7700 900123", "not a valid phone number"),
        ("IN", "9812345678-79", "not a valid phone number"),
        ("IN", 981234567890, "not a valid phone number"),
        (None, "+91 9812345678-79", "more digits behind it"),
        (None, "+91 98123 45678 (79)", "more digits behind it"),
        ("IN", "9812345678/79", "second number"),
        ("IN", "9812345678/9812345679", "second number"),
        ("DE", "030/123456/57", "second number"),
        (None, "+918123456789.10", "decimal point"),
        (None, "+91 81234 56789.0", "decimal point"),
        (None, "+49.30.1234567.0", "decimal point"),
        (None, "+49.30.1234567.00", "decimal point"),
        ("DE", "030.1234567.89", "decimal point"),
        ("IN", "9812345678.5", "decimal point"),
        ("IN", "9812345678.79", "decimal point"),
        ("IN", "9.19812E+11", "scientific notation"),
        ("IN", "9,19812e+11", "scientific notation"),
        ("IN", "-9812345678", "not a phone number"),
        (None, "+598 1000000000000", "5 to 15 digits"),
        ("US", "253-0000", "too short or too long"),
        ("GB", "7946 0958", "too short or too long"),
        ("IN", "12", "too short or too long"),
        ("US", "555-0100 x12", "not a phone number"),
        ("US", "1-800-FLOWERS", "not a phone number"),
        ("IN", "९८१२३४५६७८", "not a phone number"),
        ("IN", "\uff19\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "not a phone number"),
        ("IN", 9812345678.0, "read it as text"),
        ("IN", Decimal("9812345678.5"), "read it as text"),
    ],
)
def test_numbers_that_nobody_can_be_sure_of(country: str | None, written: Any, says: str) -> None:
    code, reason = issue_of(written, "Phone", default_country=country)
    assert code == 516
    assert says in reason


@pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_whole_number_that_a_program_wrote_as_a_float_stays_the_same_number(country: str) -> None:
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    number = phonenumbers.format_number(example or phonenumbers.example_number(country), E164)
    national = phonenumbers.national_significant_number(example or phonenumbers.example_number(country))
    for ending in (".", ".0", ".00", ".000000"):
        assert accepted(number + ending, "Phone") == {"Phone": number}
        for text in (f"{number[1:]}{ending}", f"{national}{ending}"):
            record = validate_cell(text, "Phone", default_country=country).record
            assert record is None or record["profileData"] == {"Phone": number}, text


def test_a_number_is_not_completed_to_one_that_the_country_does_not_have() -> None:
    assert accepted("0919812345678", "Phone", default_country="IN", phone_check="possible") == {
        "Phone": "+91919812345678"
    }
    assert accepted("+91919812345678", "Phone", default_country="IN") == {"Phone": "+91919812345678"}
    assert accepted("+91 91981 2345678", "Phone", default_country="IN") == {"Phone": "+91919812345678"}
    assert "more digits" in issue_of("9812345678-79", "Phone", default_country="IN", phone_check="possible")[1]


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.from_regex(r"\A[0-9 ()+./-]{1,20}\Z"))
def test_a_number_that_is_sent_is_plus_and_5_to_15_digits(country: str, text: str) -> None:
    record = validate_cell(text, "Phone", default_country=country).record
    number = (record or {}).get("profileData", {}).get("Phone")
    assert number is None or (number[0] == "+" and number[1:].isdecimal() and 5 <= len(number[1:]) <= 15)
