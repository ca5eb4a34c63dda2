"""Every month, load the events that Freshpaint has written into a warehouse, in place of Freshpaint's own destination.

A row of a table is a message when its columns are named like a message's: `type`, `user_id`, `message_id`, `event`,
`timestamp`. The query gives them these names, and every other column is a property. The tables of RudderStack and
Segment have them already.

Requires a connection `shop_db` to the database; here it is SQLite, created by `data/make_shop.py`.
"""

from __future__ import annotations

from datetime import datetime

from airflow.providers.common.compat.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.sources import SqlSource

with DAG(
    "leaving_freshpaint",
    dag_display_name="Monthly: Freshpaint's events in a warehouse",
    tags=["clevertap", "events", "sql", "cdp"],
    schedule=CronDataIntervalTimetable("@monthly", timezone="UTC"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
):
    CleverTapUploadEventsOperator(
        task_id="load_events",
        source=SqlSource(
            conn_id="shop_db",
            sql="sql/freshpaint_events.sql",
            parameters={"interval_start": "{{ data_interval_start }}", "interval_end": "{{ data_interval_end }}"},
            resumable=True,  # the query orders its rows without ties, so an interrupted load can resume
        ),
        spec="freshpaint",
        max_rejects=5,
        retries=2,
        on_unconfirmed="hold",  # do not resend events that CleverTap may have stored already
    )
