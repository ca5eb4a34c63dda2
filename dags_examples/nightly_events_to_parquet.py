"""Every night, export the events of the last day to Parquet files, one directory for each event and day.

The schedule is in the time zone of the CleverTap project, so that a run's data interval is exactly one of the project's
days. Each run replaces the day before as well: events that phones sent late are filed under their own day. A day may be
exported again at any time, and holds every event once. The connection needs the extra `project_timezone`.

The second task reads what the manifests name. A glob over the directory would also find files of the generation before.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

# Any storage that all workers reach, such as "s3://my_connection@my-bucket/clevertap/events".
OUTPUT = str(Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "clevertap-events")


@task
def count_purchases(output: str, start: str, end: str) -> dict[str, float]:
    """Compute the revenue of one day."""
    from airflow_provider_clevertap.sources import ExportedEventsSource

    frame = ExportedEventsSource(output, events=["Charged"], start=start, end=end).to_pandas()
    return {"purchases": len(frame), "revenue": float(frame["Amount"].sum())}


with DAG(
    "nightly_events_to_parquet",
    dag_display_name="Nightly: events to Parquet",
    tags=["clevertap", "export", "events", "parquet"],
    schedule=CronDataIntervalTimetable("@daily", timezone="Asia/Kolkata"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):
    export = CleverTapExportEventsOperator(
        task_id="export_events",
        events=["Charged", "Product Viewed"],
        output=OUTPUT,
        schema={"Amount": "float"},  # a column of its own; all other properties stay JSON text
        lookback=1,  # the day before yesterday is replaced as well
        retries=3,
    )
    export >> count_purchases(OUTPUT, "{{ data_interval_start }}", "{{ data_interval_end }}")
