"""Every day, load RudderStack's archive into CleverTap, in place of RudderStack's own destination.

One archive of messages feeds three loads: each takes its messages and skips the others with the reason. People keep the
ids, and events the names, that RudderStack has sent before, so that nothing is split in two. For a backfill, let
`source` name the files of one day, such as `s3://archive/rudder-logs/{{ ds }}/*.json.gz`.

The names of pages and screens have a colon. A page of CleverTap forbids it, and a page of RudderStack shows such names
in CleverTap: if CleverTap rejects them, choose others with `page_name` and `screen_name`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator
from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

ARCHIVE = str(Path(__file__).parent / "data" / "rudderstack_messages.jsonl")

with DAG(
    "leaving_rudderstack",
    dag_display_name="Daily: RudderStack's archive",
    tags=["clevertap", "profiles", "events", "device tokens", "cdp"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # each day would load the same file again
    default_args={
        "source": ARCHIVE,
        "spec": "rudderstack",
        "use_object_id": True,  # as the destination's setting "objectId mapping"
        "max_rejects": 5,
        "retries": 2,  # a retry resumes where the interrupted attempt ended
    },
    doc_md=__doc__,
):
    profiles = CleverTapUploadProfilesOperator(task_id="load_profiles")
    events = CleverTapUploadEventsOperator(
        task_id="load_events",
        track_anonymous=True,
        on_unconfirmed="hold",  # do not resend events that CleverTap may have stored already
    )
    tokens = CleverTapUploadDeviceTokensOperator(task_id="load_tokens")
    profiles >> [events, tokens]
