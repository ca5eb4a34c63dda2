"""Short excerpts of an HTTP response that are safe to log: at most an error text or a page title, never a body.

The response to an upload may repeat whole records, so messages must not quote its body.
"""

from __future__ import annotations

import html
import re

#: maximum characters of an excerpt in a message
MAX_EXCERPT_LENGTH = 200

_TITLE = re.compile(rb"<title[^>]*>([^<]{1,1000})", re.IGNORECASE)
#: bytes that are searched for a title, which is in the head of a page
_MAX_HEAD_BYTES = 16_384


def one_line(text: object, max_length: int = MAX_EXCERPT_LENGTH) -> str:
    """Return text from a response on one line, without control characters, shortened; empty when it is not text."""
    if not isinstance(text, str):
        return ""
    # shorten before cleaning: the text may be as long as the response
    printable = (character if character.isprintable() else " " for character in text[: 4 * max_length])
    line = " ".join("".join(printable).split())
    return line if len(line) <= max_length else f"{line[: max_length - 3]}..."


def describe_body(body: bytes) -> str:
    """Return a description of a body that CleverTap's API would not send."""
    start = body[:_MAX_HEAD_BYTES].lstrip()
    if not start:
        return "no body"
    if start.startswith(b"<"):
        match = _TITLE.search(start)
        title = one_line(html.unescape(match[1].decode("utf-8", "replace"))) if match else ""
        return f'an HTML page titled "{title}"' if title else "an HTML or XML page"
    if start.startswith((b"{", b"[")):
        return f"{len(body)} bytes of JSON that are incomplete or have an unexpected shape"
    return f"{len(body)} bytes of unknown content"
