"""Faults on request: what can go wrong with an answer, and for which requests it does.

A rule is one JSON object: ``do`` names the fault, the other fields say when it strikes (:class:`FaultRule`) and how
(its own class). Rules are tried in their order. A ``delay`` strikes and the next rule is tried; of all others the
first that strikes is the request's fault.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from airflow_provider_clevertap.emulator.settings import LARGEST_INTEGER, Count

Natural = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_INTEGER)]
Integer = Annotated[int, msgspec.Meta(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class FaultRule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"
):
    """When a fault strikes. All conditions given must hold.

    :param path: only requests whose path begins so.
    :param identity: only uploads with a record of this identity or objectId.
    :param larger_than: only bodies of more bytes than this.
    :param more_than: only uploads of more records than this.
    :param skip: let this many matching requests pass first.
    :param every: then strike every Nth matching request.
    :param probability: then strike with this probability.
    :param seed: for ``probability``, so that a run can be repeated.
    :param times: strike this often, then never again; without it, for ever.
    """

    path: str = "/1/"
    identity: str | None = None
    larger_than: Natural | None = None
    more_than: Natural | None = None
    skip: Natural = 0
    every: Count = 1
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    seed: Integer = 0
    times: Count | None = None

    is_upload_only: ClassVar[bool] = False


class Delay(FaultRule, frozen=True, tag="delay"):
    """Wait before anything is done.

    :param seconds: how long.
    """

    seconds: Seconds


class Status(FaultRule, frozen=True, tag="status"):
    """Answer with a status.

    :param status: the HTTP status.
    :param body: ``json`` as CleverTap words it, an ``html`` page as a gateway sends it, or ``empty``.
    :param retry_after: seconds for a ``Retry-After`` header; none without it.
    :param error: the text in the body, instead of the usual one.
    :param stored: store the records first.
    """

    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    body: Literal["json", "html", "empty"] = "json"
    retry_after: Natural | None = None
    error: str | None = None
    stored: bool = False


class Stall(FaultRule, frozen=True, tag="stall"):
    """Send nothing until the client goes away, then hang up.

    :param seconds: hang up after this long at the latest.
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
    """Close the connection in good order instead of answering.

    :param stored: store the records first.
    """

    stored: bool = False


class HalfBody(FaultRule, frozen=True, tag="half_body"):
    """Announce the whole answer, send half of it and close the connection.

    :param stored: store the records first.
    """

    stored: bool = True


class Html(FaultRule, frozen=True, tag="html"):
    """Answer 200 with an HTML page.

    :param stored: store the records first.
    """

    stored: bool = False


class WrongContentType(FaultRule, frozen=True, tag="wrong_content_type"):
    """Send the right answer as ``text/html``."""

    stored: bool = True


class BadJson(FaultRule, frozen=True, tag="bad_json"):
    """Answer 200 with JSON that breaks off, at its announced length."""

    stored: bool = True


class WrongCounts(FaultRule, frozen=True, tag="wrong_counts"):
    """Answer ``success`` with a wrong number of processed records, whatever became of them.

    :param processed: the number; without it, one more than were sent.
    """

    processed: Integer | None = None
    stored: bool = True

    is_upload_only: ClassVar[bool] = True


class NoRecordNumbers(FaultRule, frozen=True, tag="no_record_numbers"):
    """Leave "Skipped record number" out of the errors."""

    stored: bool = True

    is_upload_only: ClassVar[bool] = True


class HugeBody(FaultRule, frozen=True, tag="huge_body"):
    """Send the right answer with a padding of this size.

    :param size: bytes of padding.
    """

    size: Annotated[int, msgspec.Meta(ge=1, le=2**31)] = 64 * 1024 * 1024
    stored: bool = True


class SlowDrip(FaultRule, frozen=True, tag="slow_drip"):
    """Send the right answer byte by byte.

    :param seconds: the pause after each byte.
    """

    seconds: Seconds = 0.1
    stored: bool = True


class CloseIdle(FaultRule, frozen=True, tag="close_idle"):
    """Send the right answer and keep the connection open, then close it while it is idle.

    :param seconds: after so long without a request. Without it, at the very moment the next request comes: that one
        is not processed, and its client cannot know.
    """

    seconds: Seconds | None = None
    stored: bool = True


class FailRecords(FaultRule, frozen=True, tag="fail_records"):
    """Refuse some records of an upload with code 555, whatever is in them; the others are treated as usual.

    :param records: their 1-based numbers.
    :param identities: their identities or objectIds. With neither, all records.
    """

    records: tuple[Count, ...] = ()
    identities: tuple[str, ...] = ()
    stored: bool = True

    is_upload_only: ClassVar[bool] = True

    def hits(self, number: int, record: dict[str, Any]) -> bool:
        """Tell whether a record is to be refused."""
        if not self.records and not self.identities:
            return True
        return number in self.records or not names_of(record).isdisjoint(self.identities)


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
)
"""The faults of which a request gets at most one."""

Rule = Delay | ResponseFault


def names_of(record: object) -> set[str]:
    """Return the identity and objectId of a record, as text."""
    if not isinstance(record, dict):
        return set()
    return {str(record[name]) for name in ("identity", "objectId") if name in record}


def name_of(rule: Rule) -> str:
    """Return the name a rule is asked for by."""
    return str(type(rule).__struct_config__.tag)
