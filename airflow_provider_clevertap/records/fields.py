"""The fields CleverTap knows by name, as pydantic types: which values each accepts, converts or rejects.

Together with the models, these types decide which values are valid and what is sent for them.
Formats and codes: https://developer.clevertap.com/docs/upload-user-profiles-api and
https://developer.clevertap.com/docs/api-errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple

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
    TS_MILLISECONDS_FROM,
)
from airflow_provider_clevertap.records.operations import (
    DELETE,
    NUMBER_OPERATORS,
    OPERATORS,
    is_operation,
    read_operation,
)
from airflow_provider_clevertap.records.phones import read_phone
from airflow_provider_clevertap.records.texts.characters import BLANK, INVISIBLE, JOINERS
from airflow_provider_clevertap.records.texts.placeholders import is_cut_number, is_word_for_nothing, normalize
from airflow_provider_clevertap.records.values import check_text, read_boolean, read_integer, read_text, whole_number

#: Common spellings in data, in lower case, and the value CleverTap takes.
YES_NO_WORDS: Final = {
    **dict.fromkeys(("y", "yes", "true", "t", "1"), "Y"),
    **dict.fromkeys(("n", "no", "false", "f", "0"), "N"),
}
GENDER_WORDS: Final = {
    **dict.fromkeys(("m", "male", "man"), "M"),
    **dict.fromkeys(("f", "female", "woman"), "F"),
}
EDUCATION_WORDS: Final = {"school": "School", "college": "College", "graduate": "Graduate"}

#: Only the form of an address is checked: CleverTap does not publish its own check, and rejects what fails it (515).
_NOT_IN_EMAILS: Final = rf"\s@,;:<>()\[\]\\\"{INVISIBLE}{JOINERS}"
EMAIL_PATTERN: Final = rf"[^{_NOT_IN_EMAILS}]+@[^.{_NOT_IN_EMAILS}]+(\.[^.{_NOT_IN_EMAILS}]+)+"
_EMAIL = re.compile(EMAIL_PATTERN)
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
#: Joiners belong to words, but not to their ends.
_HIDDEN = re.compile(f"[{INVISIBLE}]|^[{JOINERS}]|[{JOINERS}]$")
_TIMES = DateReader()


def read_identity(value: Any, allowed: Collection[str] = ()) -> str:
    """Read the identity of the owner. Text is not changed; floats are not allowed, as they lose digits.

    :param value: the identity.
    :param allowed: normalised words to accept although programs write them for missing values.
    """
    if isinstance(value, Decimal):
        # Databases store ids as decimals. Unlike floats they have lost nothing.
        value = whole_number(value)
    if value is None or isinstance(value, float):
        raise issue("a number with a decimal point cannot be an identity: read the column as text")
    text = value if isinstance(value, str) else read_text(value)
    if len(text) >= IDENTITY_CHARACTERS:
        raise issue(f"an identity must be shorter than {IDENTITY_CHARACTERS} characters")
    # All people with such an identity would become one profile.
    word = normalize(text)
    if not word or word in DISALLOWED_IDENTITIES:
        raise issue("this value stands for 'nothing' and cannot be an identity")
    if word not in allowed:
        _check_not_by_a_program(word)
    hidden = _HIDDEN.search(text)
    if hidden is not None:
        raise issue(f"an identity cannot contain the invisible character U+{ord(hidden[0]):04X}: remove it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise issue("the identity is not valid Unicode") from None
    return text


def _check_not_by_a_program(word: str) -> None:
    if is_word_for_nothing(word):
        raise issue(
            "programs write this value for 'nothing': it can only be an identity if allowed_identities of its Column "
            "names it"
        )
    if is_cut_number(word):
        raise issue(
            "a number in scientific notation has lost digits and cannot be an identity: read the column as text, and "
            "format it as text in spreadsheets"
        )


def read_ts(value: Any, *, dates: DateReader = _TIMES) -> int:
    """Read the time of a record as whole seconds since 1970: seconds, milliseconds, or a date with its time.

    Milliseconds are recognised by their size: as seconds they would be after the year 5000.

    :param dates: reads the value when it is a date.
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
    """Check that a time is after 1970 and before the year 5000, and return it."""
    if seconds >= TS_MILLISECONDS_FROM:
        raise issue("ts is after the year 5000: if it is in microseconds, set format='epoch_us'", error_codes.TIMESTAMP)
    if seconds <= 0:
        raise issue("ts must be after 1970-01-01 00:00:00 UTC", error_codes.TIMESTAMP)
    return seconds


