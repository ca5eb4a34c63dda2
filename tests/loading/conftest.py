"""Loads over real HTTP: a running emulator and a client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from plain_rows import QUICK, Rows

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.loading.kinds import PROFILES, RecordKind
from airflow_provider_clevertap.loading.load import Load, LoadOptions


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[RunningEmulator]:
    with RunningEmulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: RunningEmulator) -> Iterator[RunningEmulator]:
    shared_emulator.reset()
    shared_emulator.set_max_in_flight(15)
    yield shared_emulator
    shared_emulator.clear_faults()


@pytest.fixture
def client(emulator: RunningEmulator) -> Iterator[CleverTapClient]:
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url, timeout=3.0, max_in_flight=15) as made:
        yield made


@pytest.fixture
def make_load(client: CleverTapClient) -> Callable[..., Load]:
    def make(rows: list[dict[str, Any]] | Any, *, kind: RecordKind = PROFILES, **options: Any) -> Load:
        source = Rows(rows) if isinstance(rows, list) else rows
        return Load(kind, source, client, LoadOptions(**{"retries": QUICK, **options}))

    return make
