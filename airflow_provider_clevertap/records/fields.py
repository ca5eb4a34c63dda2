"""The fields CleverTap knows by name: what each takes, and the code of the fault.

Every type here is a pydantic type; together with the models they are the law on what is valid and what it becomes.
Formats and codes: https://developer.clevertap.com/docs/upload-user-profiles-api and
https://developer.clevertap.com/docs/api-errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple

import phonenumbers
from pydantic import BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records import error_codes
from airflow_provider_clevertap.records.dates import DateReader
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import (
    DISALLOWED_IDENTITIES,
    FORBIDDEN_KEY_CHARACTERS,
    IDENTITY_CHARACTERS,
    KEY_BYTES,
    PHONE_MAX_DIGITS,
    PHONE_MIN_DIGITS,
    TS_MILLISECONDS_FROM,
)
from airflow_provider_clevertap.records.operations import (
    DELETE,
    NUMBER_OPERATORS,
    OPERATORS,
    is_operation,
    read_operation,
)
from airflow_provider_clevertap.records.values import BLANK, check_text, read_boolean, read_integer, read_text

#: Spellings people have in their data, in lower case, and what CleverTap takes.
YES_NO_WORDS: Final = {
    **dict.fromkeys(("y", "yes", "true", "t", "1"), "Y"),
    **dict.fromkeys(("n", "no", "false", "f", "0"), "N"),
}
GENDER_WORDS: Final = {
    **dict.fromkeys(("m", "male", "man"), "M"),
    **dict.fromkeys(("f", "female", "woman"), "F"),
}
EDUCATION_WORDS: Final = {"school": "School", "college": "College", "graduate": "Graduate"}

#: The shape of an address only: CleverTap does not publish its own test, and refuses the rest itself (515).
EMAIL_PATTERN: Final = r"[^\s@,;:<>()\[\]\\\"]+@[^\s@.,;:<>()\[\]\\\"]+(\.[^\s@.,;:<>()\[\]\\\"]+)+"
_EMAIL = re.compile(EMAIL_PATTERN)
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]*")
_DIALLED = re.compile(r"\+?[0-9 ()./\-\u00a0\u2010-\u2015]+")
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_TIMES = DateReader()


def read_identity(value: Any) -> str:
    """Read who the record belongs to. Text stays exactly as it stands; floats are refused (they lose digits)."""
    if isinstance(value, float | Decimal):
        raise issue("a number with a decimal point cannot be an identity: read the column as text")
    text = value if isinstance(value, str) else read_text(value)
    if len(text) >= IDENTITY_CHARACTERS:
        raise issue(f"an identity must be shorter than {IDENTITY_CHARACTERS} characters")
    # Spaces of any kind: people whose identity is one would all become one profile.
    meaning = text.strip().lower()
    if not meaning or meaning in DISALLOWED_IDENTITIES:
        raise issue("this value stands for 'nothing' and cannot be an identity")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise issue("the identity is not valid Unicode") from None
    return text


def read_ts(value: Any, *, dates: DateReader = _TIMES) -> int:
    """Read the time of a record as whole seconds since 1970: seconds, milliseconds, or a date with its time.

    Milliseconds are told by their size: as seconds they would lie after the year 5000.

    :param dates: reads it where it is a date.
    """
    try:
        if isinstance(value, date) or (isinstance(value, str) and "-" in value.strip(BLANK)[1:]):
            return check_seconds(dates.seconds(value))
        number = read_integer(value)
    except PydanticCustomError as error:
        if error.context and error.context.get("code") == error_codes.TIMESTAMP:
            raise
        raise issue("ts is neither seconds since 1970 nor a date", error_codes.TIMESTAMP) from None
    return check_seconds(number // 1000 if number >= TS_MILLISECONDS_FROM else number)


def check_seconds(seconds: int) -> int:
    """Refuse a time that cannot be one."""
    if seconds >= TS_MILLISECONDS_FROM:
        raise issue("ts lies after the year 5000: CleverTap takes seconds since 1970", error_codes.TIMESTAMP)
    if seconds <= 0:
        raise issue("ts must be after 1970-01-01 00:00:00 UTC", error_codes.TIMESTAMP)
    return seconds


def read_email(value: Any) -> str:
    """Read an e-mail address; blanks around it are dropped."""
    text = read_text(value).strip(BLANK)
    if not _EMAIL.fullmatch(text):
        raise issue("not an e-mail address", error_codes.EMAIL)
    return text


def read_phone(value: Any, default_country: str | None) -> str:
    """Read a phone number as ``+`` country code number; local numbers need the country they were written in."""
    if isinstance(value, float | Decimal):
        raise issue("a number with a decimal point cannot be a phone number: read it as text", error_codes.PHONE)
    text = read_text(value).strip(BLANK)
    if _INTERNATIONAL.fullmatch(text):
        return _check_digits(text)
    if not _DIALLED.fullmatch(text):
        raise issue("not a phone number", error_codes.PHONE)
    if not text.startswith("+") and default_country is None:
        raise issue("no country code: write +<country code><number>, or set default_country", error_codes.PHONE)
    try:
        number = phonenumbers.parse(text, default_country)
    except phonenumbers.NumberParseException:
        raise issue("not a phone number", error_codes.PHONE) from None
    # Some numbers are possible only within their town: with a country code before them they are someone else's.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise issue("too short or too long for a phone number of its country", error_codes.PHONE)
    # The plans of some countries have service numbers too long for E.164 once the country code is before them.
    return _check_digits(str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)))


def _check_digits(number: str) -> str:
    if PHONE_MIN_DIGITS <= len(number) - 1 <= PHONE_MAX_DIGITS:
        return number
    raise issue(f"a phone number has {PHONE_MIN_DIGITS} to {PHONE_MAX_DIGITS} digits after +", error_codes.PHONE)


def read_word(value: Any, words: dict[str, str], code: int, expected: str) -> str:
    """Read a value of a fixed list, in any of its usual spellings."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | float) and value in (0, 1):
        value = "1" if value else "0"
    word = value.strip(BLANK).lower() if isinstance(value, str) else ""
    if word not in words:
        raise issue(f"not {expected}", code)
    return words[word]


