"""Messages of customer data platforms in a real Airflow: operators, decorators, the hook, and tables of a warehouse."""

from __future__ import annotations

import functools
import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.sources import SqlSource
from tests.support.doc_pages import blocks

pytestmark = [pytest.mark.airflow]

TIME = "2026-01-05T06:00:00.000Z"
PAGE = "leaving-a-cdp.md"
COMMON = {"userId": "u1", "anonymousId": "a1", "timestamp": TIME}
CONTEXT = {"device": {"token": "t1"}, "os": {"name": "iOS"}, "ip": "203.0.113.7"}
MESSAGES: list[dict[str, Any]] = [
    {"type": "identify", "messageId": "1", **COMMON, "traits": {"name": "Asha", "plan": "gold"}, "context": CONTEXT},
    {"type": "track", "messageId": "2", **COMMON, "event": "Song Played", "properties": {"total": "7", "debug": 1}},
    {"type": "page", "messageId": "3", **COMMON, "name": "Home", "properties": {"path": "/"}},
    {"type": "track", "messageId": "4", "anonymousId": "a2", "timestamp": TIME, "event": "Song Played"},
]


@pytest.fixture
def archive(tmp_path: Path) -> str:
    path = tmp_path / "messages.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(message) + "\n" for message in MESSAGES).encode()))
    return str(path)


@pytest.fixture
def emulator(emulator: Any) -> Any:
    emulator.change_settings(event_names="accept")
    return emulator


