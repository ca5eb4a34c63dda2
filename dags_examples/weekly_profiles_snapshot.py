"""Every week, write a snapshot of the people who bought something in the last 30 days.

CleverTap selects people by the events they raised, and returns their properties as they are now. Each run writes a
directory of its own, named after the last day of its interval; earlier snapshots stay. Devices and push tokens are not
exported, because `include` does not name them. The connection needs the extra `project_timezone`.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_clevertap.operators.export_profiles import CleverTapExportProfilesOperator

# Any storage that all workers reach, such as "s3://my_connection@my-bucket/clevertap/buyers".
OUTPUT = str(Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "clevertap-buyers")

with DAG(
    "weekly_profiles_snapshot",
    dag_display_name="Weekly: snapshot of recent buyers",
    tags=["clevertap", "export", "profiles", "parquet"],
    schedule=CronDataIntervalTimetable("@weekly", timezone="Asia/Kolkata"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):
    CleverTapExportProfilesOperator(
        task_id="export_buyers",
        events="Charged",
        start="{{ data_interval_end.subtract(days=30) }}",
        output=OUTPUT,
        include=["profile"],  # e-mail address, name and properties
        on_empty="skip",  # without a single buyer the task is skipped
        retries=3,
    )
