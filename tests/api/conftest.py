from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from raw_server import RawServer, Script, StartServer


@pytest.fixture
def serve() -> Iterator[StartServer]:
    """Start servers by script; all of them end with the test."""
    with ExitStack() as stack:

        def start(script: Script, tls: ssl.SSLContext | None = None) -> RawServer:
            server = RawServer(script, tls)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
