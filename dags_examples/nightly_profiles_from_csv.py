"""Every night, load the day's export of customers into CleverTap as profiles.

The source is a parameter, so the same DAG loads any other file: trigger it in the UI and enter the path, for example
that of a corrected rejects file.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

SAMPLE = Path(__file__).parent / "data" / "customers.csv"

with DAG(
    "nightly_profiles_from_csv",
    dag_display_name="Nightly: profiles from a CSV file",
    tags=["clevertap", "profiles", "csv"],
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    params={"source": Param(str(SAMPLE), type="string", title="CSV file", description="Path or URI of the file")},
    doc_md=__doc__,
):
    CleverTapUploadProfilesOperator(
        task_id="load_profiles",
        clevertap_conn_id="clevertap_default",
        source="{{ params.source }}",
        columns={
            "customer_id": "identity",
            "full_name": "Name",
            "email": "Email",
            "mobile": "Phone",
            "gender": "Gender",
            "born": Column("DOB", format=("yyyy-MM-dd", "dd/MM/yyyy")),
            "married": "Married",
            "employed": "Employed",
            "education": "Education",
            "city": "City",
            "signed_up": Column("Signed Up", format=("yyyy-MM-dd HH:mm", "dd/MM/yyyy HH:mm"), timezone="Europe/London"),
            "loyalty_points": Column("Loyalty Points", type="integer"),
            "newsletter": "MSG-email",
            "interests": Column("Interests", type="list", separator="|"),
            "notes": "Notes",
        },
        default_country="GB",  # phone numbers without a country code are British
        max_rejects=0.05,  # up to 5 % of the rows may fail; each is in the rejects file with the reason
    )
