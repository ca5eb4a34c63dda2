"""Short, harmless words about an answer, for messages people read.

An answer to an upload may echo whole records. So a message never quotes a body: it may hold the title of an HTML
page or the top-level ``error`` text, cut short, and no more.
"""

from __future__ import annotations

import html
import re

#: longest piece of a foreign text that a message repeats, in characters
EXCERPT = 200

_TITLE = re.compile(rb"<title[^>]*>([^<]{1,1000})", re.IGNORECASE)
#: a title stands in the head of a page: no need to look through the rest
_HEAD = 16_384


def one_line(text: object, longest: int = EXCERPT) -> str:
    """Give foreign text on one line, without control characters, cut to ``longest``; nothing when it is no text."""
    if not isinstance(text, str):
        return ""
    # cut before cleaning: the text may be as long as the answer
    printable = (character if character.isprintable() else " " for character in text[: 4 * longest])
    line = " ".join("".join(printable).split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def described(body: bytes) -> str:
    """Say what kind of thing a body is that CleverTap's API would not send."""
    start = body[:_HEAD].lstrip()
    if not start:
        return "no body"
    if start.startswith(b"<"):
        title = _TITLE.search(start)
        words = one_line(html.unescape(title[1].decode("utf-8", "replace"))) if title else ""
        return f'an HTML page titled "{words}"' if words else "an HTML or XML page"
    if start.startswith((b"{", b"[")):
        return f"{len(body)} bytes of JSON that break off or have an unexpected shape"
    return f"{len(body)} bytes of unknown content"