def read_email(value: Any) -> str:
    """Read an e-mail address; blanks around it are dropped."""
    text = read_text(value).strip(BLANK)
    if not _EMAIL.fullmatch(text):
        raise issue("not an e-mail address", error_codes.EMAIL)
    return text


def read_word(value: Any, words: dict[str, str], code: int, expected: str) -> str:
    """Read a value of a fixed list, in any of its common spellings.

    :param words: the values by spelling, in lower case.
    :param code: CleverTap's error code of the field.
    :param expected: what is allowed, for the message.
    """
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | float | Decimal) and value in (0, 1):
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
    if (
        not isinstance(value, dict)
        or not value
        or not all(map(_is_list_of_texts, value.values()))
        or not _is_list_of_texts([*value])
    ):
        raise issue('must be an object such as {"email": ["Group A"]}')
    for text in (*value, *(group for groups in value.values() for group in groups)):
        check_text(text)
    return value


def _is_list_of_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


@lru_cache(maxsize=4096)
def read_key(value: Any) -> str:
    """Read a property's name: 1 to 120 bytes, without the characters CleverTap forbids."""
    return read_name(value, "a property", KEY_BYTES)


def read_name(value: Any, owner: str, limit: int, *, any_characters: bool = False) -> str:
    """Read the name of a property or an event.

    :param owner: what has the name, for the message, such as ``a property``.
    :param limit: the maximum length in bytes.
    :param any_characters: no character is forbidden.
    """
    if not isinstance(value, str) or not value.strip(BLANK):
        raise issue(f"{owner} must have a name")
    forbidden = sorted(FORBIDDEN_KEY_CHARACTERS.intersection(value))
    if forbidden and not any_characters:
        noun = "character" if len(forbidden) == 1 else "characters"
        raise issue(f"the name of {owner} must not contain the {noun} {' '.join(forbidden)}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise issue(f"the name of {owner} is not valid Unicode") from None
    if size > limit:
        raise issue(f"the name of {owner} is longer than {limit} bytes")
    return value


def _words(words: dict[str, str], code: int, expected: str) -> Callable[[Any], str]:
    return lambda value: read_word(value, words, code, expected)


class Operators(NamedTuple):
    """Annotation of a field's type: the operators the field allows."""

    allowed: frozenset[str]


#: A field with a fixed format can be set or removed, but not added to.
_DELETE_ONLY: Final = Operators(frozenset({DELETE}))
_ALL: Final = Operators(OPERATORS)


def _property(reader: Callable[[Any], Any], operators: Operators = _ALL) -> Any:
    """Make the type of a known property: a value in its format, or an allowed operation."""

    def read(value: Any) -> Any:
        if isinstance(value, dict) and is_operation(value):
            return read_operation(value, operators.allowed)
        return reader(value)

    return Annotated[Any, BeforeValidator(read), operators]


def _phone(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, dict) and is_operation(value):
        return read_operation(value, _DELETE_ONLY.allowed)
    context = info.context or {}
    return read_phone(value, context.get("default_country"), context.get("phone_check", "valid"))


def _identity(value: Any, info: ValidationInfo) -> str:
    return read_identity(value, (info.context or {}).get("allowed_identities", ()))


Identity = Annotated[str, BeforeValidator(_identity)]
Ts = Annotated[int, BeforeValidator(read_ts)]
Text = _property(read_text)
Email = _property(read_email, _DELETE_ONLY)
Phone = Annotated[Any, BeforeValidator(_phone), _DELETE_ONLY]
Gender = _property(_words(GENDER_WORDS, error_codes.GENDER, "M or F (male and female also work)"), _DELETE_ONLY)
Employed = _property(
    _words(YES_NO_WORDS, error_codes.EMPLOYED, "Y or N (yes, no, true and false also work)"), _DELETE_ONLY
)
Married = _property(
    _words(YES_NO_WORDS, error_codes.MARRIED, "Y or N (yes, no, true and false also work)"), _DELETE_ONLY
)
Education = _property(_words(EDUCATION_WORDS, error_codes.EDUCATION, "School, College or Graduate"), _DELETE_ONLY)
Age = _property(read_age, Operators(NUMBER_OPERATORS | {DELETE}))
Dob = _property(_TIMES.read, _DELETE_ONLY)
Photo = _property(read_photo, _DELETE_ONLY)
Flag = _property(read_boolean, _DELETE_ONLY)
SubscriptionGroups = _property(read_subscription_groups, _DELETE_ONLY)
