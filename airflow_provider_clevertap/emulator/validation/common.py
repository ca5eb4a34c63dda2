"""The rules every kind of record shares: whose it is, when it was, and which keys and values may be in it.

Written from CleverTap's public documentation, and from nothing else in this package: the loader has its own
reading of the same pages, and the two must agree.

Where the documentation says that something is wrong but not what the API answers, the record is *not* refused by
default: see :data:`~airflow_provider_clevertap.emulator.settings.Strictness`. Each such place calls
:meth:`ValidationContext.unanswered`, so searching for that name finds every choice that is ours.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from airflow_provider_clevertap.emulator.settings import Strictness

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
"""What may say whose a record is (https://developer.clevertap.com/docs/upload-user-profiles-api)."""

REFUSED_IDENTITIES = frozenset(
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
"""Identity values CleverTap refuses, compared without regard to case (https://docs.clevertap.com/docs/csv-upload)."""

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
"""A time from here on is no time at all."""

_DATE = re.compile(r"\$D_-?[0-9]+")
_DIGITS = re.compile(r"[0-9]{1,18}")


class RecordRejected(Exception):  # noqa: N818 - the API's own word for an ordinary answer, not a failure of the program
    """This record is refused.

    :param code: the API's error code.
    :param detail: fills the gap in the code's message, where it has one.
    """

    def __init__(self, code: int, detail: object = "") -> None:
        self.code = code
        self.text = MESSAGES[code].format(detail)
        super().__init__(self.text)


class Key(NamedTuple):
    """Whose record it is: the kind of identifier and its value."""

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
    """The reading of one batch: where it stands, how strict it is, and what it found.

    :param strictness: what to do where no answer is documented.
    """

    __slots__ = ("findings", "key", "kind", "number", "strictness")

    def __init__(self, strictness: Strictness) -> None:
        self.strictness = strictness
        self.findings: list[StreamError] = []
        self.number = 0
        self.kind = ""
        self.key = ""

    def start(self, number: int, kind: str) -> None:
        """Go to the next record.

        :param number: its 1-based place in the batch.
        :param kind: ``profile``, ``event`` or ``token``.
        """
        self.number = number
        self.kind = kind
        self.key = ""

    def unanswered(self, field: str, note: str, code: int = 512) -> bool:
        """Deal with something wrong for which the documentation names no answer.

        :param field: the property, or the record's own field.
        :param note: what is wrong with it; never holds the value.
        :param code: the code to refuse with, where the emulator was told to refuse.
        :returns: whether to keep what was sent.
        :raises RecordRejected: the emulator was told to refuse.
        """
        if self.strictness == "refuse":
            raise RecordRejected(code, f"{field}: {note}")
        if self.strictness == "late":
            self.findings.append(StreamError(self.number, self.kind, self.key, field, note))
        return self.strictness == "keep"


def identifier_of(reading: ValidationContext, record: dict[str, Any]) -> Key:
    """Return whose record it is.

    Several identifiers in one record: which one wins is not documented; here the first of :data:`IDENTIFIERS`.

    :raises RecordRejected: 523 without a usable identifier, 526 for an unusable objectId.
    """
    present = [name for name in IDENTIFIERS if name in record]
    if not present:
        raise RecordRejected(523)
    name = present[0]
    value = record[name]
    if name == "objectId":
        if not is_object_id(value):
            raise RecordRejected(526)
        key = Key(name, value)
    else:
        text = identity_text(value)
        if text is None:
            raise RecordRejected(523)
        key = Key(name, text)
    reading.key = key.value
    if len(present) > 1:
        reading.unanswered(present[1], "one record names several identifiers", 523)
    return key


def identity_text(value: object) -> str | None:
    """Return an identity as text, or ``None`` when CleverTap refuses it. Numbers become text, as CleverTap does."""
    if type(value) is int or type(value) is float:
        value = str(value)
    if type(value) is not str or len(value) >= IDENTITY_CHARACTERS or not value.strip():
        return None
    return None if value.lower() in REFUSED_IDENTITIES else value


def is_object_id(value: object) -> bool:
    """Tell whether this can be a CleverTap id: a text, not blank, of less than 1024 characters."""
    return type(value) is str and bool(value.strip()) and len(value) < IDENTITY_CHARACTERS


def time_of(reading: ValidationContext, record: dict[str, Any], now: int) -> int:
    """Return the record's ``ts``, or ``now`` when it has none.

    Text of digits is taken, as CleverTap's own samples send it. Milliseconds are a far future that no page says is
    refused: they are kept, and written in the error stream.

    :param now: UNIX seconds.
    :raises RecordRejected: 525 for anything that is not a positive whole number.
    """
    if "ts" not in record:
        return now
    value = record["ts"]
    if (type(value) is str and _DIGITS.fullmatch(value)) or (type(value) is float and value.is_integer()):
        value = int(value)
    if type(value) is not int or not 0 < value < FIRST_IMPOSSIBLE:
        raise RecordRejected(525)
    if value >= FIRST_MILLISECONDS:
        reading.unanswered("ts", "looks like milliseconds, not seconds", 525)
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


def is_kept_key(reading: ValidationContext, key: str) -> bool:
    """Tell whether a property under this key is kept."""
    fault = key_problem(key)
    return fault is None or reading.unanswered(key[:KEY_BYTES], fault)


def is_kept_value(reading: ValidationContext, key: str, value: object) -> bool:
    """Tell whether a single value is kept; lists and objects are not single values.

    A null has no documented effect and is left out. A text that starts like a date but is none stays text.
    """
    kind = type(value)
    if kind is str:
        text: str = value  # type: ignore[assignment]
        if len(text) * 4 > VALUE_BYTES and len(text.encode()) > VALUE_BYTES:
            return reading.unanswered(key, f"the value is longer than {VALUE_BYTES} bytes")
        if text.startswith("$D_") and not _DATE.fullmatch(text):
            reading.unanswered(key, "the value starts with $D_ but is no date")
        return True
    if kind is bool or kind is int or kind is float:
        return True
    if value is None:
        return reading.unanswered(key, "the value is null")
    return reading.unanswered(key, "the value is a list or an object")
