"""What CleverTap's answer to a batch means for the batch's records: one class for each case."""

from __future__ import annotations

from dataclasses import dataclass
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
    """One record of the batch that CleverTap did not take.

    :param index: 0-based place of the record in the batch.
    :param code: CleverTap's error code, ``None`` when the answer held none.
    :param reason: CleverTap's own words, without the record number.
    """

    index: int
    code: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Processed:
    """Certain: every record was accepted but those refused.

    :param rejected: the refused records, in the order of the batch.
    """

    rejected: tuple[RejectedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """Certain: nothing was processed because the request was refused as a whole (400).

    One record may be the cause, so a smaller batch may do.
    """

    detail: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Certain: nothing was processed because the body was too large (413)."""

    detail: str


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Certain: nothing was processed because too many requests were in flight (429).

    :param retry_after: seconds the service asked to wait, ``None`` when it did not say.
    """

    detail: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Certain: nothing was processed because no connection was made."""

    detail: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Certain: nothing was processed, and asking again will not help (401, 403, 404, a redirect ...).

    :param status: the HTTP status.
    """

    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Unknown: the records may or may not have been processed (5xx, timeout, reset, unreadable answer).

    :param status: the HTTP status, ``None`` when no status line arrived.
    :param answered: CleverTap itself answered, but its accounts of the batch do not add up.
    """

    status: int | None
    detail: str
    retry_after: float | None = None
    answered: bool = False


#: every answer that settles nothing
Failure: TypeAlias = Malformed | TooLarge | RateLimited | Unreachable | Forbidden | Ambiguous
Answer: TypeAlias = Processed | Failure

#: statuses by which CleverTap refuses who asks; other refusals concern the address or the request
_WHO = (HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN)


def to_exception(answer: Failure) -> CleverTapError:
    """Give the error that says the same as an answer, for callers that stop at it.

    :param answer: an answer that settles nothing.
    :returns: :class:`AccessDeniedError` for 401, 402 and 403, :class:`ConfigurationError` for other refusals that
        asking again will not change, :class:`CleverTapUnavailableError` for what a later try may overcome.
    """
    match answer:
        case Forbidden(status=status):
            return AccessDeniedError(answer.detail) if status in _WHO else ConfigurationError(answer.detail)
        case Malformed() | TooLarge():
            return ConfigurationError(answer.detail)
    return CleverTapUnavailableError(answer.detail)
