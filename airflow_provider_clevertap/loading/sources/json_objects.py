"""Find the objects in text that has several of them one after the other, as some services write without line ends."""

from __future__ import annotations

import json
import re

_BYTE_ORDER_MARK = "\ufeff"
#: What may stand before an object: blanks, and the byte order marks of files that were joined.
_BEFORE = re.compile(rf"[ \t\r\n{_BYTE_ORDER_MARK}]*")
#: Only finds where an object ends. Numbers are not converted: they may have any number of digits.
_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


def split_objects(text: bytes) -> tuple[list[bytes], bytes]:
    """Return the objects at the start of a text, and the rest from the first one that has no end.

    Nothing but blanks and byte order marks is between objects. Which of them can be read is for the caller to find.
    """
    characters = text.decode("utf-8", "surrogateescape")
    objects: list[bytes] = []
    start = _start(characters, 0)
    while characters.startswith("{", start):
        try:
            _, end = _DECODER.raw_decode(characters, start)
        except (ValueError, RecursionError):
            break
        objects.append(_encoded(characters[start:end]))
        start = _start(characters, end)
    return objects, _encoded(characters[start:])


def _start(characters: str, position: int) -> int:
    before = _BEFORE.match(characters, position)
    return position if before is None else before.end()


def _encoded(characters: str) -> bytes:
    return characters.encode("utf-8", "surrogateescape")
