"""The pages of an export: decoded once, with properties as the JSON text that CleverTap sent.

Only the fields that are used are decoded. Properties stay undecoded, so that none of their numbers is rounded, and a
page of 5000 events takes two milliseconds. Numbers with a decimal point or an exponent outside of properties become
their text, for the same reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from airflow_provider_clevertap.api.response_body import ABSENT, UNREADABLE

_HALF: Final = rb"u[dD][89a-fA-F][0-9a-fA-F]{2}"
#: An escape in a text: two halves of a character, one half, or any other.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>" + _HALF + rb")|.)", re.DOTALL
)


class EventProfile(
    msgspec.Struct,
    gc=False,
    rename={"object_id": "objectId", "profile_data": "profileData", "event_summary": "events", "device_flags": "df"},
):
    """The person of an exported event. Fields that CleverTap was not asked for are missing.

    :param profile_data: the person's properties as JSON: as they are now, not at the time of the event.
    :param event_summary: how often and when the person raised each event, as JSON.
    :param device_flags: the field ``df``, as JSON. CleverTap does not document it.
    """

    object_id: Any = None
    identity: Any = None
    platform: Any = None
    email: Any = None
    profile_data: msgspec.Raw = ABSENT
    event_summary: msgspec.Raw = ABSENT
    make: Any = None
    model: Any = None
    os_version: Any = None
    app_version: Any = None
    push_token: Any = None
    device_flags: msgspec.Raw = ABSENT


class EventRecord(msgspec.Struct, gc=False, rename={"properties": "event_props", "session": "session_props"}):
    """One exported event. Its name is not in it.

    :param ts: its time in the project's time zone, as a number such as ``20261101140416``.
    :param properties: the event's properties as JSON.
    :param session: the properties of its session as JSON.
    """

    profile: EventProfile | None = None
    ts: Any = None
    properties: msgspec.Raw = ABSENT
    session: msgspec.Raw = ABSENT


class ProfileRecord(
    msgspec.Struct,
    gc=False,
    rename={"object_id": "objectId", "properties": "profileData", "event_summary": "events", "devices": "platformInfo"},
):
    """One exported profile.

    :param properties: the person's properties as JSON.
    :param event_summary: how often and when the person raised each event, as JSON.
    :param devices: the person's devices as JSON: a list of objects.
    """

    object_id: Any = None
    identity: Any = None
    email: Any = None
    name: Any = None
    properties: msgspec.Raw = ABSENT
    event_summary: msgspec.Raw = ABSENT
    devices: msgspec.Raw = ABSENT


class _Envelope(msgspec.Struct):
    status: Any = None
    code: Any = None
    error: Any = None
    cursor: Any = None
    next_cursor: Any = None


class _EventPage(_Envelope):
    records: list[EventRecord] | None = None


class _ProfilePage(_Envelope):
    records: list[ProfileRecord] | None = None


def _page_decoder(page: type[_EventPage] | type[_ProfilePage]) -> Callable[[bytes], object]:
    decoder = msgspec.json.Decoder(page, float_hook=str)

    def decode_page(body: bytes) -> object:
        try:
            decoded = decoder.decode(body)
        except UNREADABLE:
            try:
                decoded = decoder.decode(_repaired(body))
            except UNREADABLE:
                return None
        records: Sequence[EventRecord] | Sequence[ProfileRecord] = decoded.records or ()
        return {
            "status": decoded.status,
            "code": decoded.code,
            "error": decoded.error,
            "cursor": decoded.cursor,
            "next_cursor": decoded.next_cursor,
            "records": records,
        }

    return decode_page


def _repaired(body: bytes) -> bytes:
    """Return JSON with U+FFFD for what is not text: halves of characters, which apps cut texts into, and bad UTF-8."""
    text = body.decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["half"] else found[0], text)


#: Return the fields of a page, with its records as structures; ``None`` when it cannot be read.
decode_event_page: Final = _page_decoder(_EventPage)
decode_profile_page: Final = _page_decoder(_ProfilePage)