def read_age(value: Any) -> int:
    """Read an age in whole years."""
    try:
        age = read_integer(value)
    except ValueError:
        raise issue("not a whole number of years", error_codes.AGE) from None
    if age < 0:
        raise issue("an age cannot be negative", error_codes.AGE)
    return age


def read_photo(value: Any) -> str:
    """Read the address of a picture."""
    text = read_text(value).strip(BLANK)
    if not _URL.fullmatch(text):
        raise issue("not a URL that starts with http:// or https://")
    return text


def read_subscription_groups(value: Any) -> dict[str, list[str]]:
    """Read ``{"email": ["Group A"]}``: subscription groups by channel, as an object or its JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict) or not value or not all(map(_are_texts, value.values())) or not _are_texts([*value]):
        raise issue('an object such as {"email": ["Group A"]} is needed here')
    for text in (*value, *(group for groups in value.values() for group in groups)):
        check_text(text)
    return value


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


@lru_cache(maxsize=4096)
def read_key(value: Any) -> str:
    """Read a property's name: 1 to 120 bytes, without the characters CleverTap forbids."""
    return read_name(value, "a property", KEY_BYTES)


def read_name(value: Any, owner: str, limit: int) -> str:
    """Read a name that CleverTap keeps.

    :param owner: whose name it is, for the message.
    :param limit: the most bytes it may have.
    """
    if not isinstance(value, str) or not value.strip(BLANK):
        raise issue(f"{owner} must have a name")
    bad = sorted(FORBIDDEN_KEY_CHARACTERS.intersection(value))
    if bad:
        raise issue(f"{owner}'s name cannot hold {' '.join(bad)}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise issue(f"{owner}'s name is not valid Unicode") from None
    if size > limit:
        raise issue(f"{owner}'s name can have at most {limit} bytes")
    return value


def _words(words: dict[str, str], code: int, expected: str) -> Callable[[Any], str]:
    return lambda value: read_word(value, words, code, expected)


class Operators(NamedTuple):
    """Stands in a field's type and says which operations the field takes."""

    allowed: frozenset[str]


#: A field with a format of its own can be removed, but nothing can be added to it.
_DELETE_ONLY: Final = Operators(frozenset({DELETE}))
_ALL: Final = Operators(OPERATORS)


def _property(reader: Callable[[Any], Any], operators: Operators = _ALL) -> Any:
    """Make the type of a known property: its own format, or an operation on it."""

    def read(value: Any) -> Any:
        if isinstance(value, dict) and is_operation(value):
            return read_operation(value, operators.allowed)
        return reader(value)

    return Annotated[Any, BeforeValidator(read), operators]


def _phone(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, dict) and is_operation(value):
        return read_operation(value, _DELETE_ONLY.allowed)
    return read_phone(value, (info.context or {}).get("default_country"))


Identity = Annotated[str, BeforeValidator(read_identity)]
Ts = Annotated[int, BeforeValidator(read_ts)]
Text = _property(read_text)
Email = _property(read_email, _DELETE_ONLY)
Phone = Annotated[Any, BeforeValidator(_phone), _DELETE_ONLY]
Gender = _property(_words(GENDER_WORDS, error_codes.GENDER, "M or F (male, female will do)"), _DELETE_ONLY)
Employed = _property(_words(YES_NO_WORDS, error_codes.EMPLOYED, "Y or N (yes, no, true, false will do)"), _DELETE_ONLY)
Married = _property(_words(YES_NO_WORDS, error_codes.MARRIED, "Y or N (yes, no, true, false will do)"), _DELETE_ONLY)
Education = _property(_words(EDUCATION_WORDS, error_codes.EDUCATION, "School, College or Graduate"), _DELETE_ONLY)
Age = _property(read_age, Operators(NUMBER_OPERATORS | {DELETE}))
Dob = _property(_TIMES.read, _DELETE_ONLY)
Photo = _property(read_photo, _DELETE_ONLY)
Flag = _property(read_boolean, _DELETE_ONLY)
SubscriptionGroups = _property(read_subscription_groups, _DELETE_ONLY)
