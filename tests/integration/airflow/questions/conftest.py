"""A project with events to count, and DAGs that ask for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.clevertap_connections import connection_json
from tests.support.exports import KOLKATA, at


@pytest.fixture
def project(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an emulator of a project in India that has an event each hour of two days, with a connection to it."""
    from airflow_provider_clevertap.api.client import CleverTapClient

    emulator.change_settings(project_timezone=KOLKATA.key)
    records = [
        {
            "type": "event",
            "identity": f"cust-{number % 7}",
            "evtName": "Viewed",
            "ts": int((at("2025-11-01T00:00:00") + timedelta(hours=number)).timestamp()),
            "evtData": {"n": number, "Mode": "Card" if number % 3 else "Cash", "Price": 0.5},
        }
        for number in range(48)
    ]
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        client.upload(json.dumps({"d": records}).encode(), len(records))
    login = {"login": emulator.account_id, "password": emulator.passcode, "host": emulator.url}
    extra = {"project_timezone": KOLKATA.key}
    monkeypatch.setenv("AIRFLOW_CONN_CLEVERTAP_DEFAULT", connection_json(**login, extra=extra))
    monkeypatch.setenv("AIRFLOW_CONN_NO_ZONE", connection_json(**login, extra={}))
    return emulator


@pytest.fixture
def make_dag(tmp_path: Path) -> Callable[..., Any]:
    def make(schedule: Any = None) -> Any:
        from airflow.providers.common.compat.sdk import DAG

        start = datetime(2025, 10, 1, tzinfo=UTC)
        return DAG(f"questions_{tmp_path.name}", schedule=schedule, start_date=start, catchup=False)

    return make
