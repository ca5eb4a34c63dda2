"""Every morning, bring the numbers of the campaigns of the last two weeks into a table.

CleverTap reports messages by the day they began, and their numbers go on changing for days. So each run reads the days
before its interval again (`lookback`), and replaces them in the table. A sensor waits until CleverTap has counted
events of the day. The connection needs the extra `project_timezone`.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_clevertap.operators.message_report import CleverTapMessageReportOperator
from airflow_provider_clevertap.sensors.event_count import CleverTapEventCountSensor

# Any storage that all workers reach, such as "s3://my_connection@my-bucket/clevertap/messages".
OUTPUT = str(Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "clevertap-messages")
COLUMNS = ["message_id", "message_name", "channel", "start_day", "status", "sent", "viewed", "clicked"]


@task
def replace_days(output: str, summary: dict[str, str]) -> int:
    """Replace the days of the report in the table, in one transaction."""
    from airflow.providers.sqlite.hooks.sqlite import SqliteHook

    from airflow_provider_clevertap.sources import ExportedMessagesSource

    days = (summary["from"][:10], summary["to"][:10])
    frame = ExportedMessagesSource(output, *days).to_pandas()
    frame = frame[COLUMNS].convert_dtypes().astype(object)  # whole numbers stay whole where others are missing
    rows = frame.where(frame.notna(), None).itertuples(index=False, name=None)
    with SqliteHook("reports_db").get_conn() as database:  # any database with an Airflow hook
        database.execute(f"CREATE TABLE IF NOT EXISTS messages ({', '.join(COLUMNS)})")
        database.execute("DELETE FROM messages WHERE start_day >= ? AND start_day < ?", days)
        database.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", list(rows))
    return len(frame)


with DAG(
    "message_report_to_table",
    dag_display_name="Daily: campaign numbers into a table",
    tags=["clevertap", "export", "campaigns", "report"],
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="Asia/Kolkata"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):
    day = "{{ data_interval_start.in_timezone('Asia/Kolkata').date() }}"
    wait = CleverTapEventCountSensor(
        task_id="wait_for_events", query={"event_name": "Charged", "from": day, "to": day}, timeout=3600
    )
    report = CleverTapMessageReportOperator(task_id="report", output=OUTPUT, lookback=14, retries=3)
    wait >> report >> replace_days(OUTPUT, report.output)
