"""The rules that all kinds of records share: identifiers, times, names and values of properties.

Written from CleverTap's public documentation, and from nothing else in this package: the loader interprets
the same pages on its own, and the two must agree.

Where the documentation says that something is wrong but not what the API answers, the record is *not* rejected by
default: see :data:`~airflow_provider_clevertap.emulator.settings.Strictness`. Each such case calls
:meth:`ValidationContext.undocumented`, so searching for that name finds every choice that is ours.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from airflow_provider_clevertap.emulator.settings import Settings

MESSAGES = {
    509: "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. ",
    512: "Event structure is incorrect. ErrorCode: 512 - {}. ",
    513: "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. ",
    514: "Profile data is incorrect. Gender needs to be M/F.",
    515: "Profile data is incorrect. Email is not valid.",
    516: "Profile data is incorrect. Phone number is not valid.",
    517: "Profile data is incorrect. Employed needs to be Y/N.",
    518: "Profile data is incorrect. Education needs to be School/College/Graduate..",
    519: "Profile data is incorrect. Married needs to be Y/N.",
    520: "Profile data is incorrect. Age is invalid.",
    522: "Event structure is incorrect. ErrorCode: 522 - An event cannot have more than {} properties. ",
    523: "Identity cannot be undefined. Set at least one of identity, fbId, gpId, objectId under 1024 chars. ",
    524: "Record type is incorrect. ErrorCode: 524 - It is neither an event nor a profile. ",
    525: "Timestamp should be present in the Unix Epoch format. ",
    526: "Object ID is incorrect. ErrorCode: 526 - objectId is not valid. ",
    528: "Event Name is incorrect. ErrorCode: 528 - The event is discarded in the dashboard. ",
    530: "Token is incorrect. ErrorCode: 530 - objectId is not valid. ",
    531: "Token is incorrect. ErrorCode: 531 - tokenData is missing or not an object. ",
    532: "Token is incorrect. ErrorCode: 532 - Token id is mandatory. ",
    533: "Token is incorrect. ErrorCode: 533 - Token type is mandatory. ",
    534: "Token is incorrect. ErrorCode: 534 - Token type is not valid for the objectId. ",
    535: "Token is incorrect. ErrorCode: 535 - {}. ",
    555: "Miscellaneous server error. ",
}
"""Message by code. The codes are from https://developer.clevertap.com/docs/api-errors; the texts of 509, 513,
515 to 520, 523 and 525 follow recorded answers and documentation samples, the others are this emulator's wording."""

IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
"""What may identify the profile of a record (https://developer.clevertap.com/docs/upload-user-profiles-api)."""

RECORD_KEYS = ("identity", "objectId", "value")
"""The fields a record is listed by, and that fault rules find it by; ``value`` is that of a subscription."""

REJECTED_IDENTITIES = frozenset(
    [
        "undefined",
        "null",
        "na",
        "n/a",
        "0",
        "nil",
        "-1",
        "infinity",
        "-infinity",
        "inf",
        "-inf",
        "nan",
        "-nan",
        "empty",
        "xxxxxx",
        "none",
    ]
)
"""Identity values CleverTap rejects, compared without regard to case (https://docs.clevertap.com/docs/csv-upload)."""

IDENTITY_CHARACTERS = 1024
"""An identifier is shorter than this (same page)."""

KEY_BYTES = 120
"""Longest property key, in UTF-8 bytes (https://developer.clevertap.com/docs/upload-user-profiles-api)."""

VALUE_BYTES = 512
"""Longest text value, in UTF-8 bytes (same page)."""

FORBIDDEN_IN_KEYS = frozenset("%><!|&.:;$'\"\\#")
"""Characters no property key or event name may hold (same page)."""

FIRST_MILLISECONDS = 100_000_000_000
"""A time from here on is milliseconds: as seconds it would be the year 5138."""

FIRST_IMPOSSIBLE = 10**18
"""A time from here on is not valid in any unit."""

_DATE = re.compile(r"\$D_-?[0-9]+")
_DIGITS = re.compile(r"[0-9]{1,18}")


class RecordRejected(Exception):  # noqa: N818 - the API's own word for an ordinary answer, not a failure of the program
    """The record is rejected.

    :param code: the API's error code.
    :param detail: replaces the ``{}`` of the message, where it has one.
    :param message: replaces the code's usual message.
    """

    def __init__(self, code: int, detail: object = "", message: str | None = None) -> None:
        self.code = code
        self.text = (message or MESSAGES[code]).format(detail)
        super().__init__(self.text)


class Key(NamedTuple):
    """What identifies the profile of a record: the kind of identifier and its value."""

    kind: str
    value: str


class StreamError(NamedTuple):
    """One line of the error stream: something wrong in a record that was answered with success."""

    number: int
    kind: str
    key: str
    field: str
    note: str


