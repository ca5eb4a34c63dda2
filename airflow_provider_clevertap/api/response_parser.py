"""What an HTTP answer to an upload means: the one place that turns status and body into an answer class.

HTTP status alone is not enough: CleverTap reports refused records, and can report refused requests, with status 200.
What is certainly not processed is told apart from what may have been; see
:mod:`airflow_provider_clevertap.api.answers`.

Status codes: https://developer.clevertap.com/docs/api-errors
"""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Failure,
    Forbidden,
    Malformed,
    RateLimited,
    TooLarge,
)
from airflow_provider_clevertap.api.excerpts import described, one_line
from airflow_provider_clevertap.api.response_body import (
    UnreadableError,
    UploadBody,
    decoded,
    names_nobody,
    read_body,
    whole,
)
from airflow_provider_clevertap.api.unprocessed_records import quoted, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

#: a longer ``Retry-After``, in seconds, is cut to this (one day); what is waited is bounded by the retry policy
_LONGEST_WAIT = 86_400.0
_LAST_STATUS = 599


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    records: int,
    *,
    sent: bytes = b"",
    account: str = "the account",
) -> Answer:
    """Say what an answer means for the records of a batch. It raises nothing, whatever the answer holds.

    :param status: the HTTP status.
    :param headers: the answer's headers, found by their lower-case names.
    :param body: the answer's body. It is judged by what it holds, not by its content type.
    :param records: how many records the batch had.
    :param sent: the request's body; looked at only when a refusal comes without a record number.
    :param account: who asked where, for messages: ``account ABC-DEF-123Z at https://in1.api.clevertap.com``.
    """
    if not is_success(status):
        return read_failure(status, headers, body, account)
    parsed = read_body(body)
    if parsed is not None:
        code = whole(parsed.code)
        if code is not None and _refuses_all(parsed, code):
            return _failure(code, headers, _in_body(code, status, parsed.error), account)
        with suppress(UnreadableError):
            return settle(parsed, status, records, sent)
    return Ambiguous(status, f"HTTP {status} with {described(body)} instead of CleverTap's answer")


def read_profile(
    status: int, headers: Mapping[str, str], body: bytes, *, account: str = "the account"
) -> dict[str, Any] | Failure | None:
    """Read the answer to the question for one profile: its record, ``None`` when nobody is known by that identifier.

    CleverTap answers for an unknown profile with 404, or with 200 and ``status`` ``fail``
    (https://developer.clevertap.com/docs/get-user-profiles-api).
    """
    parsed = decoded(body)
    answer: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
    if is_success(status) and answer.get("status") == "success" and isinstance(answer.get("record"), dict):
        return dict(answer["record"])
    failed = answer.get("status") == "fail"
    code = whole(answer.get("code"))
    if failed and (status == HTTPStatus.NOT_FOUND or (is_success(status) and code in (None, HTTPStatus.NOT_FOUND))):
        return None
    if not is_success(status):
        return read_failure(status, headers, body, account)
    if failed and code is not None:
        return _failure(code, headers, _in_body(code, status, answer.get("error")), account)
    return Ambiguous(status, f"HTTP {status} with {described(body)} instead of a profile")


def read_failure(status: int, headers: Mapping[str, str], body: bytes, account: str) -> Failure:
    """Say what an answer with a status other than 2xx means."""
    parsed = read_body(body)
    if parsed is not None and whole(parsed.processed):
        return Ambiguous(status, f"HTTP {status}, but the answer says that records were processed")
    garnish = f" with {described(body)}" if body else ""
    return _failure(status, headers, f"HTTP {status}{quoted(parsed.error) if parsed else garnish}", account)


def is_success(status: int) -> bool:
    """Whether a status is of the 2xx family, in which CleverTap reports what became of a batch."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _failure(status: int, headers: Mapping[str, str], said: str, account: str) -> Failure:
    match status:
        case HTTPStatus.BAD_REQUEST:
            return Malformed(f"CleverTap refused the request as malformed: {said}")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLarge(f"The request was refused as too large: {said}")
        case HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(f"Too many requests in flight for {account}: {said}", retry_after(headers))
        case HTTPStatus.REQUEST_TIMEOUT:
            return Ambiguous(status, f"The request timed out on the way to CleverTap: {said}", retry_after(headers))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Forbidden(status, _denial(status, headers, said, account))
    return Ambiguous(status, f"CleverTap or something before it failed: {said}", retry_after(headers))


def _denial(status: int, headers: Mapping[str, str], said: str, account: str) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            # the one hint CleverTap gives: "Account ID is not valid" or "Invalid Credentials"
            if "account id" in said.lower():
                advice = "That address does not know this Account ID. Check the Account ID and the region"
            else:
                advice = "Check the passcode (not the SDK token; it may have expired), the Account ID and the region"
            return f"CleverTap refused {account}: {said}. {advice}: a wrong region gives the same answer."
        case HTTPStatus.FORBIDDEN:
            return (
                f"CleverTap does not allow this to {account}: {said}. Check the rights of the passcode and whether "
                "the feature is on for the account."
            )
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return f"There is no CleverTap API for {account}: {said}. Check the host, or the region, of the connection."
    if status < HTTPStatus.BAD_REQUEST:
        return (
            f"The request of {account} was redirected{_target(headers)}: {said}. Redirects are not followed, so that "
            "the passcode goes nowhere else. Set the region or the host to the final address."
        )
    return f"The request of {account} was refused: {said}."


def _target(headers: Mapping[str, str]) -> str:
    """Name the host a redirect leads to; the rest of the address could hold anything."""
    try:
        host = urlsplit(headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f" to {one_line(host)}" if host else ""


def _refuses_all(body: UploadBody, code: int) -> bool:
    """Whether an answer with a 2xx status refuses the request as a whole, with the status it means as ``code``."""
    refused = body.status == "fail" and names_nobody(body) and body.processed in (None, 0, "0")
    return refused and HTTPStatus.BAD_REQUEST <= code <= _LAST_STATUS


def _in_body(code: int, status: int, error: object) -> str:
    return f"code {code}{quoted(error)} in an answer with HTTP {status}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``, in seconds or as a date; ``None`` when it is missing or makes no sense."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, headers.get("date", ""))
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else None


def _seconds_until(date: str, answered: str) -> float:
    """Give the seconds from an answer's date to a later one: both are of the server's clock, ours may be wrong."""
    try:
        return (_moment(date) - (_moment(answered) if answered else datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):  # what the parser raises for what is no date
        return math.nan


def _moment(date: str) -> datetime:
    moment = parsedate_to_datetime(date)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
