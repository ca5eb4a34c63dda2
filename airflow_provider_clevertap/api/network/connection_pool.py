"""The connections to one address: their number, idle time, proxy and certificates.

httpx's own client is not used. Cookies, redirects, authentication and merged settings are not needed here, and handling
them for each request takes a quarter to a half more CPU time (docs/performance.md).
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
from airflow_provider_clevertap.api.network.backend import BoundedBackend, BoundedStream
from airflow_provider_clevertap.exceptions import ConfigurationError

#: Seconds an idle connection is kept. A service may close an idle connection just when a request is sent, and then it
#: is unknown whether the request was processed. A short time makes that rare.
_MAX_IDLE_SECONDS = 5.0


class ConnectionPool:
    """The connections to one address; each serves one request at a time.

    Each connection has its own transport. A transport with several connections checks every idle one before and after
    each request, with a system call for each, while other threads wait for its lock.

    :param transports: one for each connection.
    """

    def __init__(self, transports: list[httpx.BaseTransport]) -> None:
        self._transports = transports
        # last in, first out: the service is least likely to have closed the connection that was used last
        self._free: queue.LifoQueue[httpx.BaseTransport] = queue.LifoQueue()
        for transport in transports:
            self._free.put(transport)

    @contextmanager
    def acquire(self, seconds: float) -> Iterator[httpx.BaseTransport]:
        """Lend a transport for one request; it connects when it has no open connection.

        :param seconds: how long to wait for a free one.
        :raises httpx.PoolTimeout: when all of them were in use for that long.
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
        """Close all connections, including those in use."""
        for transport in self._transports:
            transport.close()


def open_pool(base_url: str, size: int) -> ConnectionPool:
    """Make the connection pool of an address. Certificates are verified; the environment can name trusted ones.

    :param base_url: the address. Plain http addresses, which must be on this machine, never use a proxy.
    :param size: the maximum number of connections.
    :raises ConfigurationError: when the environment names a proxy that cannot be used.
    """
    secure = base_url.startswith("https://")
    proxy = _proxy_for(httpx.URL(base_url)) if secure else None
    # loading the certificates is slow, so all connections share one context, and plain http has none
    ssl_context = httpx.create_ssl_context(verify=True) if secure else None
    try:
        return ConnectionPool([SingleConnectionTransport(ssl_context, proxy) for _ in range(size)])
    except (httpx.InvalidURL, ValueError, RuntimeError):  # not an address, another scheme, no support for SOCKS
        if proxy is None:
            raise
        # without the address, which may contain a password
        raise ConfigurationError(
            "HTTPS_PROXY or ALL_PROXY in the environment of Airflow names a proxy that cannot be used. Write "
            "http://host:port. A SOCKS proxy, socks5://host:port, needs the Python package socksio."
        ) from None


class SingleConnectionTransport(httpx.BaseTransport):
    """One connection to one address. It connects on the first request, and again after the connection was dropped.

    It differs from httpx's own transport in its network backend, see :mod:`.backend`. The backend enforces the deadline
    of the :class:`~.deadline.RequestState` in the ``request_state`` extension, and records there when a response may
    belong to another request.

    :param ssl_context: the trusted certificates, ``None`` for plain http.
    :param proxy: the URL of a proxy.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None, proxy: str | None) -> None:
        self._backend = BoundedBackend()
        settings: dict[str, Any] = {
            "ssl_context": ssl_context,
            "max_connections": 1,
            "max_keepalive_connections": 1,
            "keepalive_expiry": _MAX_IDLE_SECONDS,
            "network_backend": self._backend,
        }
        self._pool = httpcore.ConnectionPool(**settings) if proxy is None else _proxy_pool(httpx.Proxy(proxy), settings)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, whose body is not read yet."""
        state: RequestState = request.extensions["request_state"]
        self._backend.state = state
        url = request.url
        core_request = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _httpx_errors(state):
            response = self._pool.handle_request(core_request)
        stream = response.extensions.get("network_stream")
        if isinstance(stream, BoundedStream):
            stream.begin_body(response.status, response.headers)
        else:  # the server switched to another protocol, which was not requested
            state.doubt = state.doubt or "it is not HTTP"
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response, state))

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of a response."""

    def __init__(self, response: httpcore.Response, state: RequestState) -> None:
        self._response = response
        self._state = state

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors(self._state):
            yield from self._response.iter_stream()
        stream = self._response.extensions.get("network_stream")
        if isinstance(stream, BoundedStream):
            stream.end_body()

    def close(self) -> None:
        with _httpx_errors(self._state):
            self._response.close()


@contextmanager
def _httpx_errors(state: RequestState) -> Iterator[None]:
    """Raise the errors of httpcore as the errors of httpx with the same names.

    All failures before a request is sent become errors of the connection, also a bad or late answer of a proxy.
    """
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
        if state.started:
            raise _HTTPX_ERRORS[type(error)](str(error)) from error
        if isinstance(error, httpcore.TimeoutException):
            raise httpx.ConnectTimeout("the connection was not made in time") from error
        if isinstance(error, httpcore.RemoteProtocolError):  # its text may quote what the proxy sent
            raise httpx.ConnectError("the proxy closed the connection, or its answer was not HTTP") from error
        raise httpx.ConnectError(str(error)) from error
    except (httpcore.LocalProtocolError, httpcore.ProxyError, httpcore.UnsupportedProtocol) as error:
        raise _HTTPX_ERRORS[type(error)](str(error)) from error


_HTTPX_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
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


def _proxy_pool(proxy: httpx.Proxy, settings: dict[str, Any]) -> httpcore.ConnectionPool:
    """Make the httpcore pool for connections through a proxy."""
    address = httpcore.URL(
        scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=proxy.url.raw_path
    )
    if proxy.url.scheme.startswith("socks5"):
        return httpcore.SOCKSProxy(address, proxy_auth=proxy.raw_auth, **settings)
    return httpcore.HTTPProxy(address, proxy_auth=proxy.raw_auth, proxy_headers=proxy.headers.raw, **settings)


def proxy_address(base_url: str) -> str | None:
    """Return the host and port of the proxy that an address is reached through, without its user and password.

    :param base_url: the address.
    """
    proxy = _proxy_for(httpx.URL(base_url)) if base_url.startswith("https://") else None
    return None if proxy is None else httpx.URL(proxy).netloc.decode("ascii")


def _proxy_for(url: httpx.URL) -> str | None:
    """Return the proxy for an https address from the environment."""
    if proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
