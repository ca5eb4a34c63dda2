"""A server on loopback that answers any bytes at all, and behaves as badly as a test asks."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from airflow_provider_clevertap.api.answers import Answer
from airflow_provider_clevertap.api.client import CleverTapClient

ACCOUNT_ID = "TEST-ABC-12Z"
PASSCODE = "WQX-SECRET-7731"
SUCCESS = b'{"status":"success","processed":1,"unprocessed":[]}'
ONE = b'{"d":[{"identity":"p-1","type":"profile","profileData":{"Plan":"gold"}}]}'


def http(
    status: int = 200, body: bytes = SUCCESS, *headers: str, length: int | None = None, close: bool = False
) -> bytes:
    """Write down an HTTP answer; ``length`` is the length it claims, ``close`` leaves it out."""
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json;charset=utf-8", *headers]
    lines.append("Connection: close" if close else f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


class Line:
    """One accepted connection, as a test's script sees it."""

    def __init__(self, connection: socket.socket, server: RawServer) -> None:
        self.connection = connection
        self.server = server

    def head(self) -> Request | None:
        """Read a request up to the start of its body, ``None`` when the client is gone."""
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
        self.server.requests.append(request)
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

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        """Leave with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Script = Callable[[Line], None]


@dataclass
class RawServer:
    script: Script
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    #: set when the test is over: what a stalling script waits for
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

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
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self.script(Line(connection, self))

    def close(self) -> None:
        self.over.set()
        # a close alone does not wake a thread that waits in accept()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(timeout=5)


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


def upload(url: str, body: bytes = ONE, timeout: float = 2.0) -> Answer:
    with CleverTapClient(ACCOUNT_ID, PASSCODE, url, timeout=timeout) as api:
        return api.upload(body, 1)


def stall(line: Line) -> None:
    line.request()
    line.server.over.wait(10)
