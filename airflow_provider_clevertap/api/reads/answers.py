"""Turn the response to a call that reads data, such as a profile or an export, into its fields or a failure.

HTTP 200 does not mean success: many failures are ``{"status": "fail", "error": ..., "code": ...}`` with HTTP 200. So
``status`` decides first, then ``code``, then the HTTP status. Reading twice is harmless, so nothing here needs to
distinguish calls that were processed from others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from airflow_provider_clevertap.api.answers import Ambiguous, Failure, RateLimited
from airflow_provider_clevertap.api.excerpts import describe_body, one_line
from airflow_provider_clevertap.api.response_body import decode, whole_number
from airflow_provider_clevertap.api.response_parser import (
    MAX_STATUS,
    THROTTLED,
    WRONG_CREDENTIALS,
    describe_code,
    is_success,
    read_failure,
    retry_after,
    to_failure,
)

#: code of an answer with ``status`` ``fail``: CleverTap is still preparing the answer
_IN_PROGRESS: Final = 2
#: statuses, as HTTP status or as code, that mean the same for reads as for uploads; the others reject the call
_SHARED_STATUSES: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
)


@dataclass(frozen=True, slots=True)
class InProgress:
    """CleverTap is still preparing the answer: the same call has to be made again."""

    detail: str


@dataclass(frozen=True, slots=True)
class RejectedRead:
    """CleverTap rejected the call, and will reject it again.

    :param http_status: the HTTP status.
    :param code: CleverTap's code: a number, in some answers a name; ``None`` when there is none.
    :param error: CleverTap's error text, on one line and shortened.
    """

    http_status: int
    code: int | str | None
    error: str


ReadAnswer: TypeAlias = "dict[str, Any] | InProgress | RejectedRead | Failure"


def read_fields(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    account: str = "the account",
    *,
    decoder: Callable[[bytes], object] = decode,
    without_status: str = "",
) -> ReadAnswer:
    """Return what a response means. No content of a response raises an exception.

    :param status: the HTTP status.
    :param headers: the headers of the response, by lower-case name.
    :param body: the body of the response. Its content type is ignored.
    :param account: account and address for messages.
    :param decoder: returns the fields of a body, or something else when it cannot be read.
    :param without_status: a field that makes an answer a success when it has no ``status``, as that of ``/getSchema``.
    :returns: the fields of an answer with ``status`` ``success``, or ``partial``: CleverTap then names a ``req_id`` to
        ask for.
    """
    decoded = decoder(body)
    fields: dict[str, Any] = decoded if isinstance(decoded, dict) else {}
    if is_success(status):
        if fields.get("status") in ("success", "partial"):
            return fields
        if without_status in fields and fields.get("status") is None:
            return fields
    if fields.get("status") == "fail":
        return _read_fail(status, headers, fields, account)
    if status == HTTPStatus.ACCEPTED:
        return InProgress("CleverTap has accepted the call and not answered it yet")
    if not is_success(status):
        return read_failure(status, headers, body, account)
    return Ambiguous(status, f"HTTP {status} with {describe_body(body)} instead of CleverTap's answer")


def mask_read_answer(answer: ReadAnswer, mask: Callable[[str], str]) -> ReadAnswer:
    """Return an answer with its texts masked, in case a server repeated the passcode; fields are returned unchanged."""
    match answer:
        case dict():
            return answer
        case RejectedRead(code=code, error=error):
            return replace(answer, code=mask(code) if isinstance(code, str) else code, error=mask(error))
    return replace(answer, detail=mask(answer.detail))


def _read_fail(status: int, headers: Mapping[str, str], fields: Mapping[str, Any], account: str) -> ReadAnswer:
    error = _error_text(fields.get("error"))
    code = whole_number(fields.get("code"))
    shown = describe_code(fields.get("code"), status, error)
    if code == _IN_PROGRESS:
        return InProgress(error or "CleverTap is still preparing the answer")
    if code == THROTTLED:
        return RateLimited(f"Too many requests in flight for {account}: {shown}", retry_after(headers))
    if WRONG_CREDENTIALS in error.lower():
        return to_failure(HTTPStatus.UNAUTHORIZED, headers, shown, account)
    meant = code if code is not None and is_success(status) else status
    if meant in _SHARED_STATUSES or HTTPStatus.INTERNAL_SERVER_ERROR <= meant <= MAX_STATUS:
        return to_failure(meant, headers, shown, account)
    name = one_line(fields.get("code"))
    return RejectedRead(status, name if code is None and name else code, error)


def _error_text(error: object) -> str:
    """Return an error text on one line. Some are a JSON list inside a text: ``"[\\"Invalid event : Foo\\"]"``."""
    if isinstance(error, str) and error.startswith("["):
        error = decode(error.encode()) or error
    if isinstance(error, list):
        error = "; ".join(text for text in error if isinstance(text, str))
    return one_line(error)
