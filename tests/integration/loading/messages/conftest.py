"""Loads of messages, and what becomes of one message."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import RecordKind, events, profiles
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.messages_of_platforms import LoadMessages
from tests.support.plain_rows import QUICK


@pytest.fixture
def load(emulator: RunningEmulator, client: CleverTapClient, tmp_path: Path) -> Iterator[LoadMessages]:
    emulator.change_settings(event_names="accept", web_page_viewed="accept")

    def run(kind: RecordKind, messages: Any, *, spec: str = "rudderstack", **options: Any) -> dict[str, Any]:
        source = messages
        if isinstance(messages, list):
            source = tmp_path / "messages.json.gz"
            lines = (one if isinstance(one, str) else json.dumps(one) for one in messages)
            source.write_bytes(gzip.compress("\n".join(lines).encode()))
        opened = open_source(source, messages=True)
        settings = {"retries": QUICK, "max_rejects": "100%", "rejects_path": tmp_path / "rejects.jsonl", **options}
        return Load(kind, opened, client, LoadOptions(spec=spec, **settings)).run().to_dict()

    yield run
    emulator.change_settings(event_names="strict", web_page_viewed="refuse")


@pytest.fixture
def event(load: LoadMessages, emulator: RunningEmulator) -> Callable[..., dict[str, Any]]:
    """Return the only event of one message."""

    def of(message: dict[str, Any], **options: Any) -> dict[str, Any]:
        assert load(events(), [message], **options)["accepted"] == 1
        (found,) = emulator.events()
        return found

    return of


@pytest.fixture
def profile(load: LoadMessages, emulator: RunningEmulator) -> Callable[..., dict[str, Any]]:
    """Return the only profile of one message."""

    def of(message: dict[str, Any], **options: Any) -> dict[str, Any]:
        assert load(profiles(), [message], **options)["accepted"] == 1
        (found,) = emulator.profiles()
        return found

    return of
