"""What became of each record of a batch: the ``processed`` and ``unprocessed`` of CleverTap's answer.

An answer counts only when its accounts add up and every refusal belongs to one record with certainty. Anything else is
:class:`~airflow_provider_clevertap.api.answers.Ambiguous`: a wrong guess would blame, lose or double somebody's record.

Response body: https://developer.clevertap.com/docs/upload-user-profiles-api. CleverTap has no field for the place of a
refused record: its number, counted from 1, stands at the end of the error text ("Skipped record number : 2").
"""

from __future__ import annotations

import re
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
    whole,
)

# no leading \s*: it would make a long run of spaces slow to search
_NUMBER = re.compile(r"Skipped\s+record\s+number\s*:?\s*([0-9]*)\s*\.?", re.IGNORECASE)
#: longest error text kept for a rejects file, in characters
_REASON = 1_000
#: the fields by which a record says whose it is
_IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
_LOOSE = re.compile(r"[\W_]+")

_Key: TypeAlias = tuple[str | None, ...]


class _Owner(msgspec.Struct):
    """What says whose a record is."""

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
    """A refusal cannot be matched to one record of the batch."""


def settle(body: UploadBody, status: int, records: int, sent: bytes) -> Processed | Ambiguous:
    """Read the accounts of a batch.

    :param body: the answer's body.
    :param status: the HTTP status.
    :param records: how many records the batch had.
    :param sent: the request's body; read only when an answer leaves record numbers out.
    :raises UnreadableError: when what it lists as unprocessed is no list of records.
    """
    processed, state = whole(body.processed), body.status
    listed = listed_records(body.unprocessed, min(records, records - (processed or 0)))
    problem = ""
    if processed is None:
        problem = "it does not say how many records were processed"
    elif listed is None:
        problem = f"{processed} processed and those listed as refused do not make the {records} records sent"
    elif processed + len(listed) != records:
        problem = f"{processed} processed and {len(listed)} refused do not make the {records} records sent"
    elif state not in ("success", "partial", "fail"):
        problem = "its status is none of success, partial and fail"
    elif state == "success" and listed:
        problem = f"it reports success and {len(listed)} refused records"
    elif state != "success" and not listed:
        problem = "it reports a failure and names no refused record"
    elif any(scalar(item.status) not in (None, "fail") for item in listed):
        problem = "a record listed as unprocessed is not marked as failed"
    if problem or listed is None:
        return _unclear(status, problem, body)
    if not listed:
        return Processed()
    told = [_told(scalar(item.error)) for item in listed]
    try:
        places = _places([place for place, _ in told], listed, records, sent)
    except _UncertainError as uncertain:
        return _unclear(status, str(uncertain), body)
    refused = [
        RejectedRecord(place, whole(scalar(item.code)), reason)
        for place, item, (_, reason) in zip(places, listed, told, strict=True)
    ]
    return Processed(tuple(sorted(refused, key=lambda refusal: refusal.index)))


def quoted(error: object) -> str:
    """Give CleverTap's own words about a whole request, ready to follow other words; empty when there are none."""
    words = one_line(error)
    return f' "{words}"' if words else ""


def _unclear(status: int, problem: str, body: UploadBody) -> Ambiguous:
    detail = f"HTTP {status}{quoted(body.error)}, but the answer does not add up: {problem}"
    return Ambiguous(status, detail, answered=True)


def _told(error: object) -> tuple[int | None, str]:
    """Take an error text apart: the 0-based place of its record, and the reason without the number.

    The last number counts: CleverTap appends it to a text that may quote anything.
    """
    if not isinstance(error, str):
        return None, ""
    matches = list(_NUMBER.finditer(error))
    if not matches:
        return None, one_line(error, _REASON)
    tail = matches[-1]
    reason = one_line(error[: tail.start()] + error[tail.end() :], _REASON)
    if not tail[1]:
        return None, reason
    number = whole(tail[1])
    # a number too long to be one is out of range, like 0
    return (-1 if number is None else number - 1), reason


def _places(told: list[int | None], listed: Sequence[UnprocessedRecord], records: int, sent: bytes) -> list[int]:
    """Find the 0-based place of each refused record: by its number, by order, or by whose record it is."""
    known = [place for place in told if place is not None]
    if not all(0 <= place < records for place in known):
        raise _UncertainError(f"a refusal has a record number outside 1 to {records}")
    if len(set(known)) != len(known):
        raise _UncertainError("two refusals have the same record number")
    if len(known) == len(listed):
        return known
    if len(listed) == records and all(place in (None, index) for index, place in enumerate(told)):
        return list(range(records))
    owners = _owners(sent, records)
    places = [_owner(item.record, owners) if place is None else place for place, item in zip(told, listed, strict=True)]
    if len(set(places)) != len(places):
        raise _UncertainError("two refusals belong to the same record")
    return places


def _owners(sent: bytes, records: int) -> dict[_Key, int]:
    """Give the place of every sent record that nothing else in the batch could be taken for."""
    try:
        batch = _SENT.decode(sent).d
    except UNREADABLE:
        batch = []
    if len(batch) != records:
        raise _UncertainError("a refusal has no record number, and the batch sent cannot be read again")
    keys = [_key(record) for record in batch]
    loose: dict[_Key, int] = {}
    for key in keys:
        loose[_loosened(key)] = loose.get(_loosened(key), 0) + 1
    return {key: place for place, key in enumerate(keys) if any(key[1:]) and loose[_loosened(key)] == 1}


def _owner(echo: msgspec.Raw, owners: dict[_Key, int]) -> int:
    try:
        place = owners.get(_key(_OWNER.decode(echo)))
    except (*UNREADABLE, UnreadableError):
        place = None
    if place is None:
        raise _UncertainError("a refusal has no record number, and its record cannot be told from the others")
    return place


def _key(record: _Owner) -> _Key:
    return tuple(_text(scalar(part)) for part in (record.type, *(getattr(record, name) for name in _IDENTIFIERS)))


def _text(value: object) -> str | None:
    # CleverTap may echo the number 13 as the text "13"
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _loosened(key: _Key) -> _Key:
    """Take away what an echo may have lost: case, signs, spaces, leading zeros.

    Two records that differ only in these could be taken for each other.
    """
    return tuple(part if part is None else _LOOSE.sub("", part).casefold().lstrip("0") for part in key)
