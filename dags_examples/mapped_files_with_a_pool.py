"""Load many files, each as a task of its own, and never ask CleverTap for more than it allows the account.

CleverTap answers 15 uploads of an account at a time. The pool shares them out: each task takes a slot for every request
it may have in flight, here 5, so that three of them run at once. Make the pool first, or the tasks wait for ever:

    airflow pools set clevertap 15 "Uploads of one CleverTap account"
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task  # or airflow.sdk on Airflow 3

from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

EXPORTS = Path(__file__).parent / "data" / "customers_by_country"

with DAG(
    "mapped_files_with_a_pool",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):

    @task
    def find_exports() -> list[str]:
        """Name the files that have been delivered; as many loads follow."""
        return sorted(map(str, EXPORTS.glob("*.csv")))

    CleverTapUploadProfilesOperator.partial(
        task_id="load_country",
        columns={"customer_id": "identity", "first_name": "Name", "city": "City", "country": "Country"},
        pool="clevertap",
        max_in_flight=5,  # and so five slots of the pool
        max_rejects=0.01,
    ).expand(source=find_exports())
