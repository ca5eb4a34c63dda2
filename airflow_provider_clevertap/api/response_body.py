"""Decode the JSON of a response, with memory bounded by the batch that was sent.

Only the parts that are used become Python objects, and of the list of unprocessed records no more items than the batch
has records.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

#: stands for a missing part
ABSENT: Final = msgspec.Raw()
#: maximum bytes of a scalar's JSON; a longer text cannot be from CleverTap, as records are shorter
_MAX_SCALAR_BYTES = 1 << 20
#: stands for a value that is not a scalar, or is too long
_NOT_A_SCALAR = object()
#: maximum bytes of the JSON of an empty list
_MAX_EMPTY_BYTES = 64
#: up to this many bytes a list is decoded whatever the number of its items
_SHORT_LIST_BYTES = 1 << 18

#: maximum digits of a number: no batch and no code needs more
_MAX_DIGITS = 9

#: errors of msgspec for JSON that is malformed, of another shape, not UTF-8, or nested too deeply
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class UnprocessedRecord(msgspec.Struct, gc=False):
    """One item of ``unprocessed``, undecoded. Its parts may have any type and size; read them with :func:`scalar`."""

    status: msgspec.Raw = ABSENT
    code: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    record: msgspec.Raw = ABSENT


class _RawBody(msgspec.Struct):
    """The body of a response, undecoded: as Python objects, 32 MB of ``{}`` would take 25 times as much memory."""

    status: msgspec.Raw = ABSENT
    code: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    processed: msgspec.Raw = ABSENT
    unprocessed: msgspec.Raw = ABSENT


class UploadBody(NamedTuple):
    """The body of a response. The values may have any type and are checked where they are used."""

    status: object
    code: object
    error: object
    processed: object
    unprocessed: msgspec.Raw


_BODY = msgspec.json.Decoder(_RawBody)
_LIST = msgspec.json.Decoder(list[UnprocessedRecord] | None)


class UnreadableError(Exception):
    """A part of a response is not JSON, or does not have the required shape."""


def scalar(part: msgspec.Raw) -> object:
    """Read a text, a number, true, false or null.

    :returns: the value; ``None`` when the part is missing; a marker of no JSON type when it is not a scalar.
    :raises UnreadableError: when it is not JSON.
    """
    text = memoryview(part)
    if not text:
        return None
    if len(text) > _MAX_SCALAR_BYTES or text[0] in b"[{":
        return _NOT_A_SCALAR
    try:
        return msgspec.json.decode(part)
    except UNREADABLE:
        raise UnreadableError from None


def read_body(body: bytes) -> UploadBody | None:
    """Read the body of a response, ``None`` when it cannot be read. The unprocessed records are not decoded yet."""
    try:
        raw = _BODY.decode(body)
        status, code, error, processed = map(scalar, (raw.status, raw.code, raw.error, raw.processed))
    except (*UNREADABLE, UnreadableError):
        return None
    return UploadBody(status, code, error, processed, raw.unprocessed)


def lists_no_records(body: UploadBody) -> bool:
    """Return whether a response lists no unprocessed record."""
    return len(memoryview(body.unprocessed)) <= _MAX_EMPTY_BYTES and decode(body.unprocessed) in (None, [])


def listed_records(part: msgspec.Raw, expected: int) -> Sequence[UnprocessedRecord] | None:
    """Read the unprocessed records of a response.

    :param expected: the number there must be.
    :returns: ``None`` when a long list does not have the expected number of records; it is then not decoded further.
    :raises UnreadableError: when the part is not a list of records.
    """
    try:
        if len(memoryview(part)) <= _SHORT_LIST_BYTES:
            return _LIST.decode(part) or [] if memoryview(part) else []
        # decoding a tuple of fixed length stops at the first excess item; a list would be decoded completely
        return _tuple_decoder(expected).decode(part) if expected > 0 else None
    except msgspec.ValidationError as error:
        if "of length" in str(error):
            return None
        raise UnreadableError from None
    except UNREADABLE:
        raise UnreadableError from None


@lru_cache(maxsize=16)
def _tuple_decoder(items: int) -> msgspec.json.Decoder[tuple[UnprocessedRecord, ...]]:
    # mypy has no tuple type with a length that is computed
    return msgspec.json.Decoder(tuple.__class_getitem__((UnprocessedRecord,) * items))


def whole_number(value: object) -> int | None:
    """Return a whole number that may be written as text, ``None`` when it is not one or too large."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_MAX_DIGITS:
        return value
    return None


def decode(text: bytes | msgspec.Raw) -> object:
    """Return the decoded JSON, ``None`` when it cannot be read."""
    try:
        return msgspec.json.decode(text)
    except UNREADABLE:
        return None
