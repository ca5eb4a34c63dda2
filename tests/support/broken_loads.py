"""Loads that are interrupted in the middle, and the state they leave."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.endpoints import Endpoint
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.record_kinds import events

VIEWED = events(event_name="Viewed", timestamp="now")


class Broken(Exception):  # noqa: N818
    """The failure of a client in the middle of a load."""


class FailingClient:
    """A client that fails from one request on, before or after CleverTap has received it.

    :param client: sends the requests until then.
    :param after: how many requests succeed.
    :param sends: the failing request arrives.
    """

    def __init__(self, client: CleverTapClient, after: int, *, sends: bool = False) -> None:
        self._client = client
        self._after = after
        self._sends = sends
        self.account_id = client.account_id

    def send_batch(self, endpoint: Endpoint, body: bytes, records: int, *, dry_run: bool = False) -> Any:
        self._after -= 1
        if self._after < 0:
            if self._sends:
                self._client.send_batch(endpoint, body, records, dry_run=dry_run)
            raise Broken
        return self._client.send_batch(endpoint, body, records, dry_run=dry_run)


class StoppingClient:
    """A client that stops its load during one of its requests.

    :param client: sends the requests.
    :param at: the number of the request.
    """

    #: stops the load
    stop: Callable[[], None]

    def __init__(self, client: CleverTapClient, at: int) -> None:
        self._client = client
        self._left = at
        self._lock = threading.Lock()
        self.account_id = client.account_id

    def send_batch(self, endpoint: Endpoint, body: bytes, records: int, *, dry_run: bool = False) -> Any:
        with self._lock:
            self._left -= 1
            if not self._left:
                self.stop()
        return self._client.send_batch(endpoint, body, records, dry_run=dry_run)


class HoldingClient:
    """A client that holds back some requests until they are released.

    :param client: sends the requests.
    :param holds: returns whether a request is held back, by its number from 1 and its body.
    """

    def __init__(self, client: CleverTapClient, holds: Callable[[int, bytes], bool]) -> None:
        self._client = client
        self._holds = holds
        self._number = 0
        self._lock = threading.Lock()
        self.account_id = client.account_id
        #: once it is set, no request is held back
        self.let_go = threading.Event()

    def send_batch(self, endpoint: Endpoint, body: bytes, records: int, *, dry_run: bool = False) -> Any:
        with self._lock:
            self._number += 1
            held = self._holds(self._number, body)
        if held and not self.let_go.wait(300):
            raise AssertionError("a request is never let go")
        return self._client.send_batch(endpoint, body, records, dry_run=dry_run)


MakeLoad = Callable[..., Load]


def state(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "checkpoint" / "checkpoint.json").read_text())
    return found


def interrupt(load: Load) -> None:
    with pytest.raises(Broken):
        load.run()


def arrived(emulator: RunningEmulator) -> Counter[str]:
    return Counter(event["identity"] for event in emulator.events())
