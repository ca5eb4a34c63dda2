"""The JSON of an answer, built as Python objects only as far as it is looked at, and as the batch can account for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

#: a part that is missing
ABSENT: Final = msgspec.Raw()
#: longest JSON of a scalar that is looked at, in bytes: longer texts than any record's are no answer of CleverTap's
_SCALAR = 1 << 20
#: what stands for a value that is no scalar, or one without end
_OTHER = object()
#: longest JSON of a list without items, and of one that is built whatever the number of its items, in bytes
_EMPTY = 64
_COUNTED = 1 << 18

#: longest run of digits read as a number: no batch and no code needs more
_DIGITS = 9

#: what msgspec raises for JSON that is malformed, of another shape, not UTF-8, or nested without end
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class UnprocessedRecord(msgspec.Struct, gc=False):
    """One item of ``unprocessed``, undecoded: its parts may be of any type and size; see :func:`scalar`."""

    status: msgspec.Raw = ABSENT
    code: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    record: msgspec.Raw = ABSENT


class _RawBody(msgspec.Struct):
    """The body of an answer, undecoded. As Python objects 32 MB of ``{}`` would take 25 times as much."""

    status: msgspec.Raw = ABSENT
    code: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    processed: msgspec.Raw = ABSENT
    unprocessed: msgspec.Raw = ABSENT


class UploadBody(NamedTuple):
    """The body of an answer. The scalars may be of any type: they are looked at when they are used."""

    status: object
    code: object
    error: object
    processed: object
    unprocessed: msgspec.Raw


_BODY = msgspec.json.Decoder(_RawBody)
_FEW = msgspec.json.Decoder(list[UnprocessedRecord] | None)


class UnreadableError(Exception):
    """A part of an answer is not JSON, or not of the shape it must have."""


def scalar(part: msgspec.Raw) -> object:
    """Read a text, a number, true, false or null; ``None`` when it is missing, something else when it is no scalar.

    :raises UnreadableError: when it is not JSON.
    """
    text = memoryview(part)
    if not text:
        return None
    if len(text) > _SCALAR or text[0] in b"[{":
        return _OTHER
    try:
        return msgspec.json.decode(part)
    except UNREADABLE:
        raise UnreadableError from None


def read_body(body: bytes) -> UploadBody | None:
    """Read the body of an answer, ``None`` when it is none. What it lists as unprocessed is not looked into."""
    try:
        raw = _BODY.decode(body)
        status, code, error, processed = map(scalar, (raw.status, raw.code, raw.error, raw.processed))
    except (*UNREADABLE, UnreadableError):
        return None
    return UploadBody(status, code, error, processed, raw.unprocessed)


def names_nobody(body: UploadBody) -> bool:
    """Whether an answer lists no refused record."""
    return len(memoryview(body.unprocessed)) <= _EMPTY and decoded(body.unprocessed) in (None, [])


def listed_records(part: msgspec.Raw, expected: int) -> Sequence[UnprocessedRecord] | None:
    """Read the refused records of an answer.

    :param expected: how many there must be.
    :returns: ``None`` when there are others, and so many that they are not even counted.
    :raises UnreadableError: when they are something else than a list of records.
    """
    try:
        if len(memoryview(part)) <= _COUNTED:
            return _FEW.decode(part) or [] if memoryview(part) else []
        # a tuple of fixed length ends with the first item too many; a list would be built with all there are
        return _exactly(expected).decode(part) if expected > 0 else None
    except msgspec.ValidationError as error:
        if "of length" in str(error):
            return None
        raise UnreadableError from None
    except UNREADABLE:
        raise UnreadableError from None


@lru_cache(maxsize=16)
def _exactly(items: int) -> msgspec.json.Decoder[tuple[UnprocessedRecord, ...]]:
    # mypy knows no tuple type of a length that is not written down
    return msgspec.json.Decoder(tuple.__class_getitem__((UnprocessedRecord,) * items))


def whole(value: object) -> int | None:
    """Read a number that may be written as text, ``None`` when it is not a whole number of sensible size."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_DIGITS:
        return value
    return None


def decoded(text: bytes | msgspec.Raw) -> object:
    """Read JSON, ``None`` when it cannot be read."""
    try:
        return msgspec.json.decode(text)
    except UNREADABLE:
        return None
