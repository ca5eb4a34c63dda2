"""Loads that are broken off in the middle, and what they leave."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.loading.kinds import events
from airflow_provider_clevertap.loading.load import Load

VIEWED = events(event_name="Viewed", timestamp="now")


class Broken(Exception):  # noqa: N818
    """What a client fails with in the middle of a load."""


class FailingClient:
    """Fails from one request on, before or after CleverTap has got it.

    :param client: sends the requests until then.
    :param after: how many.
    :param sends: the request that fails arrives all the same.
    """

    def __init__(self, client: CleverTapClient, after: int, *, sends: bool = False) -> None:
        self._client = client
        self._after = after
        self._sends = sends
        self.account_id = client.account_id

    def upload(self, body: bytes, records: int, *, dry_run: bool = False) -> Any:
        self._after -= 1
        if self._after < 0:
            if self._sends:
                self._client.upload(body, records, dry_run=dry_run)
            raise Broken
        return self._client.upload(body, records, dry_run=dry_run)


MakeLoad = Callable[..., Load]


def state(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "checkpoint" / "checkpoint.json").read_text())
    return found


def break_off(load: Load) -> None:
    with pytest.raises(Broken):
        load.run()


def arrived(emulator: RunningEmulator) -> Counter[str]:
    return Counter(event["identity"] for event in emulator.events())
