"""Settings of an emulator: its credentials, its limits, and what it does where CleverTap documents no answer.

Each setting is one field of :class:`Settings`. The command line has an option for each, with the text of its ``:param``
as help.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

DEFAULT_ACCOUNT_ID = "TEST-ACCOUNT"
DEFAULT_PASSCODE = "TEST-PASSCODE"

MAX_IN_FLIGHT = 15
"""Uploads in flight per account (https://developer.clevertap.com/docs/api-request-limit)."""

MAX_IN_FLIGHT_OTHER = 3
"""Requests in flight per account and API for everything else (same page)."""

MAX_EVENT_PROPERTIES = 100
"""Properties per event, configurable per account (https://developer.clevertap.com/docs/upload-events-api)."""

MAX_CUSTOM_ATTRIBUTES = 256
"""Custom attribute keys per profile (https://developer.clevertap.com/docs/upload-user-profiles-api)."""

MAX_EVENT_TYPES = 512
"""Event types per account (https://developer.clevertap.com/docs/upload-events-api)."""

Strictness = Literal["late", "refuse", "keep"]
"""What to do with a value that breaks a documented limit for which no answer is documented.

``late``: answer success, leave the value out and report it in the error stream, as CleverTap's dashboard does.
``refuse``: reject the record, so that a test finds the mistake in the answer.
``keep``: store the value as it came.
"""


class Credentials(msgspec.Struct, frozen=True):
    """The account id and passcode the emulator accepts.

    :param account_id: expected in ``X-CleverTap-Account-Id``.
    :param passcode: expected in ``X-CleverTap-Passcode``.
    """

    account_id: str = DEFAULT_ACCOUNT_ID
    passcode: str = DEFAULT_PASSCODE

    def __repr__(self) -> str:
        return f"Credentials(account_id={self.account_id!r}, passcode='***')"


Compressed = Literal["malformed", "unsupported", "accept"]
"""What to do with an upload that is compressed with gzip; no documentation says whether CleverTap accepts one.

``malformed``: 400, like a server that ignores ``Content-Encoding`` and finds no JSON.
``unsupported``: 415.
``accept``: read it as if it were not compressed.
"""

Refused = Literal["refuse", "accept"]
"""What to do with a record that CleverTap rejects, as far as is known: ``refuse`` with its code, or ``accept``."""

Disputed = Literal["strict", "accept"]
"""What to do where CleverTap's own programs contradict its documentation.

``strict``: as its documentation has it; what breaks the rule is treated as ``strictness`` says.
``accept``: as its programs have it.
"""

MAX_INTEGER = 2**63 - 1
"""The largest integer that SQLite and the JSON written here can hold."""

Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)]
Natural = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
Duration = Annotated[float, msgspec.Meta(ge=0, le=1e9)]

CURSOR_LIFE = 4 * 3600.0
CURSOR_IDLE = 3600.0
PROFILE_CURSOR_LIFE = 4 * 86_400.0
"""Seconds that cursors live, of which only clients tell: https://github.com/leanderp/clevertap-mcp."""

REQUEST_ID_LIFE = 3600.0
"""Seconds for which the number of a result is valid: our choice, as it is only known that it expires."""

UNEXPORTABLE_EVENTS = ("Notification Sent", "Notification Viewed", "Notification Clicked")
"""Events whose export was seen to be rejected (https://github.com/bruin-data/ingestr): only cloud exports have them."""

