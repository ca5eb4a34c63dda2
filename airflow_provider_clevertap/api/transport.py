"""The connections to one address: how many, how long they are kept, by which proxy, with which certificates.

httpx's own client is left out. Of what it does for each request, cookies, redirects, authentication and merged
settings, nothing is wanted here, and it costs about a third of what sending a small batch does.
"""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

import httpx

#: seconds an idle connection is kept. A service may close an idle connection at the very moment a request goes out,
#: which leaves that request's fate unknown: a short time makes that rare
_IDLE = 5.0


def open_transport(base_url: str, most: int) -> httpx.BaseTransport:
    """Give the connections to an address. Certificates are verified, and the environment names what to trust.

    :param base_url: the address. Plain http, which can only be this machine, is never reached through a proxy.
    :param most: most connections at the same time.
    """
    secure = base_url.startswith("https://")
    return httpx.HTTPTransport(
        http1=True,
        http2=False,
        verify=True,
        trust_env=secure,
        proxy=_proxy_for(httpx.URL(base_url)) if secure else None,
        limits=httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=_IDLE),
    )


def _proxy_for(url: httpx.URL) -> str | None:
    """Find the proxy that the environment has for an https address."""
    if proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
