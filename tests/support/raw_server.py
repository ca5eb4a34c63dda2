"""A server on loopback that sends any bytes, and misbehaves in the ways a test needs."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from airflow_provider_clevertap.api.answers import Ambiguous, Answer
from airflow_provider_clevertap.api.client import CleverTapClient

ACCOUNT_ID = "TEST-ABC-12Z"
PASSCODE = "WQX-SECRET-7731"
SUCCESS = b'{"status":"success","processed":1,"unprocessed":[]}'
#: Seconds for what takes no time unless the machine is busy. Only a failing test takes that long.
TIMEOUT = 60.0
ONE = b'{"d":[{"identity":"p-1","type":"profile","profileData":{"Plan":"gold"}}]}'


def http(
    status: int = 200, body: bytes = SUCCESS, *headers: str, length: int | None = None, close: bool = False
) -> bytes:
    """Return an HTTP response; ``length`` is its stated length, which ``close`` leaves out."""
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json;charset=utf-8", *headers]
    lines.append("Connection: close" if close else f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


class Line:
    """One accepted connection, for the script of a test."""

    def __init__(self, connection: socket.socket, server: RawServer) -> None:
        self.connection = connection
        self.server = server

    def head(self) -> Request | None:
        """Read a request up to the start of its body; return ``None`` when the client has closed the connection."""
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.connection.recv(65_536)
            if not chunk:
                return None
            data += chunk
        head, _, rest = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        request = Request(line, headers, rest)
        self.server.record(request)
        return request

    def request(self) -> Request | None:
        """Read a whole request."""
        request = self.head()
        if request is None:
            return None
        missing = int(request.headers.get("content-length", "0")) - len(request.body)
        parts = [request.body]
        while missing > 0:
            chunk = self.connection.recv(min(missing, 1 << 20))
            if not chunk:
                return None
            missing -= len(chunk)
            parts.append(chunk)
        request.body = b"".join(parts)
        return request

    def request_rest(self) -> None:
        """Read everything else the client sends, until it closes the connection."""
        while self.connection.recv(1 << 20):
            pass

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Script = Callable[[Line], None]


@dataclass
class RawServer:
    script: Script
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    #: set when the test is over; stalling scripts wait for it
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._came = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.serving: list[tuple[threading.Thread, socket.socket]] = []
        self.accepting.start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self.serving.append((thread, connection))
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(TIMEOUT)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self.script(Line(connection, self))

    def wait_for_requests(self, count: int) -> None:
        """Wait until ``count`` requests have arrived."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.requests) >= count, TIMEOUT)

    def record(self, request: Request) -> None:
        """Add a request to those that have arrived."""
        with self._came:
            self.requests.append(request)
            self._came.notify_all()

    def wait_for_hang_up(self) -> None:
        """Wait until every script has finished and its connection is closed."""
        for thread, _ in self.serving:
            thread.join(TIMEOUT)
            assert not thread.is_alive()

    def close(self) -> None:
        self.over.set()
        # a close alone does not wake a thread that waits in accept()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepting.join(TIMEOUT)
        for thread, connection in self.serving:
            with suppress(OSError):  # it may be closed already; if not, its script may wait for the rest of a request
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(TIMEOUT)


def always(answer: bytes) -> Script:
    """Answer every request on a connection with the same bytes."""

    def script(line: Line) -> None:
        while line.request():
            line.send(answer)

    return script


def once(answer: bytes) -> Script:
    """Answer one request, then close the connection."""

    def script(line: Line) -> None:
        if line.request():
            line.send(answer)

    return script


StartServer = Callable[..., RawServer]


def reset(line: Line) -> None:
    line.request()
    line.reset()


def reset_while_reading(line: Line) -> None:
    line.head()
    line.reset()


def silence(line: Line) -> None:
    line.request()


def half_head(line: Line) -> None:
    line.request()
    line.send(b"HTTP/1.1 200 OK\r\nContent-Ty")


def upload(url: str, body: bytes = ONE, timeout: float = TIMEOUT, connect: float = TIMEOUT) -> Answer:
    """Send one upload.

    :param timeout: the timeout of the client; short only in tests that exceed it.
    :param connect: seconds for making the connection, with TLS. It does not depend on ``timeout``, as a handshake may
        take long on a busy machine.
    """
    with CleverTapClient(ACCOUNT_ID, PASSCODE, url, timeout=timeout) as api:
        api._extensions["timeout"]["connect"] = connect
        return api.upload(body, 1)


def upload_to_stalled_body(url: str) -> Answer:
    """Send an upload to a server whose response begins and then stalls, or drips.

    The client has one timeout for the beginning and the rest. When even the beginning was too late, as on a busy
    machine, the upload is sent again with a longer timeout.
    """
    for timeout in (0.3, 3.0, TIMEOUT):
        answer = upload(url, timeout=timeout)
        if not (isinstance(answer, Ambiguous) and answer.status is None):
            break
    return answer


def stall(line: Line) -> None:
    line.request()
    line.server.over.wait()
