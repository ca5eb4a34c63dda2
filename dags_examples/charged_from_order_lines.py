"""Every night, load the shop's orders as Charged events from an export with one row for each item bought.

The rows of an order are consecutive and share its id. Together they become one event, and each row becomes one of the
event's Items. If any row of an order is invalid, the order is not sent, and all its rows are in the rejects file:
correct the cell there and trigger this DAG with that file to load the whole order.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

SAMPLE = Path(__file__).parent / "data" / "order_lines.csv"

with DAG(
    "charged_from_order_lines",
    dag_display_name="Nightly: orders as Charged events",
    tags=["clevertap", "events", "csv"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    params={"source": Param(str(SAMPLE), type="string", title="CSV file", description="Path or URI of the file")},
    doc_md=__doc__,
):
    CleverTapUploadEventsOperator(
        task_id="load_orders",
        clevertap_conn_id="clevertap_default",
        source="{{ params.source }}",
        event_name="Charged",
        group_by="order_id",  # consecutive rows with the same id are one order
        columns={  # columns of the whole order: the same in all its rows, or empty in some
            "order_id": "Charged ID",
            "customer_id": "identity",
            "paid_at": Column("ts", timezone="Europe/London"),
            "payment_mode": "Payment mode",
            "total": Column("Amount", type="float"),
            "coupon": "Coupon",
        },
        items={  # columns of one item
            "sku": "SKU",
            "aisle": "Category",
            "unit_price": Column("Price", type="float"),
            "quantity": Column("Quantity", type="integer"),
        },
        on_unconfirmed="hold",  # a purchase that may have arrived is not sent again
        retries=2,  # a retry resumes where the interrupted attempt ended
        max_rejects=0.05,  # up to 5 % of the rows may fail
    )
