"""What CleverTap's response to a batch means for the records of the batch: one class for each case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TypeAlias

from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapError,
    CleverTapUnavailableError,
    ConfigurationError,
)


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """One record of the batch that CleverTap rejected.

    :param index: 0-based index of the record in the batch.
    :param code: CleverTap's error code, ``None`` when the response has none.
    :param reason: CleverTap's error text, without the record number.
    """

    index: int
    code: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Processed:
    """Certain: every record was accepted except the rejected ones.

    :param rejected: the rejected records, in the order of the batch.
    """

    rejected: tuple[RejectedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """Certain: nothing was processed because the whole request was rejected (400).

    One record may be the cause, so a part of the batch may succeed.
    """

    detail: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Certain: nothing was processed because the body was too large (413)."""

    detail: str


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Certain: nothing was processed because too many requests were in flight (429).

    :param retry_after: seconds that CleverTap asked to wait, ``None`` when it named no time.
    """

    detail: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Certain: nothing was processed because no connection was made."""

    detail: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Certain: nothing was processed, and a retry will not succeed (401, 403, 404, a redirect ...).

    :param status: the HTTP status.
    """

    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Unknown: the records may or may not have been processed (5xx, timeout, reset, unreadable response).

    :param status: the HTTP status, ``None`` when no status line arrived.
    :param retry_after: seconds that CleverTap asked to wait, ``None`` when it named no time.
    :param answered: the response is CleverTap's, but its counts and lists of records are inconsistent.
    """

    status: int | None
    detail: str
    retry_after: float | None = None
    answered: bool = False


#: every answer without the outcomes of records
Failure: TypeAlias = Malformed | TooLarge | RateLimited | Unreachable | Forbidden | Ambiguous
Answer: TypeAlias = Processed | Failure

#: statuses that concern the account or its rights; the other 3xx and 4xx concern the address or the request
_ACCESS_STATUSES = (HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN)


def mask_answer(answer: Answer, mask: Callable[[str], str]) -> Answer:
    """Return an answer with its texts masked, in case a server repeated the passcode."""
    if not isinstance(answer, Processed):
        return replace(answer, detail=mask(answer.detail))
    if not answer.rejected:
        return answer
    return Processed(tuple(replace(record, reason=mask(record.reason)) for record in answer.rejected))


def to_exception(answer: Failure) -> CleverTapError:
    """Return the exception for an answer, for callers that cannot continue after it.

    :param answer: an answer without the outcomes of records.
    :returns: :class:`AccessDeniedError` for 401, 402 and 403; :class:`ConfigurationError` for other answers that a
        retry will not change; :class:`CleverTapUnavailableError` for transient failures. The exception keeps the
        status and the ``retry_after`` of the answer, where it has attributes for them.
    """
    match answer:
        case Forbidden(status=status) if status in _ACCESS_STATUSES:
            return AccessDeniedError(answer.detail, http_status=status)
        case Forbidden() | Malformed() | TooLarge():
            return ConfigurationError(answer.detail)
        case RateLimited(retry_after=seconds):
            return CleverTapUnavailableError(
                answer.detail, http_status=HTTPStatus.TOO_MANY_REQUESTS.value, retry_after=seconds
            )
        case Ambiguous(status=status, retry_after=seconds):
            return CleverTapUnavailableError(answer.detail, http_status=status, retry_after=seconds)
    return CleverTapUnavailableError(answer.detail)
