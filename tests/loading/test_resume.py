"""A load that is broken off and gone on with: nothing lost, nothing doubled, every row told of once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plain_rows import QUICK, Rows, people

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.loading.file_store import FileStore
from airflow_provider_clevertap.loading.kinds import PROFILES, RecordKind, events
from airflow_provider_clevertap.loading.load import Load, LoadOptions

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


@pytest.fixture
def make(client: CleverTapClient, tmp_path: Path) -> MakeLoad:
    def make(
        rows: Any, *, kind: RecordKind = PROFILES, after: int | None = None, sends: bool = False, **options: Any
    ) -> Load:
        store = FileStore(tmp_path / "checkpoint", series=options.pop("series", ""))
        given: Any = client if after is None else FailingClient(client, after, sends=sends)
        source = Rows(rows) if isinstance(rows, list) else rows
        options = {"retries": QUICK, "rejects_path": tmp_path / "rejects.csv", **options}
        return Load(kind, source, given, LoadOptions(**options), store=store, log=logging.getLogger("load"))

    return make


def test_a_load_goes_on_where_it_was_broken_off(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rows = people(5_000)
    with pytest.raises(Broken):
        make(rows, after=3, max_in_flight=1).run()
    assert len(emulator.profiles()) == 3_000
    summary = make(rows, max_in_flight=1).run()
    assert (summary.rows, summary.accepted, summary.requests, summary.resumed_from_row) == (5_000, 5_000, 5, 3_001)
    assert emulator.stats()["requests"] == 5
    assert [record.message for record in caplog.records if " at row " in record.message] == [
        "Starts at row 1: no earlier try has left a checkpoint",
        "Goes on at row 3,001, where an earlier try ended: 3,000 rows are settled",
    ]
