"""Turn the status and body of an HTTP response into an answer.

The HTTP status alone is not enough: CleverTap reports rejected records, and can report rejected requests, with status
200. The answers distinguish requests that were certainly not processed from those that may have been; see
:mod:`airflow_provider_clevertap.api.answers`.

Status codes: https://developer.clevertap.com/docs/api-errors
"""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Failure,
    Forbidden,
    Malformed,
    Processed,
    RateLimited,
    TooLarge,
)
from airflow_provider_clevertap.api.excerpts import describe_body, one_line
from airflow_provider_clevertap.api.response_body import (
    UnreadableError,
    UploadBody,
    lists_no_records,
    read_body,
    whole_number,
)
from airflow_provider_clevertap.api.unprocessed_records import quoted, read_outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

#: maximum ``Retry-After`` in seconds (one day); the retry policy limits the actual wait
_MAX_RETRY_AFTER = 86_400.0
#: the highest number that is an HTTP status; CleverTap has higher codes
MAX_STATUS = 599
#: code of an answer with HTTP 200: too many requests
THROTTLED: Final = 1
#: text of answers that may come with HTTP 200 and without a code, in lower case
WRONG_CREDENTIALS: Final = "invalid credentials"


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    records: int,
    *,
    sent: bytes = b"",
    account: str = "the account",
) -> Answer:
    """Return what a response means for the records of a batch. No content of a response raises an exception.

    :param status: the HTTP status.
    :param headers: the headers of the response, by lower-case name.
    :param body: the body of the response. Its content type is ignored.
    :param records: the number of records in the batch.
    :param sent: the body of the request; read only when a rejected record comes without its number.
    :param account: account and address for messages: ``account ABC-DEF-123Z at https://in1.api.clevertap.com``.
    """
    if not is_success(status):
        return read_failure(status, headers, body, account)
    parsed = read_body(body)
    if parsed is not None:
        code = whole_number(parsed.code)
        if code is not None and _rejects_request(parsed, code):
            return to_failure(code, headers, describe_code(code, status, parsed.error), account)
        with suppress(UnreadableError):
            return read_outcomes(parsed, status, records, sent)
    return Ambiguous(status, f"HTTP {status} with {describe_body(body)} instead of CleverTap's answer")


def read_status(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    records: int,  # noqa: ARG001
    *,
    sent: bytes = b"",  # noqa: ARG001
    account: str = "the account",
) -> Answer:
    """Return what a response means that has a ``status`` and nothing about single records, as for deleted profiles.

    All records of the batch share its outcome. A batch that is rejected may be rejected for one of its records, so the
    answer is the one after which a load sends smaller batches.

    The parameters are those of :func:`read_answer`.
    """
    if not is_success(status):
        return read_failure(status, headers, body, account)
    parsed = read_body(body)
    if parsed is not None and parsed.status == "success":
        return Processed()
    if parsed is not None and parsed.status == "fail":
        code = whole_number(parsed.code)
        shown = describe_code(parsed.code, status, parsed.error)
        if code == THROTTLED:
            code = HTTPStatus.TOO_MANY_REQUESTS
        if code is None or not HTTPStatus.BAD_REQUEST <= code <= MAX_STATUS:
            code = HTTPStatus.BAD_REQUEST
        if WRONG_CREDENTIALS in one_line(parsed.error).lower():
            code = HTTPStatus.UNAUTHORIZED
        return to_failure(code, headers, shown, account)
    return Ambiguous(status, f"HTTP {status} with {describe_body(body)} instead of CleverTap's answer")


def read_failure(status: int, headers: Mapping[str, str], body: bytes, account: str) -> Failure:
    """Return what a response with a status other than 2xx means."""
    parsed = read_body(body)
    if parsed is not None and whole_number(parsed.processed):
        return Ambiguous(status, f"HTTP {status}, but the answer reports processed records")
    excerpt = quoted(parsed.error) if parsed else f" with {describe_body(body)}" if body else ""
    return to_failure(status, headers, f"HTTP {status}{excerpt}", account)


def is_success(status: int) -> bool:
    """Return whether a status is 2xx: only those responses contain the outcomes of records."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def to_failure(status: int, headers: Mapping[str, str], error: str, account: str) -> Failure:
    """Return the failure that a status means, whether it is the HTTP status or a code in the body.

    :param error: what to quote: status and error text.
    """
    match status:
        case HTTPStatus.BAD_REQUEST:
            return Malformed(f"CleverTap rejected the request as malformed: {error}")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLarge(f"The request was rejected as too large: {error}")
        case HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(f"Too many requests in flight for {account}: {error}", retry_after(headers))
        case HTTPStatus.REQUEST_TIMEOUT:
            return Ambiguous(status, f"The request timed out on the way to CleverTap: {error}", retry_after(headers))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Forbidden(status, _forbidden_message(status, headers, error, account))
    return Ambiguous(status, f"CleverTap, or a proxy before it, failed: {error}", retry_after(headers))


def _forbidden_message(status: int, headers: Mapping[str, str], error: str, account: str) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            # the one hint CleverTap gives: "Account ID is not valid" or "Invalid Credentials"
            if "account id" in error.lower():
                advice = "This Account ID is not known at that address. Check the Account ID and the region"
            else:
                advice = "Check the passcode (not the SDK token; it may have expired), the Account ID and the region"
            return f"CleverTap rejected {account}: {error}. {advice}: a wrong region gives the same answer."
        case HTTPStatus.FORBIDDEN:
            return (
                f"CleverTap does not allow this for {account}: {error}. Check the rights of the passcode, and whether "
                "the feature is enabled for the account."
            )
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return (
                f"There is no CleverTap API for {account}: {error}. Check the host, or the region, of the connection."
            )
    if status < HTTPStatus.BAD_REQUEST:
        return (
            f"The request of {account} was redirected{_target(headers)}: {error}. Redirects are not followed, so that "
            "the passcode is not sent elsewhere. Set the region or the host to the final address."
        )
    return f"The request of {account} was rejected: {error}."


def _target(headers: Mapping[str, str]) -> str:
    """Return the target host of a redirect for a message; the rest of the address could contain anything."""
    try:
        host = urlsplit(headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f" to {one_line(host)}" if host else ""


def _rejects_request(body: UploadBody, code: int) -> bool:
    """Return whether a 2xx response rejects the whole request, with the actual status as ``code``."""
    rejected = body.status == "fail" and lists_no_records(body) and body.processed in (None, 0, "0")
    return rejected and HTTPStatus.BAD_REQUEST <= code <= MAX_STATUS


def describe_code(code: object, status: int, error: object) -> str:
    """Return a code of an answer with its error text and HTTP status, for a message."""
    shown = str(code) if isinstance(code, int) else one_line(code)
    return f"code {shown}{quoted(error)} in an answer with HTTP {status}" if shown else f"HTTP {status}{quoted(error)}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After``, also when it is a date; ``None`` when it is missing or not readable."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, headers.get("date", ""))
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER) if math.isfinite(seconds) else None


def _seconds_until(date: str, response_date: str) -> float:
    """Return the seconds from the date of the response to another one; ``nan`` when one of them is not a date.

    Both dates are from the server's clock; this machine's clock may be wrong.
    """
    try:
        start = _parse_date(response_date) if response_date else datetime.now(UTC)
        return (_parse_date(date) - start).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):  # the parser's errors for text that is not a date
        return math.nan


def _parse_date(date: str) -> datetime:
    moment = parsedate_to_datetime(date)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
