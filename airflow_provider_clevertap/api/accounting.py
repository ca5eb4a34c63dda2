"""What became of each record of a batch: the ``processed`` and ``unprocessed`` of CleverTap's answer.

An answer counts only when its accounts add up and every refusal belongs to one record with certainty. Anything else is
:class:`~airflow_provider_clevertap.api.answers.Unclear`: a wrong guess would blame, lose or double somebody's record.

Response body: https://developer.clevertap.com/docs/upload-user-profiles-api. CleverTap has no field for the place of a
refused record: its number, counted from 1, stands at the end of the error text ("Skipped record number : 2").
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from airflow_provider_clevertap.api.answers import Processed, RecordRefusal, Unclear
from airflow_provider_clevertap.api.wording import one_line

# no leading \s*: it would make a long run of spaces slow to search
_NUMBER = re.compile(r"Skipped\s+record\s+number\s*:?\s*([0-9]*)\s*\.?", re.IGNORECASE)
#: longest run of digits read as a number: no batch and no code needs more
_DIGITS = 9
#: longest error text kept for a rejects file, in characters
_REASON = 1_000
#: the fields by which a record says whose it is
_IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
_LOOSE = re.compile(r"[\W_]+")

_Key: TypeAlias = tuple[str | None, ...]


#: what msgspec raises for JSON that is malformed, of another shape, not UTF-8, or nested without end
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class UnprocessedRecord(msgspec.Struct):
    """One item of ``unprocessed``. The echoed record stays undecoded: it is rarely needed and can be large."""

    status: object = None
    code: object = None
    error: object = None
    record: msgspec.Raw = msgspec.Raw()


class UploadBody(msgspec.Struct):
    """The body of an answer. The scalars may be of any type: they are looked at when they are used."""

    status: object = None
    code: object = None
    error: object = None
    processed: object = None
    unprocessed: list[UnprocessedRecord] | None = None


class _UncertainError(Exception):
    """A refusal cannot be matched to one record of the batch."""


def whole(value: object) -> int | None:
    """Read a number that may be written as text, ``None`` when it is not a whole number of sensible size."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_DIGITS:
        return value
    return None


def settle(body: UploadBody, status: int, records: int, sent: bytes) -> Processed | Unclear:
    """Read the accounts of a batch.

    :param body: the answer's body.
    :param status: the HTTP status.
    :param records: how many records the batch had.
    :param sent: the request's body; read only when an answer leaves record numbers out.
    """
    listed = body.unprocessed or []
    processed = whole(body.processed)
    problem = ""
    if processed is None:
        problem = "it does not say how many records were processed"
    elif processed + len(listed) != records:
        problem = f"{processed} processed and {len(listed)} refused do not make the {records} records sent"
    elif body.status not in ("success", "partial", "fail"):
        problem = "its status is none of success, partial and fail"
    elif body.status == "success" and listed:
        problem = f"it reports success and {len(listed)} refused records"
    elif body.status != "success" and not listed:
        problem = "it reports a failure and names no refused record"
    elif any(item.status not in (None, "fail") for item in listed):
        problem = "a record listed as unprocessed is not marked as failed"
    if problem:
        return _unclear(status, problem, body)
    if not listed:
        return Processed()
    told = [_told(item.error) for item in listed]
    try:
        places = _places([place for place, _ in told], listed, records, sent)
    except _UncertainError as uncertain:
        return _unclear(status, str(uncertain), body)
    refused = [
        RecordRefusal(place, whole(item.code), reason)
        for place, item, (_, reason) in zip(places, listed, told, strict=True)
    ]
    return Processed(tuple(sorted(refused, key=lambda refusal: refusal.index)))


def quoted(error: object) -> str:
    """Give CleverTap's own words about a whole request, ready to follow other words; empty when there are none."""
    words = one_line(error)
    return f' "{words}"' if words else ""


def _unclear(status: int, problem: str, body: UploadBody) -> Unclear:
    detail = f"HTTP {status}{quoted(body.error)}, but the answer does not add up: {problem}"
    return Unclear(status, detail, answered=True)


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


def _places(told: list[int | None], listed: list[UnprocessedRecord], records: int, sent: bytes) -> list[int]:
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
    batch = decoded(sent)
    batch = batch.get("d") if isinstance(batch, dict) else None
    if not isinstance(batch, list) or len(batch) != records:
        raise _UncertainError("a refusal has no record number, and the batch sent cannot be read again")
    keys = [_key(record) for record in batch]
    loose: dict[_Key, int] = {}
    for key in keys:
        loose[_loosened(key)] = loose.get(_loosened(key), 0) + 1
    return {key: place for place, key in enumerate(keys) if any(key[1:]) and loose[_loosened(key)] == 1}


def _owner(echo: msgspec.Raw, owners: dict[_Key, int]) -> int:
    place = owners.get(_key(decoded(bytes(echo))))
    if place is None:
        raise _UncertainError("a refusal has no record number, and its record cannot be told from the others")
    return place


def _key(record: object) -> _Key:
    if not isinstance(record, dict):
        return (None,) * (1 + len(_IDENTIFIERS))
    return tuple(_text(record.get(name)) for name in ("type", *_IDENTIFIERS))


def _text(value: object) -> str | None:
    # CleverTap may echo the number 13 as the text "13"
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _loosened(key: _Key) -> _Key:
    """Take away what an echo may have lost: case, signs, spaces, leading zeros.

    Two records that differ only in these could be taken for each other.
    """
    return tuple(part if part is None else _LOOSE.sub("", part).casefold().lstrip("0") for part in key)


def decoded(text: bytes) -> object:
    """Read JSON, ``None`` when it cannot be read."""
    try:
        return msgspec.json.decode(text)
    except UNREADABLE:
        return None
