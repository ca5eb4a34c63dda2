"""Read phone numbers in CleverTap's format: ``+``, country code, number.

Format: https://developer.clevertap.com/docs/upload-user-profiles-api
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

import phonenumbers

from airflow_provider_clevertap.records import error_codes
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import PHONE_MAX_DIGITS, PHONE_MIN_DIGITS
from airflow_provider_clevertap.records.texts.characters import BLANK, INVISIBLE, JOINERS
from airflow_provider_clevertap.records.texts.placeholders import is_cut_number
from airflow_provider_clevertap.records.values import read_text, whole_number

#: What a number must be that was completed with ``default_country``: one that the numbering plan of its country knows,
#: or one of a length that the plan knows.
PhoneCheck: TypeAlias = Literal["valid", "possible"]

#: Punctuation between digits that has no other meaning, among it no-break spaces and dashes of several lengths.
_PUNCTUATION: Final = r"[ ()\-\u00a0\u2010-\u2015]"
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]*")
_DIALLED = re.compile(r"\+?[0-9(][0-9 ()./\-\u00a0\u2010-\u2015]*")

#: A whole number as programs write floats and decimals: only a decimal point and zeros behind it.
FLOAT_FORM: Final = r"\+?[0-9]+\.0*"


def _separated_form(punctuation: str) -> str:
    """Return the pattern of numbers whose dots or slash can only be punctuation.

    A dot is a decimal point as well, and what follows a slash or the last dot may be an extension or the end of another
    number. So the digits before it must be too few for a number, and those behind it too many for a fraction or an
    extension. Two dots or more are not a decimal point.
    """

    def digits(fewest: int, most: int | str) -> str:
        return f"{punctuation}*(?:[0-9]{punctuation}*){{{fewest},{most}}}"

    group, last = digits(1, 6), digits(4, "")
    return (
        rf"(?:\+?{group}(?:\.{group})+\.{digits(2, '')}"
        rf"|\+?{group}\.{last}"
        rf"|(?:\+{digits(1, 8)}|{group})/{last})"
    )


#: Dots or a slash that can only be punctuation, between digits alone.
SEPARATED_FORM: Final = _separated_form(r"[ ()\-]")
_FLOAT = re.compile(FLOAT_FORM)
_SEPARATED = re.compile(_separated_form(_PUNCTUATION))
#: A country code in brackets, as in ``(+91) 98123 45678``.
_CODE_IN_BRACKETS = re.compile(r"\(\+([1-9][0-9]{0,2})\)(?=[ (\-\u00a00-9])")
_WITHOUT_INVISIBLE = dict.fromkeys(map(ord, INVISIBLE + JOINERS))
_SHORT_END = re.compile(rf"\.(?:[0-9]{_PUNCTUATION}*){{1,3}}$")
_LAST_SEPARATOR = re.compile(rf"(?:{_PUNCTUATION}|[./])+(?=[0-9]+\)?$)")


def read_phone(value: Any, default_country: str | None, check: PhoneCheck = "valid") -> str:
    """Read a phone number as ``+``, country code, number.

    :param value: the number. A whole number is read as its digits; floats are not allowed, as they lose digits.
    :param default_country: ISO country of numbers without ``+``; ``None`` does not allow them.
    :param check: what a number must be that ``default_country`` completes.
    """
    text = _CODE_IN_BRACKETS.sub(r"+\1 ", _to_text(value), count=1)
    if _INTERNATIONAL.fullmatch(text):
        return _check_length(text)
    if not _DIALLED.fullmatch(text):
        raise issue(_why_not_dialled(text), error_codes.PHONE)
    if not text.startswith("+") and default_country is None:
        raise issue("no country code: write +<country code><number>, or set default_country", error_codes.PHONE)
    if _FLOAT.fullmatch(text):
        text = text.partition(".")[0]
        if _INTERNATIONAL.fullmatch(text):
            return _check_length(text)
    elif ("." in text or "/" in text) and not _is_separated(text, default_country):
        raise issue(
            "the dot or slash may be a decimal point, or begin an extension or a second number: write one number, "
            "with blanks or hyphens",
            error_codes.PHONE,
        )
    number = _parse(text, default_country)
    # A number that can only be dialled within its town belongs to somebody else once it has a country code.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise issue("too short or too long for a phone number of its country", error_codes.PHONE)
    # Some countries have service numbers that are too long for E.164 with the country code.
    written = _check_length(str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)))
    if not phonenumbers.is_valid_number(number):
        if check == "valid" and not text.startswith("+"):
            # A wrong completion is the number of somebody else.
            raise issue(
                "not a valid phone number of the country: write it with + and its country code, or set "
                "phone_check='possible'",
                error_codes.PHONE,
            )
        if _begins_with_a_valid_number(text, default_country):
            raise issue("a number, and more digits behind it: write one number only", error_codes.PHONE)
    if not text.startswith("+") and _may_have_country_code(text, number):
        raise issue(
            "it may begin with the country's code: write it with +, or as the country dials it", error_codes.PHONE
        )
    return written


def _to_text(value: Any) -> str:
    if isinstance(value, Decimal):
        value = whole_number(value)
    if value is None or isinstance(value, float):
        raise issue("a number with a decimal point cannot be a phone number: read it as text", error_codes.PHONE)
    return read_text(value).strip(BLANK).translate(_WITHOUT_INVISIBLE)


def _why_not_dialled(text: str) -> str:
    if is_cut_number(text):
        return "a number in scientific notation has lost digits: read it as text, and format it as text in spreadsheets"
    return "not a phone number"


def _parse(text: str, country: str | None) -> Any:
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise issue("not a phone number", error_codes.PHONE) from None


def _may_have_country_code(text: str, number: Any) -> bool:
    """Return whether a number that was read as a local one is valid with its first digits as the country code, too."""
    digits = "".join(filter(str.isdecimal, text))
    if not digits.startswith(str(number.country_code)) or digits != phonenumbers.national_significant_number(number):
        return False
    return _is_valid(f"+{digits}", None)


def _is_valid(text: str, country: str | None) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(text, country)))
    except phonenumbers.NumberParseException:
        return False


def _is_separated(text: str, country: str | None) -> bool:
    """Return whether dots and slashes can only be punctuation."""
    if not _SEPARATED.fullmatch(text):
        return False
    # 06.12.34.56.00 is a number, but 030.1234567.00 may be a number with decimals or an extension.
    end = _SHORT_END.search(text)
    return end is None or not _is_valid(text[: end.start()], country)


def _begins_with_a_valid_number(text: str, country: str | None) -> bool:
    """Return whether a valid number comes before the last group of digits, such as ``+91 9812345678-79``."""
    separator = _LAST_SEPARATOR.search(text)
    return separator is not None and _is_valid(text[: separator.start()], country)


def _check_length(number: str) -> str:
    if PHONE_MIN_DIGITS <= len(number) - 1 <= PHONE_MAX_DIGITS:
        return number
    raise issue(f"a phone number has {PHONE_MIN_DIGITS} to {PHONE_MAX_DIGITS} digits after +", error_codes.PHONE)
