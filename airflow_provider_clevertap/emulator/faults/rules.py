"""The rules for faults: what goes wrong with an answer, and for which requests.

A rule is one JSON object: ``do`` names the fault, the other fields are the conditions (:class:`FaultRule`) and the
details of the fault (its own class). Rules are checked in order. Every ``delay`` that applies is added up; of the other
rules, the first that applies is the request's fault.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from airflow_provider_clevertap.emulator.faults.conditions import (
    FaultRule,
    Integer,
    Seconds,
    has_identifier,
)
from airflow_provider_clevertap.emulator.faults.export_rules import (
    EmptyPage,
    InvalidateCursor,
    NullTime,
    RepeatCursor,
    WithoutFields,
)
from airflow_provider_clevertap.emulator.settings import Count, Natural


class Delay(FaultRule, frozen=True, tag="delay"):
    """Wait before the request is processed.

    :param seconds: how long.
    """

    seconds: Seconds


class Status(FaultRule, frozen=True, tag="status"):
    """Answer with this HTTP status.

    :param status: the HTTP status.
    :param body: ``json`` in CleverTap's form, an ``html`` page as a gateway sends it, or ``empty``.
    :param retry_after: seconds for a ``Retry-After`` header; by default there is none.
    :param error: the text in the body, instead of the usual one.
    :param code: the code in the body, instead of the HTTP status.
    :param stored: store the records first.
    """

    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    body: Literal["json", "html", "empty"] = "json"
    retry_after: Natural | None = None
    error: str | None = None
    code: Integer | None = None
    stored: bool = False


class Stall(FaultRule, frozen=True, tag="stall"):
    """Send nothing until the client disconnects, then close the connection.

    :param seconds: close it after this time at the latest.
    :param stored: store the records first.
    """

    seconds: Seconds = 3600.0
    stored: bool = False


class Reset(FaultRule, frozen=True, tag="reset"):
    """Reset the connection (TCP RST) instead of answering.

    :param stored: store the records first.
    """

    stored: bool = False


class HangUp(FaultRule, frozen=True, tag="hang_up"):
    """Close the connection (TCP FIN) instead of answering.

    :param stored: store the records first.
    """

    stored: bool = False


class HalfBody(FaultRule, frozen=True, tag="half_body"):
    """Announce the length of the whole answer, send half of it and close the connection.

    :param stored: store the records first.
    """

    stored: bool = True


class Html(FaultRule, frozen=True, tag="html"):
    """Answer 200 with an HTML page.

    :param stored: store the records first.
    """

    stored: bool = False


class WrongContentType(FaultRule, frozen=True, tag="wrong_content_type"):
    """Send the correct answer as ``text/html``."""

    stored: bool = True


class BadJson(FaultRule, frozen=True, tag="bad_json"):
    """Answer with the first half of the JSON, and announce that half's length."""

    stored: bool = True


class WrongCounts(FaultRule, frozen=True, tag="wrong_counts"):
    """Answer ``success`` with a wrong number of processed records, whatever the true result is.

    :param processed: the number; by default one more than were sent.
    """

    processed: Integer | None = None
    stored: bool = True

    is_for_records: ClassVar[bool] = True


class NoRecordNumbers(FaultRule, frozen=True, tag="no_record_numbers"):
    """Leave "Skipped record number" out of the errors."""

    stored: bool = True

    is_for_records: ClassVar[bool] = True


class HugeBody(FaultRule, frozen=True, tag="huge_body"):
    """Send the correct answer with padding of this size.

    :param size: bytes of padding.
    """

    size: Annotated[int, msgspec.Meta(ge=1, le=2**31)] = 64 * 1024 * 1024
    stored: bool = True


class SlowDrip(FaultRule, frozen=True, tag="slow_drip"):
    """Send the correct answer byte by byte.

    :param seconds: the pause after each byte.
    """

    seconds: Seconds = 0.1
    stored: bool = True


class CloseIdle(FaultRule, frozen=True, tag="close_idle"):
    """Send the correct answer and keep the connection open, then close it while it is idle.

    :param seconds: close it after so long without a request. By default at the moment the next request comes: that
        request is not processed, and its client cannot know this.
    """

    seconds: Seconds | None = None
    stored: bool = True


class FailRecords(FaultRule, frozen=True, tag="fail_records"):
    """Reject some records of a request with code 555, valid or not; the others are treated as usual.

    :param records: their 1-based numbers.
    :param identities: their identities or objectIds, or values of subscriptions. With neither, all records.
    """

    records: tuple[Count, ...] = ()
    identities: tuple[str, ...] = ()
    stored: bool = True

    is_for_records: ClassVar[bool] = True

    def rejects(self, number: int, record: dict[str, Any]) -> bool:
        """Return whether to reject a record."""
        if not self.records and not self.identities:
            return True
        return number in self.records or any(has_identifier(record, identity) for identity in self.identities)


ResponseFault = (
    Status
    | Stall
    | Reset
    | HangUp
    | HalfBody
    | Html
    | WrongContentType
    | BadJson
    | WrongCounts
    | NoRecordNumbers
    | HugeBody
    | SlowDrip
    | CloseIdle
    | FailRecords
    | EmptyPage
    | RepeatCursor
    | InvalidateCursor
    | NullTime
    | WithoutFields
)
"""The faults of which a request has at most one."""

Rule = Delay | ResponseFault


def name_of(rule: Rule) -> str:
    """Return the name of a rule's fault, as in its field ``do``."""
    return str(type(rule).__struct_config__.tag)
