"""Load the product views of each month from a database, for past months and from now on.

Each run loads the rows of its own data interval. For past months, oldest first, on Airflow 3:

    airflow backfill create --dag-id monthly_event_backfill --from-date 2026-01-01 --to-date 2026-03-01 \\
        --max-active-runs 1

On Airflow 2: `airflow dags backfill --start-date 2026-01-01 --end-date 2026-03-01 monthly_event_backfill`. Both skip
months that already have a run.

**Do not clear the task of a month that was loaded.** CleverTap stores an event that is sent twice as two events. A task
that was interrupted resumes where it ended, when Airflow retries it or a user clears it. If too many rows failed,
correct the rejects file and load that.

Requires a connection `shop_db` to the database; here it is SQLite, created by `data/make_shop.py`.
"""

from __future__ import annotations

from datetime import datetime

from airflow.providers.common.compat.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.sources import SqlSource

with DAG(
    "monthly_event_backfill",
    dag_display_name="Monthly: events from a database, with backfill",
    tags=["clevertap", "events", "sql"],
    # On Airflow 3 "@monthly" would produce intervals of zero length.
    schedule=CronDataIntervalTimetable("@monthly", timezone="UTC"),
    start_date=datetime(2026, 1, 1),
    catchup=False,  # with True, unpausing the DAG loads every month since start_date
    max_active_runs=1,  # one month at a time; `airflow backfill create` has its own setting
    doc_md=__doc__,
):
    CleverTapUploadEventsOperator(
        task_id="load_views",
        source=SqlSource(
            conn_id="shop_db",
            sql="sql/product_views.sql",
            parameters={"interval_start": "{{ data_interval_start }}", "interval_end": "{{ data_interval_end }}"},
            resumable=True,  # the query orders its rows without ties, so an interrupted load can resume
        ),
        event_name="Product Viewed",
        columns={
            "customer_id": "identity",
            "viewed_at": Column("ts", timezone="UTC"),
            "product": "Product",
            "category": "Category",
            "price": Column("Price", type="float"),
            "seconds_on_page": Column("Seconds on Page", type="integer"),
        },
        max_rejects=0.02,
        retries=2,  # a retry resumes where the interrupted attempt ended
        on_unconfirmed="hold",  # and does not resend events that CleverTap may have stored already
    )
