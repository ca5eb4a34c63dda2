"""Loads over real HTTP: a running emulator and a client for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES, RecordKind
from tests.support.broken_loads import FailingClient, MakeLoad
from tests.support.held_answers import wait_until_at_rest
from tests.support.plain_rows import QUICK, Rows


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[RunningEmulator]:
    with RunningEmulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: RunningEmulator) -> Iterator[RunningEmulator]:
    # A request whose client has disconnected is still processed, and would be stored after the reset.
    shared_emulator.clear_faults()
    wait_until_at_rest(shared_emulator)
    shared_emulator.reset()
    shared_emulator.set_max_in_flight(15)
    yield shared_emulator
    shared_emulator.clear_faults()


@pytest.fixture
def client(emulator: RunningEmulator) -> Iterator[CleverTapClient]:
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url, max_in_flight=15) as made:
        yield made


@pytest.fixture
def make_load(client: CleverTapClient) -> Callable[..., Load]:
    def make(rows: list[dict[str, Any]] | Any, *, kind: RecordKind = PROFILES, **options: Any) -> Load:
        source = Rows(rows) if isinstance(rows, list) else rows
        return Load(kind, source, client, LoadOptions(**{"retries": QUICK, **options}))

    return make


@pytest.fixture
def make(client: CleverTapClient, tmp_path: Path) -> MakeLoad:
    def make(
        rows: Any,
        *,
        kind: RecordKind = PROFILES,
        after: int | None = None,
        sends: bool = False,
        through: Any = None,
        **options: Any,
    ) -> Load:
        store = FileCheckpointStore(tmp_path / "checkpoint", attempt=options.pop("attempt", None))
        given: Any = through or client
        if after is not None:
            given = FailingClient(client, after, sends=sends)
        source = Rows(rows) if isinstance(rows, list) else rows
        options = {"retries": QUICK, "rejects_path": tmp_path / "rejects.csv", **options}
        return Load(kind, source, given, LoadOptions(**options), store=store, log=logging.getLogger("load"))

    return make
