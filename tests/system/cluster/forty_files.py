"""The files the cluster loads, and the DAG that maps over them: profiles, and events with both ``on_unconfirmed``."""

from __future__ import annotations

import csv
from pathlib import Path

from airflow_provider_clevertap.records.limits import MAX_IN_FLIGHT

#: Files by the task that is mapped over them.
FILES = {"profiles": 14, "events_resent": 13, "events_held": 13}
ROWS = 20_000
#: Requests in flight of one load; the pool has slots for five loads.
IN_FLIGHT = 3
POOL = "clevertap"
SLOTS = MAX_IN_FLIGHT
DAG_ID = "forty_files"

_DAG = """
from datetime import datetime, timedelta

from airflow.sdk import DAG

from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

options = dict(
    columns={{"id": "identity"}}, artifacts_path={artifacts!r}, max_rejects="100%", retries=2,
    retry_delay=timedelta(seconds=1), pool={pool!r}, max_in_flight={in_flight},
)

with DAG({dag_id!r}, schedule=None, start_date=datetime(2026, 1, 1)):
    CleverTapUploadProfilesOperator.partial(task_id="profiles", **options).expand(source={profiles!r})
    CleverTapUploadEventsOperator.partial(
        task_id="events_resent", event_name="Viewed", on_unconfirmed="resend", **options
    ).expand(source={events_resent!r})
    CleverTapUploadEventsOperator.partial(
        task_id="events_held", event_name="Viewed", on_unconfirmed="hold", **options
    ).expand(source={events_held!r})
"""


def write_dag(directory: Path, sources: dict[str, list[str]], artifacts: Path) -> None:
    """Write the file of the DAG.

    :param directory: the directory of DAG files.
    :param sources: from :func:`write_files`.
    :param artifacts: the directory for rejects files and reports.
    """
    text = _DAG.format(artifacts=str(artifacts), pool=POOL, in_flight=IN_FLIGHT, dag_id=DAG_ID, **sources)
    (directory / f"{DAG_ID}.py").write_text(text)


def write_files(directory: Path) -> dict[str, list[str]]:
    """Write all files and return their paths by task."""
    directory.mkdir()
    return {task: [_write(directory, task, number) for number in range(count)] for task, count in FILES.items()}


def identity(task: str, number: int, row: int) -> str:
    """Return the identity in a row: each profile has its own, and all events of a file share one."""
    return f"{task}.{number}.{row}" if task == "profiles" else f"{task}.{number}.0"


def _write(directory: Path, task: str, number: int) -> str:
    path = directory / f"{task}_{number}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        if task == "profiles":
            writer.writerow(["id", "row"])
            writer.writerows((identity(task, number, row), row) for row in range(1, ROWS + 1))
        else:
            writer.writerow(["id", "ts", "row"])
            writer.writerows((identity(task, number, row), 1_700_000_000 + row, row) for row in range(1, ROWS + 1))
    return str(path)
