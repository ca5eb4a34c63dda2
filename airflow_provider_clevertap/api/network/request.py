"""Send one HTTP request and read its response within limits of time and size.

Errors of the network are returned, not raised: as ``Unreachable`` when certainly nothing was sent, as ``Ambiguous``
when the request may have arrived. Redirects are not followed and nothing is retried.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import httpx

from airflow_provider_clevertap.api.answers import Ambiguous, Unreachable
from airflow_provider_clevertap.api.deadline import RequestState
from airflow_provider_clevertap.api.excerpts import one_line
from airflow_provider_clevertap.api.network.log_filter import hide_secret
from airflow_provider_clevertap.api.response_parser import is_success

if TYPE_CHECKING:
    import re

    from airflow_provider_clevertap.api.network.connection_pool import ConnectionPool

log = logging.getLogger(__name__)

#: bytes that are read of the body of an unsuccessful response: enough for an error text or a page title
ERROR_EXCERPT_BYTES = 65_536
#: content codings that httpx decodes with bounded growth; the requests ask for none
_CODINGS = ("", "identity", "gzip", "deflate")

#: errors before the first byte of a request is sent: no connection, no proxy tunnel, no free connection
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
#: all errors that httpx and the socket raise for the network
_NETWORK_ERRORS = (httpx.HTTPError, httpx.StreamError, OSError)


class Response(NamedTuple):
    """A response.

    :param status: the HTTP status.
    :param headers: the headers.
    :param body: the body; for a status other than 2xx only its beginning, as far as it could be read.
    """

    status: int
    headers: httpx.Headers
    body: bytes


def send_request(
    connections: ConnectionPool, request: httpx.Request, *, max_bytes: int, seconds: float, secret: re.Pattern[str]
) -> Response | Unreachable | Ambiguous:
    """Send a request and read its response.

    :param connections: the shared connections.
    :param request: the request, with the timeout for making a connection in its extensions.
    :param max_bytes: maximum size of the body of a 2xx response.
    :param seconds: timeout for a free connection, and then, once connected, for the whole request, from its first byte
        to the last byte of its response.
    :param secret: matches the passcode; it is removed from log lines.
    """
    started = time.monotonic()
    with hide_secret(secret):
        try:
            with connections.acquire(seconds) as connection:
                state = RequestState(request.extensions["timeout"]["connect"], seconds, request.method.encode() + b" ")
                request.extensions = {**request.extensions, "request_state": state}
                incoming = connection.handle_request(request)
                try:
                    response = _read(incoming, max_bytes, seconds)
                finally:
                    # Closing an unread response drops its connection, so that no rest reaches the next request.
                    _close(incoming)
        except _NETWORK_ERRORS as error:
            return _without_status(error, request.url.netloc.decode())
    # only the path: the query of a profile lookup contains personal data
    log.debug("%s %s: %s in %.3f s", request.method, request.url.path, incoming.status_code, time.monotonic() - started)
    if state.doubt and is_success(incoming.status_code):
        return Ambiguous(incoming.status_code, f"HTTP {incoming.status_code}, but {state.doubt}")
    return response


def _read(incoming: httpx.Response, max_bytes: int, seconds: float) -> Response | Ambiguous:
    status = incoming.status_code
    success = is_success(status)
    body = b""
    try:
        body, problem = _read_body(incoming, max_bytes if success else ERROR_EXCERPT_BYTES, seconds)
    except httpx.ReadTimeout as error:
        problem = f"its body was not complete after {seconds:g} seconds ({_describe(error)})"
    except _NETWORK_ERRORS as error:
        problem = f"its body was not complete ({_describe(error)})"
    if problem and success:
        return Ambiguous(status, f"HTTP {status}, but {problem}")
    return Response(status, incoming.headers, body)


def _read_body(incoming: httpx.Response, max_bytes: int, seconds: float) -> tuple[bytes, str]:
    """Read a body and return it with a description of the problem; the description is empty when there is none."""
    if incoming.headers.get("content-encoding", "").strip().lower() not in _CODINGS:
        return b"", "its body is compressed with a method that was not requested"
    chunks: list[bytes] = []
    size = 0
    deadline = time.monotonic() + seconds
    for chunk in incoming.iter_bytes():
        size += len(chunk)
        if size > max_bytes:
            return b"".join(chunks), f"its body is longer than {max_bytes} bytes"
        chunks.append(chunk)
        if time.monotonic() > deadline:
            return b"".join(chunks), f"its body was not complete after {seconds:g} seconds"
    return b"".join(chunks), ""


def _close(incoming: httpx.Response) -> None:
    try:
        incoming.close()
    except _NETWORK_ERRORS as error:
        log.debug("Closing a response failed: %s", type(error).__name__)


def _without_status(error: Exception, host: str) -> Unreachable | Ambiguous:
    if isinstance(error, _NOTHING_SENT):
        return Unreachable(f"No connection to {host}: {_describe(error)}")
    return Ambiguous(None, f"No answer from {host} to a request that may have arrived: {_describe(error)}")


def _describe(error: Exception) -> str:
    """Return a description of a network error.

    The text of a protocol error is left out: it quotes what the other side sent, which could be anything.
    """
    match error:
        case httpx.PoolTimeout():
            return "every connection was in use"
        case httpx.ConnectTimeout():
            return "the connection was not made in time"
        case httpx.ReadTimeout():
            return "no data came in time"
        case httpx.WriteTimeout():
            return "the request could not be sent in time"
        case httpx.RemoteProtocolError():
            return "the connection was closed too early, or the answer was not HTTP"
        case httpx.NetworkError() | httpx.ProxyError():
            text = one_line(str(error))
            return f"{type(error).__name__}, {text}" if text else type(error).__name__
    return type(error).__name__
