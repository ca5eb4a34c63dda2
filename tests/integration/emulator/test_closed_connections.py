"""A service that goes down and comes back, and connections that it closes while they are idle."""

from __future__ import annotations

import select
import time
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.conftest import credentials, is_stored
from tests.support import http_requests
from tests.support.http_requests import TIMEOUT


def test_an_idle_connection_is_closed_after_a_while(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "close_idle", "seconds": 0.1, "times": 1})
    first = post()
    connection = first.extensions["network_stream"].get_extra_info("socket")
    assert (first.json()["processed"], first.headers.get("Connection")) == (1, None)
    assert select.select([connection], [], [], TIMEOUT)[0]
    assert connection.recv(1) == b""
    assert post().status_code == 200


def test_a_request_in_time_keeps_the_connection(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "close_idle", "seconds": 3600.0, "times": 1})
    first, second = post(), post()
    assert first.extensions["network_stream"] is second.extensions["network_stream"]


def test_an_idle_connection_is_closed_when_a_request_comes(post: Any, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "close_idle", "times": 1})
    assert post().json()["processed"] == 1
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        post()
    assert post().status_code == 200
    assert [(one["fault"], one["status"], one["stored"]) for one in emulator.requests()] == [
        ("close_idle", 200, True),
        ("close_idle", None, False),
        ("", 200, True),
    ]


def test_a_service_goes_down_and_comes_back(profile: Any) -> None:
    with RunningEmulator() as emulator:
        upload: Any = {"url": f"{emulator.url}/1/upload", "headers": credentials(emulator), "json": {"d": [profile()]}}
        http_requests.post(**upload)
        emulator.go_down()
        with pytest.raises(httpx.ConnectError):
            http_requests.post(**upload)
        assert is_stored(emulator)
        emulator.come_back()
        emulator.inject({"do": "stall", "seconds": 0.2, "times": 1})
        started = time.monotonic()
        with pytest.raises(httpx.RemoteProtocolError):
            http_requests.post(**upload)
        assert time.monotonic() - started >= 0.2
        assert http_requests.post(**upload).status_code == 200


def test_a_service_that_goes_down_closes_its_connections(profile: Any) -> None:
    with RunningEmulator() as emulator, httpx.Client(headers=credentials(emulator), timeout=TIMEOUT) as client:
        answer = client.post(f"{emulator.url}/1/upload", json={"d": [profile()]})
        connection = answer.extensions["network_stream"].get_extra_info("socket")
        emulator.go_down()
        assert select.select([connection], [], [], TIMEOUT)[0]
        assert connection.recv(1) == b""


def test_a_service_may_stop_while_it_is_down(profile: Any) -> None:
    with RunningEmulator() as emulator:
        emulator.go_down()
