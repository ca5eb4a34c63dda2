"""Validate the records of one request, and build the answer's body from the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from airflow_provider_clevertap.emulator.kinds import KINDS, EmulatedKind, ValidRecord, kind_of, kinds_at
from airflow_provider_clevertap.emulator.replies import MALFORMED
from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.validation.common import (
    RecordRejected,
    StreamError,
    ValidationContext,
    identifiers_of,
    identity_text,
)

RECORDS_PER_REQUEST = 1000
"""Records of all kinds together (https://developer.clevertap.com/docs/upload-user-profiles-api)."""

MAX_NUMBER_LENGTH = 18
"""Characters of a phone number that is shown as a JSON number; a longer one might not fit into 64 bits."""


class AcceptedRecord(NamedTuple):
    """A record that passed validation.

    :param content: the record in the form in which it is written.
    """

    kind: EmulatedKind[Any]
    content: ValidRecord


class RejectedRecord(NamedTuple):
    """A record that did not pass.

    :param number: its 1-based position in the batch.
    :param kind: its kind, or ``other``.
    :param key: its identity, objectId or value, as far as that can be read.
    :param record: the record as the answer shows it.
    """

    number: int
    kind: str
    key: str
    code: int
    text: str
    record: Any


class BadRequestError(Exception):
    """The whole body is rejected with HTTP 400; the message is the answer's ``error``."""


class BatchResult(msgspec.Struct):
    """The results of validating one batch.

    :param kinds: the kind of each record, in order.
    :param accepted: the records that passed, in order.
    :param rejected: those that did not.
    :param findings: lines for the error stream.
    """

    kinds: list[str]
    accepted: list[AcceptedRecord]
    rejected: list[RejectedRecord]
    findings: list[StreamError]


RecordFault = Callable[[int, dict[str, Any]], bool]
"""Takes a record's number and the record; returns whether a fault rejects it with code 555."""


def read_records(path: str, body: bytes) -> list[Any]:
    """Return the records of a request.

    Rejected here: text that is not standard JSON (comments, NaN, Infinity, another encoding), anything without a
    list ``d``, and by our choice an empty list or one above the documented maximum.

    :param path: where the records arrived.
    :raises BadRequestError: the body is rejected as a whole.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequestError(MALFORMED) from None
    records = document.get("d") if isinstance(document, dict) else None
    if not isinstance(records, list) or not records:
        raise BadRequestError(MALFORMED)
    if len(records) > RECORDS_PER_REQUEST:
        raise BadRequestError(f"More than {RECORDS_PER_REQUEST} records in one call")
    for kind in kinds_at(path):
        if _is_too_many(records, kind):
            raise BadRequestError(f"More than {kind.max_per_request} {kind.listing.table} in one call")
    return records


def _is_too_many(records: list[Any], kind: EmulatedKind[Any]) -> bool:
    limit = kind.max_per_request
    if limit is None or len(records) <= limit:
        return False
    return sum(kind_of(kind.path, record) == kind.name for record in records) > limit


def validate_batch(
    path: str, records: list[Any], settings: Settings, now: int, record_fault: RecordFault | None = None
) -> BatchResult:
    """Validate every record of a batch.

    :param path: where the records arrived.
    :param now: UNIX seconds.
    :param record_fault: chooses records to reject with code 555, valid or not.
    """
    context = ValidationContext(settings, now)
    result = BatchResult([kind_of(path, record) for record in records], [], [], context.findings)
    for number, (name, record) in enumerate(zip(result.kinds, records, strict=True), start=1):
        context.start(number, name)
        findings_before = len(context.findings)
        try:
            if record_fault and isinstance(record, dict) and record_fault(number, record):
                raise RecordRejected(555)
            kind = KINDS.get(name)
            if kind is None:
                raise RecordRejected(524)
            result.accepted.append(AcceptedRecord(kind, kind.read(context, record)))
        except RecordRejected as rejection:
            del context.findings[findings_before:]
            shown = _as_shown(record, context.has_valid_phone)
            result.rejected.append(RejectedRecord(number, name, _key_of(record), rejection.code, rejection.text, shown))
    return result


def _as_shown(record: Any, has_valid_phone: bool) -> Any:
    """Return a rejected record as CleverTap shows it, which in recorded answers is not always as it was sent.

    A number as identity is text, in ``profileData`` too. A phone number that had passed its check, before another
    property did not, is a number without ``+``.
    """
    if not isinstance(record, dict):
        return record
    shown = _with_identity_as_text(record)
    properties = record.get("profileData")
    if isinstance(properties, dict):
        properties = _with_identity_as_text(properties)
        phone = properties.get("Phone")
        if has_valid_phone and type(phone) is str and len(phone) <= MAX_NUMBER_LENGTH:
            properties = {**properties, "Phone": int(phone)}
        shown = {**shown, "profileData": properties}
    return shown


def _with_identity_as_text(fields: dict[str, Any]) -> dict[str, Any]:
    if type(fields.get("identity")) not in (int, float):
        return fields
    return {**fields, "identity": identity_text(fields["identity"]) or str(fields["identity"])}


def _key_of(record: Any) -> str:
    value = next(iter(identifiers_of(record)), "")
    return str(value)[:200] if isinstance(value, str | int | float) else ""


def answer_of(result: BatchResult) -> dict[str, Any]:
    """Return the body of the answer. Its HTTP status is always 200: ``status`` and ``unprocessed`` hold the result."""
    processed = len(result.kinds) - len(result.rejected)
    status = "success" if not result.rejected else "partial" if processed else "fail"
    return {"status": status, "processed": processed, "unprocessed": [_entry(record) for record in result.rejected]}


def _entry(rejected: RejectedRecord) -> dict[str, Any]:
    return {
        "status": "fail",
        "code": rejected.code,
        "error": f"{rejected.text}Skipped record number : {rejected.number}",
        "record": rejected.record,
    }
