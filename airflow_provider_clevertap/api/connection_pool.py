"""The connections to one address: how many, how long they are kept, by which proxy, with which certificates.

httpx's own client is left out. Of what it does for each request, cookies, redirects, authentication and merged
settings, nothing is wanted here, and it costs about a third of what sending a small batch does.
"""

from __future__ import annotations

import queue
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from airflow_provider_clevertap.api.deadline import RequestState
from airflow_provider_clevertap.api.network_backend import BoundedBackend, BoundedStream

#: seconds an idle connection is kept. A service may close an idle connection at the very moment a request goes out,
#: which leaves that request's fate unknown: a short time makes that rare
_IDLE = 5.0


class ConnectionPool:
    """The connections to one address; each serves one request at a time.

    Each is a transport of its own. A transport of several looks at every idle one before and after each request, with a
    call of the system for each and under a lock that the other threads wait for.

    :param transports: one for each connection.
    """

    def __init__(self, transports: list[httpx.BaseTransport]) -> None:
        self._transports = transports
        # the one used last is the least likely to have been closed by the service meanwhile: it is the next one again
        self._free: queue.LifoQueue[httpx.BaseTransport] = queue.LifoQueue()
        for transport in transports:
            self._free.put(transport)

    @contextmanager
    def acquire(self, seconds: float) -> Iterator[httpx.BaseTransport]:
        """Give a connection for one request; it is made when it is not there yet.

        :param seconds: how long to wait for a free one.
        :raises httpx.PoolTimeout: when all were in use for so long.
        """
        try:
            transport = self._free.get(timeout=seconds)
        except queue.Empty:
            raise httpx.PoolTimeout("every connection was in use") from None
        try:
            yield transport
        finally:
            self._free.put(transport)

    def close(self) -> None:
        """Close all of them, whether they are in use or not."""
        for transport in self._transports:
            transport.close()


def open_pool(base_url: str, most: int) -> ConnectionPool:
    """Give the connections to an address. Certificates are verified, and the environment names what to trust.

    :param base_url: the address. Plain http, which can only be this machine, is never reached through a proxy.
    :param most: most connections at the same time.
    """
    secure = base_url.startswith("https://")
    proxy = _proxy_for(httpx.URL(base_url)) if secure else None
    # reading the certificates takes long: all connections share them
    trusted = httpx.create_ssl_context(verify=True, trust_env=secure)
    return ConnectionPool([SingleConnectionTransport(trusted, proxy) for _ in range(most)])


class SingleConnectionTransport(httpx.BaseTransport):
    """One connection to one address, made when it is first needed and anew when it was dropped.

    It differs from httpx's own transport in the network below it, see :mod:`.network_backend`: a request has the time
    of its ``turn`` extension, and an answer belongs to the request before it, or that turn notes a doubt.

    :param trusted: whom to trust.
    :param proxy: the URL of a proxy.
    """

    def __init__(self, trusted: ssl.SSLContext, proxy: str | None) -> None:
        self._line = BoundedBackend()
        settings: dict[str, Any] = {
            "ssl_context": trusted,
            "max_connections": 1,
            "max_keepalive_connections": 1,
            "keepalive_expiry": _IDLE,
            "network_backend": self._line,
        }
        self._pool = httpcore.ConnectionPool(**settings) if proxy is None else _through(httpx.Proxy(proxy), settings)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and give its answer, whose body is yet to be read."""
        turn: RequestState = request.extensions["request_state"]
        self._line.turn = turn
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx(turn):
            answer = self._pool.handle_request(asked)
        wire = answer.extensions.get("network_stream")
        if isinstance(wire, BoundedStream):
            wire.begin_body(answer.status, answer.headers)
        else:  # another protocol was agreed on, which nobody asked for
            turn.doubt = turn.doubt or "it is not HTTP"
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, turn))

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of an answer."""

    def __init__(self, answer: httpcore.Response, turn: RequestState) -> None:
        self._answer = answer
        self._turn = turn

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx(self._turn):
            yield from self._answer.iter_stream()
        wire = self._answer.extensions.get("network_stream")
        if isinstance(wire, BoundedStream):
            wire.end_body()

    def close(self) -> None:
        with _as_httpx(self._turn):
            self._answer.close()


@contextmanager
def _as_httpx(turn: RequestState) -> Iterator[None]:
    """Raise httpx's errors for those of httpcore, which have the same names.

    What fails before a request goes out is an error of the connection, also where a proxy answered badly or too late.
    """
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError) as trouble:
        if turn.asked:
            raise _NAMESAKES[type(trouble)](str(trouble)) from trouble
        if isinstance(trouble, httpcore.TimeoutException):
            raise httpx.ConnectTimeout("the connection was not made in time") from trouble
        if isinstance(trouble, httpcore.RemoteProtocolError):  # its text could quote anything
            raise httpx.ConnectError("a proxy hung up, or what it answered was not HTTP") from trouble
        raise httpx.ConnectError(str(trouble)) from trouble
    except (httpcore.LocalProtocolError, httpcore.ProxyError, httpcore.UnsupportedProtocol) as trouble:
        raise _NAMESAKES[type(trouble)](str(trouble)) from trouble


_NAMESAKES: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.WriteError: httpx.WriteError,
    httpcore.WriteTimeout: httpx.WriteTimeout,
}


def _through(proxy: httpx.Proxy, settings: dict[str, Any]) -> httpcore.ConnectionPool:
    """Give the pool of a connection through a proxy."""
    address = httpcore.URL(
        scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=proxy.url.raw_path
    )
    if proxy.url.scheme.startswith("socks5"):
        return httpcore.SOCKSProxy(address, proxy_auth=proxy.raw_auth, **settings)
    return httpcore.HTTPProxy(address, proxy_auth=proxy.raw_auth, proxy_headers=proxy.headers.raw, **settings)


def _proxy_for(url: httpx.URL) -> str | None:
    """Find the proxy that the environment has for an https address."""
    if proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
