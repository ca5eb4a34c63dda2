"""What each example DAG needs beside a connection to CleverTap, in one place: databases, pools, a person's answer."""

from __future__ import annotations

import json
import os
import runpy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.inline_dag import dag_bag_module
from tests.support.paths import EXAMPLES

DAG_FILES = sorted(EXAMPLES.glob("*.py"))


@contextmanager
def shop_database(directory: Path) -> Iterator[dict[str, Any]]:
    """Make the shop's database, and a connection to it; the run is that of January."""
    place = directory / "shop.db"
    runpy.run_path(str(EXAMPLES / "data" / "make_shop.py"))["make_shop"](place)
    os.environ["AIRFLOW_CONN_SHOP_DB"] = json.dumps({"conn_type": "sqlite", "host": str(place)})
    try:
        yield {"at": datetime(2026, 2, 1, tzinfo=UTC)}
    finally:
        del os.environ["AIRFLOW_CONN_SHOP_DB"]


@contextmanager
def somebody_who_approves(_: Path) -> Iterator[dict[str, Any]]:
    """Answer the question, as soon as it is asked, with yes."""
    pytest.importorskip("airflow.sdk.execution_time.hitl", reason="earlier than Airflow 3.1, which asks people")
    from tests.support.answering import answering

    with answering("Approve"):
        yield {}


@contextmanager
def pool(_: Path) -> Iterator[dict[str, Any]]:
    """Make the pool that all loads of one account share."""
    from airflow.models.pool import Pool

    Pool.create_or_update_pool("clevertap", slots=15, description="", include_deferred=False)
    yield {}


@contextmanager
def events_of_a_project(_: Path) -> Iterator[dict[str, Any]]:
    """Upload events to a project in India; the run is that of the night after them."""
    from airflow_provider_clevertap.api.client import CleverTapClient

    name = "AIRFLOW_CONN_CLEVERTAP_DEFAULT"
    before = os.environ[name]
    connection = json.loads(before)
    os.environ[name] = json.dumps({**connection, "extra": {"project_timezone": "Asia/Kolkata"}})
    records = [
        {
            "type": "event",
            "identity": f"cust-{number % 5}",
            "evtName": ("Charged", "Product Viewed")[number % 2],
            "ts": 1767225600 + 3600 * number,
            "evtData": {"Amount": number + 0.5},
        }
        for number in range(48)
    ]
    try:
        with CleverTapClient(connection["login"], connection["password"], connection["host"]) as client:
            client.upload(json.dumps({"d": records}).encode(), len(records))
        yield {"at": datetime(2026, 1, 3, tzinfo=UTC)}
    finally:
        os.environ[name] = before


@contextmanager
def days_in_a_form(directory: Path) -> Iterator[dict[str, Any]]:
    """Upload events; the form asks for their days."""
    with events_of_a_project(directory):
        yield {"run_conf": {"start": "2026-01-01", "end": "2026-01-03", "output": str(directory / "once")}}


@contextmanager
def messages_of_a_project(directory: Path) -> Iterator[dict[str, Any]]:
    """Upload events, add a message that began on their day, and make a connection to an empty database."""
    from urllib.request import Request, urlopen

    with events_of_a_project(directory) as options:
        connection = json.loads(os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"])
        message = {"message id": 7, "message_name": "Sale", "start_date": "2026-01-02 10:00", "sent": 9, "viewed": 5}
        body = json.dumps([message]).encode()
        urlopen(Request(f"{connection['host']}/admin/messages", body, {"Content-Type": "application/json"})).close()
        database = {"conn_type": "sqlite", "host": str(directory / "reports.db")}
        os.environ["AIRFLOW_CONN_REPORTS_DB"] = json.dumps(database)
        try:
            yield options
        finally:
            del os.environ["AIRFLOW_CONN_REPORTS_DB"]


@contextmanager
def names_of_platforms(_: Path) -> Iterator[dict[str, Any]]:
    """Make the emulator accept the names of events that customer data platforms have been sending."""
    import httpx

    def change(**settings: str) -> None:
        url = json.loads(os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"])["host"]
        httpx.post(f"{url}/admin/settings", json=settings).raise_for_status()

    change(event_names="accept", web_page_viewed="accept")
    try:
        yield {}
    finally:
        change(event_names="strict", web_page_viewed="refuse")


@contextmanager
def warehouse_with_messages(directory: Path) -> Iterator[dict[str, Any]]:
    """Make the shop's database, and let the emulator accept the names of pages; the run is that of January."""
    with names_of_platforms(directory), shop_database(directory) as options:
        yield options


#: By the name of the DAG file: what provides it, and gives the options its run has.
NEEDS: dict[str, Callable[[Path], AbstractContextManager[dict[str, Any]]]] = {
    "dry_run_then_approval": somebody_who_approves,
    "leaving_freshpaint": warehouse_with_messages,
    "leaving_rudderstack": names_of_platforms,
    "leaving_segment": names_of_platforms,
    "mapped_files_with_a_pool": pool,
    "message_report_to_table": messages_of_a_project,
    "monthly_event_backfill": shop_database,
    "one_off_export": days_in_a_form,
    "nightly_events_to_parquet": events_of_a_project,
    "weekly_profiles_snapshot": events_of_a_project,
}


def needs(example: Path, directory: Path) -> AbstractContextManager[dict[str, Any]]:
    """Provide what an example needs; give the options for ``run_dag``."""
    return NEEDS.get(example.stem, lambda _: nullcontext({}))(directory)


def dag_in(path: Path) -> Any:
    """Read a DAG file as Airflow does and give the one DAG in it."""
    bag = dag_bag_module().DagBag(dag_folder=str(path))
    assert not bag.import_errors
    (dag,) = bag.dags.values()
    return dag