@pytest.fixture
def run(run_dag: Any, returned: Any, tmp_path: Path) -> Callable[..., Any]:
    """Run the tasks that a function builds in a DAG; give the summary of each by its task's name."""

    def run(build: Callable[[], Any]) -> dict[str, Any]:
        from airflow.providers.common.compat.sdk import DAG

        with DAG(f"messages_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
            build()
        dag_run = run_dag(dag)
        assert {task.state for task in dag_run.get_task_instances()} == {"success"}
        return {task.task_id: returned(dag_run, task.task_id) for task in dag.tasks}

    return run


def test_operators_take_templated_options(run: Any, connection: str, emulator: Any, archive: str) -> None:
    from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    def build() -> None:
        spec = {"source": archive, "spec": "{{ 'rudder' }}stack", "use_object_id": "{{ true }}"}
        CleverTapUploadProfilesOperator(task_id="profiles", **spec)
        CleverTapUploadEventsOperator(
            task_id="events", track_anonymous="{{ 'true' }}", page_name="{{ '{' }}path{{ '}' }} viewed", **spec
        )
        CleverTapUploadDeviceTokensOperator(task_id="tokens", **spec)

    summaries = run(build)
    counts = {name: (one["rows"], one["accepted"], one["skipped"]) for name, one in summaries.items()}
    assert counts == {"profiles": (4, 1, 3), "events": (4, 3, 1), "tokens": (4, 1, 3)}
    assert [(one["key"], one["name"]) for one in emulator.events()] == [
        ("a1", "Song Played"), ("a1", "/ viewed"), ("a2", "Song Played"),
    ]  # fmt: skip
    assert emulator.profile("u1")["data"] == {"Name": "Asha", "plan": "gold"}
    assert emulator.tokens("a1")[0]["token_type"] == "apns"


def test_decorators_take_the_options(run: Any, connection: str, emulator: Any, archive: str) -> None:
    from airflow.providers.common.compat.sdk import task

    def build() -> None:
        task.clevertap_profiles(task_id="profiles", spec="segment")(lambda: archive)()
        task.clevertap_events(task_id="events", spec="segment", strict=True)(lambda: archive)()
        task.clevertap_device_tokens(task_id="tokens", spec="segment")(lambda: archive)()

    assert {name: one["accepted"] for name, one in run(build).items()} == {"profiles": 1, "events": 2, "tokens": 1}


def test_the_hook_takes_the_options(connection: str, emulator: Any, archive: str) -> None:
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

    hook = CleverTapHook()
    assert hook.upload_profiles(archive, spec="freshpaint")["accepted"] == 1
    assert hook.upload_device_tokens(archive, spec="freshpaint")["accepted"] == 1
    summary = hook.upload_events(archive, spec="freshpaint", track_anonymous=True, columns=columns_of_the_page())
    assert summary["accepted"] == 3
    assert [one["data"] for one in emulator.events()] == [{"Total": 7}, {"path": "/"}, {}]


def columns_of_the_page() -> Any:
    """Run the block of the page that shows columns."""
    namespace: dict[str, Any] = {}
    (block,) = [block for block in blocks(PAGE, "python") if "properties.total" in block]
    exec(block, namespace)  # noqa: S102
    return namespace["on_top"]


#: The tables of a warehouse, and the load of each: its kind, and what arrives.
COLUMNS = "id TEXT, anonymous_id TEXT, user_id TEXT, timestamp TEXT, received_at TEXT, context_os_name TEXT"
TABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "identifies": ("profiles", {"email": "asha@example.com", "first_name": "Asha", "plan": "gold"}),
    "users": ("profiles", {"email": "asha@example.com", "plan": "gold"}),
    "tracks": ("events", {"event": "song_played", "event_text": "Song Played"}),
    "song_played": ("events", {"event": "song_played", "event_text": "Song Played", "title": "Raga", "path": "/x"}),
    "pages": ("events", {"name": "Home", "url": "https://example.com/", "path": "/"}),
    "screens": ("events", {"name": "Main"}),
}
ARRIVES: dict[str, Any] = {
    "identifies": {"Email": "asha@example.com", "Name": "Asha", "plan": "gold"},
    "users": {"Email": "asha@example.com", "plan": "gold"},
    "tracks": ("Song Played", {}),
    "song_played": ("Song Played", {"title": "Raga", "path": "/x"}),
    "pages": ("Web Page Viewed: Home", {"name": "Home", "url": "https://example.com/", "path": "/"}),
    "screens": ("Screen Viewed: Main", {"name": "Main"}),
}


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the tables in a SQLite database; give the id of its connection."""
    with closing(sqlite3.connect(tmp_path / "warehouse.db")) as database, database:
        for table, (_, cells) in TABLES.items():
            common = {"id": "m1", "anonymous_id": "a1", "user_id": "u1", "timestamp": TIME, "received_at": TIME}
            columns = f"{COLUMNS}, {', '.join(cells)}"
            row = {**common, "context_os_name": "iOS", **cells}
            if table == "users":
                columns = f"id TEXT, received_at TEXT, context_os_name TEXT, {', '.join(cells)}"
                row = {"id": "u1", "received_at": TIME, "context_os_name": "iOS", **cells}
            database.execute(f"CREATE TABLE {table} ({columns})")
            marks = ", ".join("?" * len(row))
            statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
            database.execute(statement, tuple(row.values()))
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "warehouse.db")})
    )
    return "warehouse"


@pytest.mark.parametrize("spec", ["rudderstack", "segment"])
def test_every_table_of_a_warehouse_is_loaded(
    run: Any, connection: str, emulator: Any, warehouse: str, spec: str
) -> None:
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    operators = {"profiles": CleverTapUploadProfilesOperator, "events": CleverTapUploadEventsOperator}
    for table, (kind, _) in TABLES.items():
        source = SqlSource(warehouse, f"SELECT * FROM {table} ORDER BY id")  # noqa: S608
        build = functools.partial(operators[kind], task_id="load", source=source, spec=spec)
        summary = run(build)["load"]
        assert (summary["rows"], summary["accepted"]) == (1, 1), table
        if kind == "profiles":
            assert emulator.profile("u1")["data"] == ARRIVES[table]
        else:
            (found,) = emulator.events()
            expected = (
                ("App Screen Viewed", ARRIVES[table][1]) if (spec, table) == ("segment", "screens") else ARRIVES[table]
            )
            assert ((found["name"], found["data"]), found["identity"]) == (expected, "u1")
            assert found["ts"] == 1767592800
        emulator.reset()


def test_the_query_of_the_page(run: Any, connection: str, emulator: Any, warehouse: str) -> None:
    (block,) = [block for block in blocks(PAGE, "python") if "SqlSource(" in block]
    ((_, summary),) = run(lambda: exec(block, {})).items()  # noqa: S102
    assert summary["accepted"] == 1
    assert emulator.events()[0]["name"] == "App Screen Viewed"
