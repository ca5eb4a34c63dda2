"""Read phone numbers in CleverTap's format: ``+``, country code, number.

Format: https://developer.clevertap.com/docs/upload-user-profiles-api
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import phonenumbers

from airflow_provider_clevertap.records import error_codes
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import PHONE_MAX_DIGITS, PHONE_MIN_DIGITS
from airflow_provider_clevertap.records.values import BLANK, read_text

_INTERNATIONAL = re.compile(r"\+[1-9][0-9]*")
#: digits with the separators in common use, among them no-break spaces and dashes of several lengths
_DIALLED = re.compile(r"\+?[0-9 ()./\-\u00a0\u2010-\u2015]+")


def read_phone(value: Any, default_country: str | None) -> str:
    """Read a phone number as ``+``, country code, number.

    :param value: the number. A whole number is read as its digits; floats are not allowed, as they lose digits.
    :param default_country: ISO country of numbers without ``+``; ``None`` does not allow them.
    """
    if isinstance(value, float | Decimal):
        raise issue("a number with a decimal point cannot be a phone number: read it as text", error_codes.PHONE)
    text = read_text(value).strip(BLANK)
    if _INTERNATIONAL.fullmatch(text):
        return _check_length(text)
    if not _DIALLED.fullmatch(text):
        raise issue("not a phone number", error_codes.PHONE)
    if not text.startswith("+") and default_country is None:
        raise issue("no country code: write +<country code><number>, or set default_country", error_codes.PHONE)
    try:
        number = phonenumbers.parse(text, default_country)
    except phonenumbers.NumberParseException:
        raise issue("not a phone number", error_codes.PHONE) from None
    # A number that can only be dialled within its town belongs to somebody else once it has a country code.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise issue("too short or too long for a phone number of its country", error_codes.PHONE)
    # Some countries have service numbers that are too long for E.164 with the country code.
    return _check_length(str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)))


def _check_length(number: str) -> str:
    if PHONE_MIN_DIGITS <= len(number) - 1 <= PHONE_MAX_DIGITS:
        return number
    raise issue(f"a phone number has {PHONE_MIN_DIGITS} to {PHONE_MAX_DIGITS} digits after +", error_codes.PHONE)
