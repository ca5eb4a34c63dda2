"""Compute a segment for each customer and load it into CleverTap: a function returns the rows, and its task loads them.

The function returns a DataFrame, which the same task sends to CleverTap in batches. XCom holds the summary of the load
and no row.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task  # or airflow.sdk on Airflow 3

from airflow_provider_clevertap.columns import Column

PURCHASES = Path(__file__).parent / "data" / "purchases.csv"

with DAG(
    "profiles_from_a_function",
    dag_display_name="Weekly: profiles that a function computes",
    tags=["clevertap", "profiles", "taskflow"],
    schedule="@weekly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
):

    @task.clevertap_profiles(
        columns={
            "customer_id": "identity",
            "spent": "Total Spent",
            "last_bought": Column("Last Purchase", type="date"),
            "segment": "Segment",
        },
        unmapped="ignore",
        max_rejects=0.01,
    )
    def load_segments(path: str) -> Any:
        """Add up what each customer bought, and name their segment."""
        import pandas as pd  # imported when the task runs, so that the DAG file is parsed fast

        # Ids are read as text: numbers would lose leading zeros, and a float is not a valid identity.
        purchases = pd.read_csv(path, dtype={"customer_id": "str"}, parse_dates=["bought_on"])
        customers = purchases.groupby("customer_id", as_index=False).agg(
            spent=("amount", "sum"), last_bought=("bought_on", "max")
        )
        limits, names = [0, 50, 300, float("inf")], ["occasional", "regular", "best"]
        customers["segment"] = pd.cut(customers["spent"], limits, labels=names).astype("str")
        return customers.round({"spent": 2})

    load_segments(str(PURCHASES))
