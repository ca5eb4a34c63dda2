"""Load many files, each in a task of its own, without exceeding CleverTap's limit for the account.

CleverTap accepts 15 uploads of an account at a time. The pool divides them: each task takes a slot for every request
it may have in flight, here 5, so that three tasks run at a time. Create the pool first, or the tasks wait forever:

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
    dag_display_name="Nightly: many files, a task for each",
    tags=["clevertap", "profiles", "mapped"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):

    @task
    def find_exports() -> list[str]:
        """Return the files that have been delivered; each becomes one load."""
        return sorted(map(str, EXPORTS.glob("*.csv")))

    CleverTapUploadProfilesOperator.partial(
        task_id="load_country",
        columns={"customer_id": "identity", "first_name": "Name", "city": "City", "country": "Country"},
        pool="clevertap",
        max_in_flight=5,  # so the task takes five slots of the pool
        max_rejects=0.01,
        map_index_template="{{ task.source.rpartition('/')[2] }}",  # Airflow shows the file's name, not 0, 1, 2
    ).expand(source=find_exports())
