"""The bytes of one connection: bounded in time, and handed on one answer at a time.

What httpcore reads at once may hold more than the answer it reads for: its parser keeps the rest, and takes it for the
answer to the next request. So the streams here hand on no byte that comes after the end of an answer, and say that
they are readable while there is one. By httpcore's public contract for a network backend
(https://www.encode.io/httpcore/network-backends/) this is relied on:

* a pool asks an idle connection's stream for ``is_readable`` whenever a request begins or ends, and drops the
  connection when it says so;
* all that is read and written of a request passes through ``read`` and ``write``, and the stream on which it did is
  the answer's extension ``network_stream``.
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

#: longest wait at a time, in seconds: so soon a deadline that has come nearer is noticed
_SLICE: Final = 1.0
_MOST_AT_ONCE: Final = 65_536
#: a piece that TLS within TLS is given to write
_PIECE: Final = 16_384
#: the end of a head, as h11 finds it
_HEAD_END: Final = re.compile(rb"\n\r?\n")
#: a head that announces another one
_INTERIM: Final = (b"HTTP/1.1 1", b"HTTP/1.0 1")
_NO_CONTENT: Final = (204, 304)


class BoundedStream(httpcore.NetworkStream):
    """A stream that ends with its request's time, and keeps back what does not belong to an answer.

    :param inner: the stream below.
    :param line: what the connection has in common with others made in its stead.
    """

    def __init__(self, inner: httpcore.NetworkStream, line: BoundedBackend) -> None:
        self._inner = inner
        self._line = line
        self._socket: socket.socket = inner.get_extra_info("socket")
        tls = inner.get_extra_info("ssl_object")
        #: TLS to a server through TLS to a proxy: its bytes are not those of the socket
        self._nested = tls if isinstance(tls, ssl.SSLObject) else None
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        #: what has come, how much of it was handed on, and whether that is all there will be
        self._data = b""
        self._at = 0
        self._ended = False
        #: how bytes are handed on: up to the end of a head, so many of a body, up to a line's end, or all there are
        self._in_head = self._in_lines = False
        self._rest = math.inf
        #: the last bytes of a head that were handed on: its end may come in two pieces
        self._tail = b""
        self._requests = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the turn bounds it
        """Give what has come of an answer, and wait for it if need be."""
        if self._at >= len(self._data) and not self._ended:
            self._data, self._at = self._receive(max_bytes), 0
            self._ended = not self._data
        start = self._at
        self._at = self._end()
        return self._data[start : self._at] if start or self._at < len(self._data) else self._data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the turn bounds it
        """Send all of it.

        :raises httpcore.ConnectError: before a request's first byte, when the other side has hung up or spoken.
        """
        turn = self._line.turn
        if not turn.asked and buffer.startswith(turn.verb):
            self._begin(turn)
        rest = memoryview(buffer)
        while rest:
            if turn.asked:
                self._listen(turn)
            left = turn.left()
            if left <= 0:
                raise httpcore.WriteTimeout("the time of the request is over")
            if self._nested:
                self._inner.write(bytes(rest[:_PIECE]), left)
                rest = rest[_PIECE:]
                continue
            try:
                self._socket.settimeout(min(left, _SLICE))
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def begin_body(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Hand on the body of an answer, whose end its head tells, and no byte more.

        The head has passed httpcore's parser: its lengths agree, and no coding of a transfer but ``chunked`` is left.
        """
        named = {name.lower(): value for name, value in headers}
        self._in_head = False
        # each part of a chunked body that is no data ends with its line, the last one as well
        self._in_lines = b"transfer-encoding" in named and status not in _NO_CONTENT
        self._rest = math.inf
        if status in _NO_CONTENT:
            self._rest = 0
        elif not self._in_lines and b"content-length" in named:
            self._rest = int(named[b"content-length"])

    def end_body(self) -> None:
        """Look whether an answer is followed by something else.

        Then either of them may be what had been left over by an earlier request, unless there was none.
        """
        if self._at < len(self._data) and self._requests > 1 and not self._line.turn.doubt:
            self._line.turn.doubt = "it was followed by another answer, so that either may be that to another request"

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on with TLS."""
        return BoundedStream(
            self._inner.start_tls(ssl_context, server_hostname, self._line.seconds(timeout)), self._line
        )

    def get_extra_info(self, info: str) -> Any:
        """Tell about the connection; it is readable when anything has come that nobody has read, or its end."""
        return self._speaks() if info == "is_readable" else self._inner.get_extra_info(info)

    def _listen(self, turn: RequestState) -> None:
        """Look whether an answer is there before the request is: it cannot say what became of its records."""
        if self._nested or turn.doubt or not self._speaks():
            return
        if self._at < len(self._data) and not self._data.startswith(_INTERIM):
            turn.doubt = "it came before the request had been sent"

    def _begin(self, turn: RequestState) -> None:
        """Begin a request, on a connection on which nothing has come yet."""
        if not self._nested and self._speaks():
            raise httpcore.ConnectError("the other side hung up, or spoke before it was asked")
        if turn.left() <= 0:
            raise httpcore.ConnectTimeout("the connection was not made in time")
        turn.ask()
        self._requests += 1
        self._in_head, self._in_lines, self._rest, self._tail = True, False, math.inf, b""

    def _receive(self, most: int) -> bytes:
        while (left := self._line.turn.left()) > 0:
            try:
                if self._nested:
                    return self._inner.read(most, min(left, _SLICE))
                self._socket.settimeout(min(left, _SLICE))
                return self._socket.recv(most)
            except (TimeoutError, httpcore.ReadTimeout):
                continue
            except OSError as error:
                raise httpcore.ReadError(str(error)) from error
        raise httpcore.ReadTimeout("the time of the request is over")

    def _end(self) -> int:
        """Find up to where what has come is handed on."""
        end = len(self._data)
        if self._in_head:
            seen = self._tail + self._data[self._at :]
            found = _HEAD_END.search(seen)
            if found is None:
                self._tail = seen[-2:]
            else:
                end = self._at + found.end() - len(self._tail)
                self._tail = b""
        elif self._in_lines:
            line = self._data.find(b"\n", self._at)
            end = end if line < 0 else line + 1
        elif self._rest < end - self._at:
            end = self._at + int(self._rest)
            self._rest = 0
        else:
            self._rest -= end - self._at
        return end

    def _speaks(self) -> bool:
        """Look whether something has come that nobody has read, or the end, without waiting.

        That bytes have come is not enough with TLS: they may be its own.
        """
        if self._ended or self._at < len(self._data):
            return True
        waiting = bool(self._poll.poll(0)) or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0)
        if not waiting and not self._nested:
            return False
        try:
            if self._nested:  # what has come of it may be in memory already
                self._data, self._at = self._nested.read(_MOST_AT_ONCE), 0
            else:
                self._socket.settimeout(0)
                self._data, self._at = self._socket.recv(_MOST_AT_ONCE), 0
            self._ended = not self._data
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return waiting and self._nested is not None
        except OSError:
            self._ended = True
        return True


class BoundedBackend(httpcore.NetworkBackend):
    """Makes the connection of a transport, and makes it anew where it was dropped.

    :ivar turn: the request that is under way, or was the last one.
    """

    def __init__(self) -> None:
        self.turn = RequestState(0.0, 0.0)
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that can be reached, within the time of the request."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        while True:
            address = addresses.pop(0)
            # one that does not answer leaves time for the others
            seconds = self.seconds(timeout) / (1 + len(addresses))
            try:
                inner = self._network.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise
            else:
                return BoundedStream(inner, self)

    def seconds(self, timeout: float | None) -> float:
        """Give the seconds for a part of making the connection.

        :raises httpcore.ConnectTimeout: when there are none left.
        """
        left = self.turn.left()
        if left <= 0:
            raise httpcore.ConnectTimeout("the connection was not made in time")
        return left if timeout is None else min(left, timeout)
