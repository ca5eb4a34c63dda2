"""The network backend of httpcore for one connection: enforces deadlines, and passes on one response at a time.

One read of httpcore may return more bytes than the current response has. Its parser keeps the rest, and takes it for
the response to the next request. So the streams here never pass on bytes after the end of a response, and report that
they are readable while there are such bytes. This relies on httpcore's public contract for network backends
(https://www.encode.io/httpcore/network-backends/):

* a pool asks the stream of an idle connection for ``is_readable`` whenever a request begins or ends, and drops the
  connection when it is;
* all bytes of a request and its response pass through ``read`` and ``write``, and the stream that passed them is the
  extension ``network_stream`` of the response.
"""

from __future__ import annotations

import math
import re
import select
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final

import httpcore

from airflow_provider_clevertap.api.deadline import RequestState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: maximum seconds of a single wait, so that a shortened deadline is noticed
_MAX_WAIT_SECONDS: Final = 1.0
_READ_BYTES: Final = 65_536
#: bytes passed to TLS within TLS in one write
_NESTED_WRITE_BYTES: Final = 16_384
#: the end of the headers, as h11 finds it
_HEADERS_END: Final = re.compile(rb"\n\r?\n")
#: the beginning of an interim response, which another response follows
_INTERIM: Final = (b"HTTP/1.1 1", b"HTTP/1.0 1")
_STATUSES_WITHOUT_BODY: Final = (204, 304)


