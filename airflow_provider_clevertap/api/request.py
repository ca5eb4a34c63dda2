"""One HTTP request and its answer: what certainly was not sent, what may have been, and how much of an answer is read.

Nothing here follows a redirect, retries, or raises for what the network does.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx

from airflow_provider_clevertap.api.answers import Ambiguous, Unreachable
from airflow_provider_clevertap.api.deadline import RequestState
from airflow_provider_clevertap.api.excerpts import one_line
from airflow_provider_clevertap.api.response_parser import is_success

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from airflow_provider_clevertap.api.connection_pool import ConnectionPool

log = logging.getLogger(__name__)

#: how much of an answer is read when its status alone decides, in bytes: enough for an error text or a page title
ERROR_EXCERPT_BYTES = 65_536
#: content codings httpx undoes with a bounded growth; none is asked for
_CODINGS = ("", "identity", "gzip", "deflate")

#: httpx raises these before the first byte of a request goes out: no connection, no proxy tunnel, no free place
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
#: what httpx and the socket below it raise for the network's doings
_TROUBLE = (httpx.HTTPError, httpx.StreamError, OSError)


class Reply(NamedTuple):
    """What came back.

    :param body: the answer's body. For a status other than 2xx only its beginning, as far as it could be read.
    """

    status: int
    headers: httpx.Headers
    body: bytes


def send_request(
    connections: ConnectionPool, request: httpx.Request, *, longest: int, seconds: float, secret: re.Pattern[str]
) -> Reply | Unreachable | Ambiguous:
    """Send a request and read its answer, within bounds.

    :param connections: the shared connections.
    :param request: the request, with the time for making a connection in its extensions.
    :param longest: most bytes of a 2xx answer's body.
    :param seconds: most seconds for a free connection, and then, once there is a connection, for the whole request:
        from its first byte to the last one of its answer, however steadily that drips.
    :param secret: finds the passcode; no log line holds what it finds.
    """
    started = time.monotonic()
    with _own_logging(secret):
        try:
            with connections.acquire(seconds) as connection:
                turn = RequestState(request.extensions["timeout"]["connect"], seconds, request.method.encode() + b" ")
                request.extensions = {**request.extensions, "request_state": turn}
                response = connection.handle_request(request)
                try:
                    reply = _read(response, longest, seconds)
                finally:
                    # closing an unread answer breaks its connection: nothing of it can reach the next request
                    _close(response)
        except _TROUBLE as trouble:
            return _no_status(trouble, request.url.host)
    # the path alone: the query of a profile lookup holds personal data
    log.debug("%s %s: %s in %.3f s", request.method, request.url.path, response.status_code, time.monotonic() - started)
    if turn.doubt and is_success(response.status_code):
        return Ambiguous(response.status_code, f"HTTP {response.status_code}, but {turn.doubt}")
    return reply


def _read(response: httpx.Response, longest: int, seconds: float) -> Reply | Ambiguous:
    status = response.status_code
    decisive = is_success(status)
    body = b""
    try:
        body, problem = _body(response, longest if decisive else ERROR_EXCERPT_BYTES, seconds)
    except httpx.ReadTimeout as trouble:
        problem = f"its body was not complete after {seconds:g} seconds ({_words(trouble)})"
    except _TROUBLE as trouble:
        problem = f"its body broke off ({_words(trouble)})"
    if problem and decisive:
        return Ambiguous(status, f"HTTP {status}, but {problem}")
    return Reply(status, response.headers, body)


def _body(response: httpx.Response, longest: int, seconds: float) -> tuple[bytes, str]:
    """Read a body, and say what is wrong with it, if anything."""
    if response.headers.get("content-encoding", "").strip().lower() not in _CODINGS:
        return b"", "its body is compressed in a way that was not asked for"
    chunks: list[bytes] = []
    size = 0
    deadline = time.monotonic() + seconds
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > longest:
            return b"".join(chunks), f"its body is longer than {longest} bytes"
        chunks.append(chunk)
        if time.monotonic() > deadline:
            return b"".join(chunks), f"its body was not complete after {seconds:g} seconds"
    return b"".join(chunks), ""


def _close(response: httpx.Response) -> None:
    try:
        response.close()
    except _TROUBLE as trouble:
        log.debug("Closing an answer: %s", type(trouble).__name__)


def _no_status(trouble: Exception, host: str) -> Unreachable | Ambiguous:
    if isinstance(trouble, _NOTHING_SENT):
        return Unreachable(f"No connection to {host}: {_words(trouble)}")
    return Ambiguous(None, f"No answer from {host} to a request that may have arrived: {_words(trouble)}")


def _words(trouble: Exception) -> str:
    """Say what went wrong.

    The text of a protocol error quotes what the other side sent, which could be anything, so it is left out.
    """
    match trouble:
        case httpx.PoolTimeout():
            return "every connection was in use"
        case httpx.ConnectTimeout():
            return "the connection was not made in time"
        case httpx.ReadTimeout():
            return "no data came in time"
        case httpx.WriteTimeout():
            return "the request was not taken in time"
        case httpx.RemoteProtocolError():
            return "the connection was closed too early, or the answer was not HTTP"
        case httpx.NetworkError() | httpx.ProxyError():
            text = one_line(str(trouble))
            return f"{type(trouble).__name__}, {text}" if text else type(trouble).__name__
    return type(trouble).__name__


_own = threading.local()


class _OwnRequests(logging.Filter):
    """Keep the HTTP libraries' log lines about this package's requests free of secrets and people.

    httpx logs every request's full URL at info level, and the URL of a profile lookup names a person. Those lines go;
    :func:`exchange` writes its own at debug level. httpcore logs answers' headers at debug level, and a server could
    echo the passcode in one. Requests of other code in the process, in other threads or at other times, are left alone.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        secret: re.Pattern[str] | None = getattr(_own, "secret", None)
        if secret is None:
            return True
        if record.name == "httpx":
            return False
        line = record.getMessage()
        if secret.search(line):
            record.msg, record.args = secret.sub("***", line), ()
        return True


_FILTER = _OwnRequests()
# a logger's filters see only what is logged through that very logger, so each one needs it
for _name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(_FILTER)


@contextmanager
def _own_logging(secret: re.Pattern[str]) -> Iterator[None]:
    _own.secret = secret
    try:
        yield
    finally:
        _own.secret = None
