"""The report on messages, of campaigns that were added by hand: an emulator sends none."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.export.project_time import read_day
from airflow_provider_clevertap.emulator.export.rejections import malformed, wrong_dates

FILTERS = {"channel": "channel", "delivery": "delivery", "status": "status", "message_type": "message_type"}
"""The lists in a query, and the field of a message that each is about; ``label`` is about the list ``labels``."""

_DAY_DIGITS = 8


class Message(msgspec.Struct, rename={"id": "message id"}):
    """What must be known of a message; its other fields are returned as they are.

    :param id: its number. The API's name for it has a blank.
    :param start_date: when it began, as text that begins with year, month and day.
    """

    id: int
    start_date: str

    def __post_init__(self) -> None:
        """Check that the message began on a day."""
        if read_day(_digits(self.start_date)) is None:
            msg = "start_date is not a date"
            raise ValueError(msg)


def add_messages(connection: sqlite3.Connection, body: bytes) -> None:
    """Add messages, in place of earlier ones with the same number.

    :param body: a JSON list of messages, in the form of the report.
    :raises msgspec.ValidationError: one has no number or no date.
    """
    messages = msgspec.json.decode(body, type=list[dict[str, Any]])
    for message in messages:
        known = msgspec.convert(message, Message)
        connection.execute(
            "INSERT OR REPLACE INTO messages VALUES (?, ?, ?)",
            (known.id, int(_digits(known.start_date)), msgspec.json.encode(message).decode()),
        )


def read_messages(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return all messages, by the day they began."""
    return [msgspec.json.decode(text) for (text,) in connection.execute("SELECT data FROM messages ORDER BY day, id")]


def report_messages(connection: sqlite3.Connection, query: dict[str, Any]) -> dict[str, Any]:
    """Answer a call for a report: messages that began in a range of days, whatever the days they were sent on.

    :raises QueryRejected: the days are wrong, or a filter is not a list.
    """
    first, last = read_day(query.get("from")), read_day(query.get("to"))
    if first is None or last is None:
        raise wrong_dates("Invalid date")
    if first > last:
        raise wrong_dates("Invalid date range: from greater than to")
    rows = connection.execute(
        "SELECT data FROM messages WHERE day BETWEEN ? AND ? ORDER BY day, id",
        (int(f"{first:%Y%m%d}"), int(f"{last:%Y%m%d}")),
    )
    messages = [message for (text,) in rows if _is_wanted(message := msgspec.json.decode(text), query)]
    return {"status": "success", "total_results": len(messages), "messages": messages}


def _is_wanted(message: dict[str, Any], query: dict[str, Any]) -> bool:
    for name, field in FILTERS.items():
        if (wanted := _words(query, name)) and _word(message.get(field)) not in wanted:
            return False
    labels = {_word(label) for label in message.get("labels") or ()}
    wanted = _words(query, "label")
    return not wanted or not labels.isdisjoint(wanted)


def _words(query: dict[str, Any], name: str) -> set[str]:
    found = query.get(name) or []
    if not isinstance(found, list):
        raise malformed()
    return {_word(word) for word in found}


def _word(value: object) -> str:
    """Return a word as queries write it: ``Mobile Push`` is ``mobile_push``."""
    return str(value).lower().replace(" ", "_").replace("-", "_")


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)[:_DAY_DIGITS]
