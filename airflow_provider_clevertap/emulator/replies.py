"""The answers the emulator gives, before they are sent over HTTP, and the error texts of CleverTap they contain."""

from __future__ import annotations

import re
from typing import Any

import msgspec

MALFORMED = "Malformed request"
"""The documented text of a 400."""

INVALID_CREDENTIALS = "Invalid Credentials"
TOO_MANY_REQUESTS = "Too many concurrent requests"

_STATUS = re.compile(rb'"status":"(\w+)"')

JSON_TYPE = "application/json;charset=utf-8"


class Reply(msgspec.Struct):
    """Status, body and headers of an answer."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: dict[str, str] = msgspec.field(default_factory=dict)


def json_reply(status: int, content: dict[str, Any]) -> Reply:
    """Return an answer with a JSON body."""
    return Reply(status, msgspec.json.encode(content))


def result_of(reply: Reply) -> str:
    """Return the ``status`` of an answer's body; it begins the body."""
    found = _STATUS.search(reply.body[:200])
    return found[1].decode() if found else ""


def failure(status: int, error: str, code: int | None = None) -> Reply:
    """Return an error in the form CleverTap uses.

    :param status: the HTTP status.
    :param code: the code in the body; the HTTP status by default.
    """
    return json_reply(status, {"status": "fail", "error": error, "code": status if code is None else code})