class ValidationContext:
    """What the validation of a batch has in common: settings, the current record, and the findings so far.

    :param settings: limits, and what to do where no answer is documented.
    :param now: UNIX seconds, for a record without ``ts``.
    """

    __slots__ = ("findings", "has_valid_phone", "key", "kind", "now", "number", "settings")

    def __init__(self, settings: Settings, now: int) -> None:
        self.settings = settings
        self.now = now
        self.findings: list[StreamError] = []
        self.number = 0
        self.kind = ""
        self.key = ""
        self.has_valid_phone = False

    def start(self, number: int, kind: str) -> None:
        """Make the next record the current one.

        :param number: its 1-based position in the batch.
        :param kind: the name of its kind.
        """
        self.number = number
        self.kind = kind
        self.key = ""
        self.has_valid_phone = False

    def undocumented(self, field: str, note: str, code: int = 512) -> bool:
        """Deal with something wrong for which the documentation names no answer.

        :param field: the property, or the record's own field.
        :param note: what is wrong with it; never holds the value.
        :param code: the code to reject with, under the strictness ``refuse``.
        :returns: whether to keep what was sent.
        :raises RecordRejected: under the strictness ``refuse``.
        """
        strictness = self.settings.strictness
        if strictness == "refuse":
            raise RecordRejected(code, f"{field}: {note}")
        if strictness == "late":
            self.findings.append(StreamError(self.number, self.kind, self.key, field, note))
        return strictness == "keep"


def identifiers_of_profile(context: ValidationContext, record: dict[str, Any]) -> tuple[Key, Key | None]:
    """Return what identifies the profile of a record, and its objectId as well where a setting accepts both.

    Several identifiers in one record: which one counts is not documented; here it is the first of :data:`IDENTIFIERS`.

    :raises RecordRejected: 523 without a usable identifier, 526 for an unusable objectId.
    """
    present = [name for name in IDENTIFIERS if name in record]
    if not present:
        raise RecordRejected(523)
    key = _key_in(record, present[0])
    context.key = key.value
    if present == ["identity", "objectId"] and context.settings.identity_and_object_id == "accept":
        return key, _key_in(record, "objectId")
    if len(present) > 1:
        context.undocumented(present[1], "one record names several identifiers", 523)
    return key, None


def keys_of(key: Key, device: Key | None) -> tuple[Key, ...]:
    """Return the identifiers of a record's profile."""
    return (key,) if device is None else (key, device)


def _key_in(record: dict[str, Any], name: str) -> Key:
    value = record[name]
    if name == "objectId":
        if not is_object_id(value):
            raise RecordRejected(526)
        return Key(name, value)
    text = identity_text(value)
    if text is None:
        raise RecordRejected(523)
    return Key(name, text)


def identifiers_of(record: object) -> list[Any]:
    """Return the identity, objectId and value of a record, of any type, as far as it has them."""
    return [record[name] for name in RECORD_KEYS if name in record] if isinstance(record, dict) else []


def identity_text(value: object) -> str | None:
    """Return an identity as text, or ``None`` when CleverTap rejects it. Numbers become text, as they do there."""
    if type(value) is int or type(value) is float:
        value = str(value)
    if type(value) is not str or len(value) >= IDENTITY_CHARACTERS or not value.strip():
        return None
    return None if value.lower() in REJECTED_IDENTITIES else value


def is_object_id(value: object) -> bool:
    """Return whether this can be a CleverTap id: text, not blank, of less than 1024 characters."""
    return type(value) is str and bool(value.strip()) and len(value) < IDENTITY_CHARACTERS


def time_of(context: ValidationContext, record: dict[str, Any]) -> int:
    """Return the record's ``ts``, or the current time when it has none.

    Text of digits is accepted, as CleverTap's own samples send it. Milliseconds are a time in the far future, of which
    no page says that it is rejected: they are kept, and written in the error stream.

    :raises RecordRejected: 525 for anything that is not a positive whole number.
    """
    if "ts" not in record:
        return context.now
    value = record["ts"]
    if (type(value) is str and _DIGITS.fullmatch(value)) or (type(value) is float and value.is_integer()):
        value = int(value)
    if type(value) is not int or not 0 < value < FIRST_IMPOSSIBLE:
        raise RecordRejected(525)
    if value >= FIRST_MILLISECONDS:
        context.undocumented("ts", "looks like milliseconds, not seconds", 525)
    return value


@lru_cache(maxsize=10_000)
def key_problem(key: str) -> str | None:
    """Return what is wrong with a property key or event name, or ``None``."""
    if not key.strip():
        return "the name is empty"
    if len(key.encode()) > KEY_BYTES:
        return f"the name is longer than {KEY_BYTES} bytes"
    if not FORBIDDEN_IN_KEYS.isdisjoint(key):
        return "the name holds a forbidden character"
    return None


def is_kept_key(context: ValidationContext, key: str) -> bool:
    """Return whether a property under this key is kept."""
    problem = key_problem(key)
    return problem is None or context.undocumented(key[:KEY_BYTES], problem)


def is_kept_value(context: ValidationContext, key: str, value: object) -> bool:
    """Return whether a single value is kept; lists and objects are not single values.

    A null has no documented effect and is left out. Text that starts like a date but is none stays text.
    """
    kind = type(value)
    if kind is str:
        text: str = value  # type: ignore[assignment]
        if len(text) * 4 > VALUE_BYTES and len(text.encode()) > VALUE_BYTES:
            return context.undocumented(key, f"the value is longer than {VALUE_BYTES} bytes")
        if text.startswith("$D_") and not _DATE.fullmatch(text):
            context.undocumented(key, "the value starts with $D_ but is not a date")
        return True
    if kind is bool or kind is int or kind is float:
        return True
    if value is None:
        return context.undocumented(key, "the value is null")
    return context.undocumented(key, "the value is a list or an object")
