"""The connections to one address: how many, how long they are kept, by which proxy, with which certificates.

httpx's own client is left out. Of what it does for each request, cookies, redirects, authentication and merged
settings, nothing is wanted here, and it costs about a third of what sending a small batch does.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import getproxies, proxy_bypass

import httpx

#: seconds an idle connection is kept. A service may close an idle connection at the very moment a request goes out,
#: which leaves that request's fate unknown: a short time makes that rare
_IDLE = 5.0


class Connections:
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
    def one(self, seconds: float) -> Iterator[httpx.BaseTransport]:
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


def open_connections(base_url: str, most: int) -> Connections:
    """Give the connections to an address. Certificates are verified, and the environment names what to trust.

    :param base_url: the address. Plain http, which can only be this machine, is never reached through a proxy.
    :param most: most connections at the same time.
    """
    secure = base_url.startswith("https://")
    proxy = _proxy_for(httpx.URL(base_url)) if secure else None
    # reading the certificates takes long: all connections share them
    trusted = httpx.create_ssl_context(verify=True, trust_env=secure)
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE)
    return Connections(
        [
            httpx.HTTPTransport(http1=True, http2=False, verify=trusted, trust_env=secure, proxy=proxy, limits=limits)
            for _ in range(most)
        ]
    )


def _proxy_for(url: httpx.URL) -> str | None:
    """Find the proxy that the environment has for an https address."""
    if proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
