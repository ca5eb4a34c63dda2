"""From the body of one upload to a verdict on each of its records, and the answer that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.validation.common import (
    RecordRejected,
    StreamError,
    ValidationContext,
    identity_text,
)
from airflow_provider_clevertap.emulator.validation.device_tokens import TokenArrival, read_token
from airflow_provider_clevertap.emulator.validation.events import EventArrival, read_event
from airflow_provider_clevertap.emulator.validation.profiles import ProfileUpdate, read_profile

RECORDS_PER_UPLOAD = 1000
"""Profiles and events together (https://developer.clevertap.com/docs/upload-user-profiles-api)."""

TOKENS_PER_UPLOAD = 100
"""Device tokens (https://developer.clevertap.com/docs/upload-device-tokens-api)."""

MALFORMED = "Malformed request"
"""The documented text of a 400."""

KINDS = ("profile", "event", "token")

Arrival = ProfileUpdate | EventArrival | TokenArrival


class RefusedRecord(NamedTuple):
    """A record that did not pass.

    :param number: its 1-based place in the batch.
    :param kind: its type, or ``other``.
    :param key: whose it is as far as that can be read.
    :param record: the record as the answer shows it.
    """

    number: int
    kind: str
    key: str
    code: int
    text: str
    record: Any


class BadRequestError(Exception):
    """The body as a whole is refused with HTTP 400; the message is the answer's ``error``."""


class BatchResult(msgspec.Struct):
    """What the rules say about one batch.

    :param kinds: the type of each record, in order.
    :param passed: what passed, in order.
    :param refused: what did not.
    :param findings: lines for the error stream.
    """

    kinds: list[str]
    passed: list[Arrival]
    refused: list[RefusedRecord]
    findings: list[StreamError]


Interference = Callable[[int, dict[str, Any]], bool]
"""Given a record's number and the record: whether a fault refuses it, with code 555."""


def records_of(body: bytes) -> list[Any]:
    """Return the records of an upload.

    Refused here: text that is not JSON as the standard has it (comments, NaN, Infinity, another encoding), anything
    without a list ``d``, and by our choice an empty list or one above the documented cap.

    :raises BadRequestError: the body is refused as a whole.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequestError(MALFORMED) from None
    records = document.get("d") if isinstance(document, dict) else None
    if not isinstance(records, list) or not records:
        raise BadRequestError(MALFORMED)
    if len(records) > RECORDS_PER_UPLOAD:
        raise BadRequestError(f"More than {RECORDS_PER_UPLOAD} records in one call")
    if len(records) > TOKENS_PER_UPLOAD and sum(kind_of(one) == "token" for one in records) > TOKENS_PER_UPLOAD:
        raise BadRequestError(f"More than {TOKENS_PER_UPLOAD} tokens in one call")
    return records


def kind_of(record: object) -> str:
    """Return a record's type, or ``other``."""
    kind = record.get("type") if isinstance(record, dict) else None
    return kind if type(kind) is str and kind in KINDS else "other"


def validate_batch(
    records: list[Any], settings: Settings, now: int, interfere: Interference | None = None
) -> BatchResult:
    """Read every record of a batch.

    :param now: UNIX seconds.
    :param interfere: a fault that refuses records whatever is in them.
    """
    reading = ValidationContext(settings.strictness)
    verdicts = BatchResult([kind_of(record) for record in records], [], [], reading.findings)
    for number, (kind, record) in enumerate(zip(verdicts.kinds, records, strict=True), start=1):
        reading.start(number, kind)
        mark = len(reading.findings)
        try:
            if interfere and isinstance(record, dict) and interfere(number, record):
                raise RecordRejected(555)
            verdicts.passed.append(_read(reading, kind, record, now, settings))
        except RecordRejected as refusal:
            del reading.findings[mark:]
            shown = _as_shown(record)
            verdicts.refused.append(RefusedRecord(number, kind, _key_of(record), refusal.code, refusal.text, shown))
    return verdicts


def _read(reading: ValidationContext, kind: str, record: Any, now: int, settings: Settings) -> Arrival:
    if kind == "profile":
        return read_profile(reading, record, now)
    if kind == "event":
        return read_event(reading, record, now, settings)
    if kind == "token":
        return read_token(reading, record, settings)
    raise RecordRejected(524)


def _as_shown(record: Any) -> Any:
    """Return a refused record as CleverTap shows it: a number as identity has become text by then."""
    if isinstance(record, dict) and type(record.get("identity")) in (int, float):
        return {**record, "identity": identity_text(record["identity"]) or str(record["identity"])}
    return record


def _key_of(record: Any) -> str:
    if not isinstance(record, dict):
        return ""
    value = record.get("identity", record.get("objectId", ""))
    return str(value)[:200] if isinstance(value, str | int | float) else ""


def answer_of(verdicts: BatchResult) -> dict[str, Any]:
    """Return the answer's body: HTTP 200 says nothing, ``status`` and ``unprocessed`` do."""
    processed = len(verdicts.kinds) - len(verdicts.refused)
    status = "success" if not verdicts.refused else "partial" if processed else "fail"
    return {"status": status, "processed": processed, "unprocessed": [_entry(one) for one in verdicts.refused]}


def _entry(refused: RefusedRecord) -> dict[str, Any]:
    return {
        "status": "fail",
        "code": refused.code,
        "error": f"{refused.text}Skipped record number : {refused.number}",
        "record": refused.record,
    }
