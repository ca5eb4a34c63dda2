"""Read the outcomes of a batch's records from the ``processed`` and ``unprocessed`` fields of CleverTap's response.

A response is only used when its counts are consistent and every rejection certainly belongs to one record. Otherwise
the result is :class:`~airflow_provider_clevertap.api.answers.Ambiguous`: a wrong guess would reject, lose or duplicate
another record.

Response body: https://developer.clevertap.com/docs/upload-user-profiles-api. CleverTap has no field for the position of
a rejected record: its number, counted from 1, is at the end of the error text ("Skipped record number : 2").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from airflow_provider_clevertap.api.answers import Ambiguous, Processed, RejectedRecord
from airflow_provider_clevertap.api.excerpts import one_line
from airflow_provider_clevertap.api.response_body import (
    ABSENT,
    UNREADABLE,
    UnprocessedRecord,
    UnreadableError,
    UploadBody,
    listed_records,
    scalar,
    whole_number,
)

# no leading \s*: long runs of spaces would be slow to search
_NUMBER = re.compile(r"Skipped\s+record\s+number\s*:?\s*([0-9]*)\s*\.?", re.IGNORECASE)
#: maximum characters of an error text for the rejects file
_MAX_REASON_LENGTH = 1_000
#: the fields that name the owner of a record
_IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
_INSIGNIFICANT = re.compile(r"[\W_]+")

_Key: TypeAlias = tuple[str | None, ...]


class _Owner(msgspec.Struct):
    """The type and the owner of a record."""

    type: msgspec.Raw = ABSENT
    identity: msgspec.Raw = ABSENT
    objectId: msgspec.Raw = ABSENT  # noqa: N815 - the API's name
    FBID: msgspec.Raw = ABSENT
    GPID: msgspec.Raw = ABSENT


class _Sent(msgspec.Struct):
    """The records of a batch."""

    d: list[_Owner]


_OWNER = msgspec.json.Decoder(_Owner)
_SENT = msgspec.json.Decoder(_Sent)


class _UncertainError(Exception):
    """A rejection cannot be matched to one record of the batch."""


def read_outcomes(body: UploadBody, status: int, records: int, sent: bytes) -> Processed | Ambiguous:
    """Return the outcomes of the records of a batch.

    :param body: the body of the response.
    :param status: the HTTP status.
    :param records: the number of records in the batch.
    :param sent: the body of the request; read only when the response leaves out record numbers.
    :raises UnreadableError: when the unprocessed records are not a list of records.
    """
    processed, state = whole_number(body.processed), body.status
    listed = listed_records(body.unprocessed, min(records, records - (processed or 0)))
    problem = ""
    if processed is None:
        problem = "it does not contain the number of processed records"
    elif listed is None:
        problem = f"{processed} processed and those listed as rejected do not add up to the {records} records sent"
    elif processed + len(listed) != records:
        problem = f"{processed} processed and {len(listed)} rejected do not add up to the {records} records sent"
    elif state not in ("success", "partial", "fail"):
        problem = "its status is none of success, partial and fail"
    elif state == "success" and listed:
        problem = f"it reports success and {len(listed)} rejected records"
    elif state != "success" and not listed:
        problem = "it reports a failure without a rejected record"
    elif any(scalar(item.status) not in (None, "fail") for item in listed):
        problem = "a record listed as unprocessed is not marked as failed"
    if problem or listed is None:
        return _ambiguous(status, problem, body)
    if not listed:
        return Processed()
    errors = [_split_error(scalar(item.error)) for item in listed]
    try:
        indexes = _find_indexes([index for index, _ in errors], listed, records, sent)
    except _UncertainError as error:
        return _ambiguous(status, str(error), body)
    rejected = [
        RejectedRecord(index, whole_number(scalar(item.code)), reason)
        for index, item, (_, reason) in zip(indexes, listed, errors, strict=True)
    ]
    return Processed(tuple(sorted(rejected, key=lambda record: record.index)))


def quoted(error: object) -> str:
    """Return CleverTap's error text in quotes, with a space before it; empty when there is none."""
    text = one_line(error)
    return f' "{text}"' if text else ""


def _ambiguous(status: int, problem: str, body: UploadBody) -> Ambiguous:
    detail = f"HTTP {status}{quoted(body.error)}, but the answer does not add up: {problem}"
    return Ambiguous(status, detail, answered=True)


def _split_error(error: object) -> tuple[int | None, str]:
    """Split an error text into the 0-based index of its record and the reason without the number.

    The last number counts: CleverTap appends it to a text that may quote anything.
    """
    if not isinstance(error, str):
        return None, ""
    matches = list(_NUMBER.finditer(error))
    if not matches:
        return None, one_line(error, _MAX_REASON_LENGTH)
    last = matches[-1]
    reason = one_line(error[: last.start()] + error[last.end() :], _MAX_REASON_LENGTH)
    if not last[1]:
        return None, reason
    number = whole_number(last[1])
    # a number with too many digits is out of range, like 0
    return (-1 if number is None else number - 1), reason


def _find_indexes(
    numbered: list[int | None], listed: Sequence[UnprocessedRecord], records: int, sent: bytes
) -> list[int]:
    """Return the 0-based index of each rejected record: from its number, from the order, or from its owner."""
    known = [index for index in numbered if index is not None]
    if not all(0 <= index < records for index in known):
        raise _UncertainError(f"a rejected record has a number outside 1 to {records}")
    if len(set(known)) != len(known):
        raise _UncertainError("two rejected records have the same number")
    if len(known) == len(listed):
        return known
    if len(listed) == records and all(index in (None, position) for position, index in enumerate(numbered)):
        return list(range(records))
    by_owner = _indexes_by_owner(sent, records)
    indexes = [
        _index_by_owner(item.record, by_owner) if index is None else index
        for index, item in zip(numbered, listed, strict=True)
    ]
    if len(set(indexes)) != len(indexes):
        raise _UncertainError("two rejections belong to the same record")
    return indexes


def _indexes_by_owner(sent: bytes, records: int) -> dict[_Key, int]:
    """Return the indexes of the sent records by owner, without records that could be confused with others."""
    try:
        batch = _SENT.decode(sent).d
    except UNREADABLE:
        batch = []
    if len(batch) != records:
        raise _UncertainError("a rejected record has no number, and the batch sent cannot be read again")
    keys = [_key(record) for record in batch]
    counts = Counter(map(_simplified, keys))
    return {key: index for index, key in enumerate(keys) if any(key[1:]) and counts[_simplified(key)] == 1}


def _index_by_owner(echo: msgspec.Raw, by_owner: dict[_Key, int]) -> int:
    try:
        index = by_owner.get(_key(_OWNER.decode(echo)))
    except (*UNREADABLE, UnreadableError):
        index = None
    if index is None:
        raise _UncertainError("a rejected record has no number, and its owner does not identify it")
    return index


def _key(record: _Owner) -> _Key:
    return tuple(_text(scalar(part)) for part in (record.type, *(getattr(record, name) for name in _IDENTIFIERS)))


def _text(value: object) -> str | None:
    # CleverTap may echo the number 13 as the text "13"
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _simplified(key: _Key) -> _Key:
    """Return a key without what an echo may have changed: case, signs, spaces, leading zeros.

    Two records that differ only in these could be confused.
    """
    return tuple(part if part is None else _INSIGNIFICANT.sub("", part).casefold().lstrip("0") for part in key)
