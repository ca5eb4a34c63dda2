"""Queries that CleverTap rejects, with the texts and codes that its clients have seen.

Many rejections come with HTTP 200, so that only ``status`` and ``code`` in the body show the failure.
"""

from __future__ import annotations

import msgspec

from airflow_provider_clevertap.emulator.replies import MALFORMED, Reply, failure, json_reply

BAD_REQUEST = 400
WRONG_DATES = 4002

IN_PROGRESS = failure(200, "Request still in progress, please retry later", 2)
"""The page is not ready: the same call must be made again."""

INCORRECT_USAGE = failure(200, "Incorrect Usage", 3)
"""The cursor is none that was issued, such as one that was encoded twice."""

UNKNOWN_REQUEST = failure(200, "Invalid request id", BAD_REQUEST)
"""The number of a result is unknown or too old: the query must be asked again."""

INVALIDATED = json_reply(200, {"status": "fail", "error": "Cursor is no longer valid", "code": "CURSOR_INVALIDATED"})
"""The cursor is too old. The code is text here."""


class QueryRejected(Exception):  # noqa: N818 - carries an answer, not a failure of the program
    """The query is rejected.

    :param reply: the answer.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__("The query is rejected")
        self.reply = reply


def malformed() -> QueryRejected:
    """Return the rejection of a body that is not a query."""
    return QueryRejected(failure(400, MALFORMED))


def invalid(text: str) -> QueryRejected:
    """Return a rejection whose error is a JSON list inside a text, with HTTP 200."""
    return QueryRejected(failure(200, msgspec.json.encode([text]).decode(), BAD_REQUEST))


def wrong_dates(text: str) -> QueryRejected:
    """Return the rejection of the days of a query."""
    return QueryRejected(failure(200, text, WRONG_DATES))


def not_exportable() -> QueryRejected:
    """Return the rejection of an event that only cloud exports contain."""
    return QueryRejected(failure(400, "Export not allowed for this event"))
