"""Every night, bring the opt-outs and opt-ins of the preference page to CleverTap.

One row is one choice of one person on one channel, in the order in which they were made. Somebody who left and came
back has two rows: only the last is sent, and the earlier one is skipped. A status belongs to an address or a number,
so that it counts for every profile that has it. Sending a choice twice is harmless, so this load can be retried and run
again at any time.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_clevertap.operators.subscriptions import CleverTapUpdateSubscriptionsOperator

with DAG(
    "unsubscribe_list",
    dag_display_name="Nightly: opt-outs and opt-ins",
    tags=["clevertap", "subscriptions", "csv"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):
    CleverTapUpdateSubscriptionsOperator(
        task_id="update_subscriptions",
        source=str(Path(__file__).parent / "data" / "opt_outs.csv"),
        columns={
            "channel": "type",  # email, phone or whatsapp
            "address": "value",  # an e-mail address or a phone number
            "choice": "status",  # Unsubscribe or Resubscribe
        },
        default_country="GB",  # phone numbers without a country code are British
        max_rejects=0.2,  # up to 20 % of the rows may fail; each is in the rejects file with the reason
        retries=3,
    )
