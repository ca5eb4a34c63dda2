"""Every day, load Segment's archive into CleverTap, in place of Segment's own destination.

Segment's files end in `.gz` and hold JSON Lines, which `spec` knows. Pages are named by their path here, because many
have no name, and CleverTap was once seen to refuse the event `Web Page Viewed`. Events of people without a user id are
skipped, as `track_anonymous` is not set.

The names of pages have a colon. A page of CleverTap forbids it, and a page of RudderStack shows such names in
CleverTap: if CleverTap rejects them, choose another `page_name`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

ARCHIVE = str(Path(__file__).parent / "data" / "segment_messages.gz")

with DAG(
    "leaving_segment",
    dag_display_name="Daily: Segment's archive",
    tags=["clevertap", "profiles", "events", "cdp"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # each day would load the same file again
    params={"source": Param(ARCHIVE, type="string", title="Archive", description="Path or URI, such as s3://.../*.gz")},
    default_args={"source": "{{ params.source }}", "spec": "segment", "max_rejects": 5, "retries": 2},
    doc_md=__doc__,
):
    profiles = CleverTapUploadProfilesOperator(
        task_id="load_profiles",
        columns={"traits.plan": "Tier", "traits.address": None},  # the other traits as Segment names them
    )
    events = CleverTapUploadEventsOperator(
        task_id="load_events",
        page_name="Web Page Viewed: {path}",
        columns={"properties.total": Column("Total", type="float")},
        on_unconfirmed="hold",  # do not resend events that CleverTap may have stored already
    )
    profiles >> events
