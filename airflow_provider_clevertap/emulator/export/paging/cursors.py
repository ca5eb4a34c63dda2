"""Cursors: opaque texts that hold the position of an export.

Real ones are 1.5 to 2.4 KB of letters, digits and ``%_-.~+=/``, already percent-encoded: they go into the address as
they are, or are decoded once and encoded once. One that was encoded twice is rejected.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from urllib.parse import quote

import msgspec

_MIN_BYTES = 1200
"""Bytes of a cursor before it is encoded."""

_CHECKSUM_BYTES = 16

Position = tuple[tuple[int, int] | None, ...]
"""For each bucket the last row that was exported, as its sort key and id; ``None`` for a bucket that is finished."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A position in an export.

    :param walk: the export.
    :param page: the number of its page, from 0.
    :param position: where the page begins.
    """

    walk: str
    page: int
    position: Position


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as text, percent-encoded."""
    content = zlib.compress(msgspec.json.encode(cursor))
    padding = hashlib.shake_256(content).digest(max(0, _MIN_BYTES - len(content)))
    sealed = len(content).to_bytes(4, "big") + content + padding
    return quote(base64.b64encode(_checksum(sealed) + sealed).decode(), safe="")


def read_cursor(text: str) -> Cursor | None:
    """Return a cursor from the query of a request, decoded once; ``None`` when it is none that was issued.

    :param text: a blank in it was a ``+`` that the client did not encode.
    """
    try:
        received = base64.b64decode(text.replace(" ", "+"), validate=True)
        sealed = received[_CHECKSUM_BYTES:]
        if received[:_CHECKSUM_BYTES] != _checksum(sealed):
            return None
        length = int.from_bytes(sealed[:4], "big")
        return msgspec.json.decode(zlib.decompress(sealed[4 : 4 + length]), type=Cursor)
    except (binascii.Error, ValueError, zlib.error, msgspec.DecodeError):
        return None


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECKSUM_BYTES).digest()