class BoundedStream(httpcore.NetworkStream):
    """A stream that enforces the deadline of its request, and holds back bytes after the end of a response.

    :param inner: the wrapped stream.
    :param backend: the backend that made the connection; it has the state of the current request.
    """

    def __init__(self, inner: httpcore.NetworkStream, backend: BoundedBackend) -> None:
        self._inner = inner
        self._backend = backend
        self._socket: socket.socket = inner.get_extra_info("socket")
        tls = inner.get_extra_info("ssl_object")
        #: set for TLS to a server through TLS to a proxy, whose bytes are not those of the socket
        self._nested = tls if isinstance(tls, ssl.SSLObject) else None
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        #: the bytes received last, how many of them were passed on, and whether the other side has ended the stream
        self._data = b""
        self._offset = 0
        self._ended = False
        #: how far bytes are passed on: to the end of the headers, to the end of a line, or up to the end of the body
        self._in_headers = self._in_lines = False
        self._remaining = math.inf
        #: the last bytes of the headers that were passed on, as their end may be split between two reads
        self._tail = b""
        self._requests = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see RequestState
        """Return the next bytes of the response, and wait for them if necessary."""
        if self._offset >= len(self._data) and not self._ended:
            self._data, self._offset = self._receive(max_bytes), 0
            self._ended = not self._data
        start = self._offset
        self._offset = self._response_end()
        return self._data[start : self._offset] if start or self._offset < len(self._data) else self._data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - see RequestState
        """Send all bytes.

        :raises httpcore.ConnectError: before the first byte of a request, when the other side has closed the connection
            or sent something.
        """
        state = self._backend.state
        if not state.started and buffer.startswith(state.method):
            self._begin_request(state)
        unsent = memoryview(buffer)
        while unsent:
            if state.started:
                self._check_early_response(state)
            seconds = state.seconds_left()
            if seconds <= 0:
                raise httpcore.WriteTimeout("the request took too long")
            if self._nested:
                self._inner.write(bytes(unsent[:_NESTED_WRITE_BYTES]), seconds)
                unsent = unsent[_NESTED_WRITE_BYTES:]
                continue
            try:
                self._socket.settimeout(min(seconds, _MAX_WAIT_SECONDS))
                unsent = unsent[self._socket.send(unsent) :]
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def begin_body(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Pass on the body of a response from now on, up to the end that its headers define.

        httpcore has parsed the headers: their lengths agree, and ``chunked`` is the only possible transfer coding.
        """
        by_name = {name.lower(): value for name, value in headers}
        self._in_headers = False
        # every part of a chunked body except its data ends with a line end, also the last one
        self._in_lines = b"transfer-encoding" in by_name and status not in _STATUSES_WITHOUT_BODY
        self._remaining = math.inf
        if status in _STATUSES_WITHOUT_BODY:
            self._remaining = 0
        elif not self._in_lines and b"content-length" in by_name:
            self._remaining = int(by_name[b"content-length"])

    def end_body(self) -> None:
        """Check whether other bytes follow a response.

        If so, either response may be a late one to an earlier request on this connection, if there was any.
        """
        state = self._backend.state
        if self._offset < len(self._data) and self._requests > 1 and not state.doubt:
            state.doubt = "it was followed by another answer, so either of them may belong to another request"

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Start TLS on this connection."""
        return BoundedStream(
            self._inner.start_tls(ssl_context, server_hostname, self._backend.seconds(timeout)), self._backend
        )

    def get_extra_info(self, info: str) -> Any:
        """Return information about the connection. It is readable when there are unread bytes, or when it has ended."""
        return self._has_unread() if info == "is_readable" else self._inner.get_extra_info(info)

    def _check_early_response(self, state: RequestState) -> None:
        """Check for a response that arrives before the request was sent: it cannot be the response to its records."""
        if self._nested or state.doubt or not self._has_unread():
            return
        if self._offset < len(self._data) and not self._data.startswith(_INTERIM):
            state.doubt = "it arrived before the request had been sent"

    def _begin_request(self, state: RequestState) -> None:
        """Begin a request, unless there are unread bytes of an earlier one."""
        if not self._nested and self._has_unread():
            raise httpcore.ConnectError("the other side closed the connection, or sent data before the request")
        if state.seconds_left() <= 0:
            raise httpcore.ConnectTimeout("the connection was not made in time")
        state.start()
        self._requests += 1
        self._in_headers, self._in_lines, self._remaining, self._tail = True, False, math.inf, b""

    def _receive(self, max_bytes: int) -> bytes:
        while (seconds := self._backend.state.seconds_left()) > 0:
            try:
                if self._nested:
                    return self._inner.read(max_bytes, min(seconds, _MAX_WAIT_SECONDS))
                self._socket.settimeout(min(seconds, _MAX_WAIT_SECONDS))
                return self._socket.recv(max_bytes)
            except (TimeoutError, httpcore.ReadTimeout):
                continue
            except OSError as error:
                raise httpcore.ReadError(str(error)) from error
        raise httpcore.ReadTimeout("the request took too long")

    def _response_end(self) -> int:
        """Return up to which offset the received bytes are passed on."""
        end = len(self._data)
        if self._in_headers:
            headers = self._tail + self._data[self._offset :]
            match = _HEADERS_END.search(headers)
            if match is None:
                self._tail = headers[-2:]
            else:
                end = self._offset + match.end() - len(self._tail)
                self._tail = b""
        elif self._in_lines:
            line = self._data.find(b"\n", self._offset)
            end = end if line < 0 else line + 1
        elif self._remaining < end - self._offset:
            end = self._offset + int(self._remaining)
            self._remaining = 0
        else:
            self._remaining -= end - self._offset
        return end

    def _has_unread(self) -> bool:
        """Check without waiting for unread bytes, or the end of the stream.

        With TLS it is not enough that the socket is readable: the bytes may belong to TLS itself.
        """
        if self._ended or self._offset < len(self._data):
            return True
        waiting = bool(self._poll.poll(0)) or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0)
        if not waiting and not self._nested:
            return False
        try:
            if self._nested:  # decrypted bytes may be in memory already
                self._data, self._offset = self._nested.read(_READ_BYTES), 0
            else:
                self._socket.settimeout(0)
                self._data, self._offset = self._socket.recv(_READ_BYTES), 0
            self._ended = not self._data
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return waiting and self._nested is not None
        except OSError:
            self._ended = True
        return True


class BoundedBackend(httpcore.NetworkBackend):
    """Makes the connections of one transport, one after another.

    :ivar state: the state of the current or the last request.
    """

    def __init__(self) -> None:
        self.state = RequestState(0.0, 0.0)
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first reachable address of a host, within the deadline of the request."""
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in entries))
        while True:
            address = addresses.pop(0)
            # an address that does not answer must leave time for the others
            seconds = self.seconds(timeout) / (1 + len(addresses))
            try:
                inner = self._network.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise
            else:
                return BoundedStream(inner, self)

    def seconds(self, timeout: float | None) -> float:
        """Return the seconds for one step of making the connection.

        :raises httpcore.ConnectTimeout: when there are none left.
        """
        remaining = self.state.seconds_left()
        if remaining <= 0:
            raise httpcore.ConnectTimeout("the connection was not made in time")
        return remaining if timeout is None else min(remaining, timeout)
