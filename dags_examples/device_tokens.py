"""Load the push tokens of a former vendor's export, so that CleverTap can reach the devices at once.

A token belongs to a device, not to a person: `device_id` must be the CleverTap ID of the device. Sending a token twice
is harmless, so this load can be retried and run again at any time.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator

with DAG(
    "device_tokens",
    dag_display_name="Once: device tokens from a CSV file",
    tags=["clevertap", "device tokens", "csv"],
    schedule=None,  # triggered by a user
    start_date=datetime(2026, 1, 1),
    doc_md=__doc__,
):
    CleverTapUploadDeviceTokensOperator(
        task_id="load_tokens",
        source=str(Path(__file__).parent / "data" / "device_tokens.csv"),
        columns={
            "device_id": "objectId",
            "push_token": "token",
            "platform": "type",  # fcm, apns, or chrome for a browser
            "p256dh": "p256dh",  # the keys of a browser
            "auth": "auth",
        },
        unmapped="ignore",  # a token record has no other fields
        max_rejects=0.1,
        retries=3,
    )
