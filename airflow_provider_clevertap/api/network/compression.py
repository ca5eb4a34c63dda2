"""Compressed request bodies, and what to say when a service may not be able to read them."""

from __future__ import annotations

import zlib
from dataclasses import replace
from http import HTTPStatus

from airflow_provider_clevertap.api.answers import Answer, Forbidden, Malformed

#: the fastest level: it compresses records to a quarter; higher levels save little more and take several times as long
_GZIP_LEVEL = 1
#: zlib's number for a gzip header and the largest window
_GZIP_FORMAT = 31
_HINT = (
    "The request was compressed, which CleverTap does not document: if all requests are rejected, remove gzip from the "
    "connection."
)


def compress(body: bytes) -> bytes:
    """Return a body in gzip format."""
    return zlib.compress(body, _GZIP_LEVEL, wbits=_GZIP_FORMAT)


def with_hint(answer: Answer) -> Answer:
    """Return the answer to a compressed request, with a hint where the service may be unable to read such requests."""
    match answer:
        case Malformed(detail) | Forbidden(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail):
            return replace(answer, detail=f"{detail.rstrip('.')}. {_HINT}")
    return answer