SYSTEM_EVENTS = ("App Launched", "App Uninstalled", *UNEXPORTABLE_EVENTS)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be changed while the emulator runs.

    :param max_in_flight: uploads answered at the same time; one more gets 429.
    :param max_in_flight_other: the same for every other API, each with its own count.
    :param latency: seconds added to every API request, while it counts as in flight.
    :param strictness: a value that breaks a documented limit without a documented answer: left out and reported in the
        error stream (``late``), rejected (``refuse``) or stored (``keep``).
    :param compressed: uploads compressed with gzip: 400 (``malformed``), 415 (``unsupported``) or ``accept``.
    :param max_event_properties: above it an event is rejected with code 522.
    :param max_custom_attributes: per profile; attributes above it are left out and reported in the error stream.
    :param max_event_types: per account; events of further types are left out and reported as well.
    :param discarded_events: event names "discarded in the dashboard", rejected with code 528.
    :param device_types: token types valid for an objectId, to provoke code 534; an objectId not listed takes all.
    :param web_page_viewed: the event ``Web Page Viewed``: code 513, as CleverTap answered in 2024 although no page
        lists the name, or ``accept``.
    :param event_names: event names with characters that no property name may hold: ``strict``, or ``accept``, as
        RudderStack's page shows ``Web Page Viewed: <name>`` in CleverTap.
    :param restricted_events: system events such as ``Notification Sent``: code 513, or ``accept``, to have some for
        exports and counts; CleverTap never accepts them.
    :param missing_event_data: an event without ``evtData``: code 512, or ``accept``, as clients exist that send none.
    :param flags_as_text: ``MSG-*`` as the text ``true``, ``false``, ``1`` or ``0``: ``accept``, as CleverTap's own
        uploader sends it, or ``strict``.
    :param project_timezone: the IANA name of the project's time zone, for the days and times of exports and counts.
    :param export_delay: seconds until an event that has arrived can be exported and counted.
    :param pages_not_ready: how often each page of an export is asked for before it is ready; until then code 2.
    :param last_cursor: the ``next_cursor`` of the last page: ``absent``, or ``empty``; clients take both as the end.
    :param cursor_life: seconds after which the cursors of an export of events are no longer valid.
    :param cursor_idle: the same, since a cursor of the export was last used.
    :param profile_cursor_life: seconds after which the cursors of an export of profiles are no longer valid.
    :param counts_not_ready: how often a count, trend or list of values is asked for before it is ready; until then the
        answer is ``partial`` with a number.
    :param request_id_life: seconds after which such a number is no longer valid.
    :param trend_weeks: weeks of a trend begin on ``sunday``, as in the documentation's sample, or are those of ``iso``.
    :param deleted_events: the events of a profile that is deleted: ``keep``, without a person, or ``delete``; two pages
        contradict each other.
    :param campaign_seconds: seconds from the creation of a campaign until it is completed.
    :param unfinished_result: the result of a campaign that is not completed: HTTP 409 (``conflict``), 500 (``error``),
        200 with the status ``success`` and no result, or with ``fail``; all four were seen or documented.
    :param unknown_paths: a path that the API does not have: 404 (``not_found``), or 200 and nothing (``empty``), as was
        seen.
    :param system_events: events that exist in every account although nobody can upload them.
    :param unexportable_events: events that can be counted but not exported.
    :param profiles_without_event: an export of profiles without ``event_name``, but with conditions on profiles:
        ``refuse``, or ``accept``, as one page has it: all events of the past 365 days.
    :param exported_dates: dates in exported properties: as they were uploaded (``text``, such as ``$D_1700000000``) or
        as ``seconds``; no page says which.
    :param dropped_properties: properties that the schema drops after a success, by the name of their event.
    :param identity_and_object_id: ``identity`` and ``objectId`` in one record: ``strict``, or ``accept``, as
        CleverTap's own shop integration sends them: both then lead to the profile.
    """

    max_in_flight: Count = MAX_IN_FLIGHT
    max_in_flight_other: Count = MAX_IN_FLIGHT_OTHER
    latency: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0
    strictness: Strictness = "late"
    compressed: Compressed = "malformed"
    max_event_properties: Count = MAX_EVENT_PROPERTIES
    max_custom_attributes: Count = MAX_CUSTOM_ATTRIBUTES
    max_event_types: Count = MAX_EVENT_TYPES
    discarded_events: tuple[str, ...] = ()
    device_types: dict[str, tuple[str, ...]] = {}
    web_page_viewed: Refused = "refuse"
    event_names: Disputed = "strict"
    restricted_events: Refused = "refuse"
    missing_event_data: Refused = "refuse"
    flags_as_text: Disputed = "accept"
    identity_and_object_id: Disputed = "strict"
    project_timezone: str = "UTC"
    export_delay: Duration = 0.0
    pages_not_ready: Natural = 0
    last_cursor: Literal["absent", "empty"] = "absent"
    cursor_life: Duration = CURSOR_LIFE
    cursor_idle: Duration = CURSOR_IDLE
    profile_cursor_life: Duration = PROFILE_CURSOR_LIFE
    counts_not_ready: Natural = 0
    request_id_life: Duration = REQUEST_ID_LIFE
    trend_weeks: Literal["sunday", "iso"] = "sunday"
    deleted_events: Literal["keep", "delete"] = "keep"
    campaign_seconds: Duration = 0.0
    unfinished_result: Literal["conflict", "error", "success", "fail"] = "conflict"
    unknown_paths: Literal["not_found", "empty"] = "not_found"
    system_events: tuple[str, ...] = SYSTEM_EVENTS
    unexportable_events: tuple[str, ...] = UNEXPORTABLE_EVENTS
    profiles_without_event: Refused = "refuse"
    exported_dates: Literal["text", "seconds"] = "text"
    dropped_properties: dict[str, tuple[str, ...]] = {}

    def __post_init__(self) -> None:
        """Check that the time zone exists."""
        try:
            ZoneInfo(self.project_timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            msg = f"Unknown time zone {self.project_timezone!r}"
            raise ValueError(msg) from None

    def changed(self, changes: dict[str, Any]) -> Settings:
        """Return these settings with some of them replaced.

        :param changes: setting names and their new values.
        :raises msgspec.ValidationError: a name is unknown or a value does not fit.
        """
        return msgspec.convert({**msgspec.to_builtins(self), **changes}, Settings)
