"""Let CleverTap check a file, ask a person for approval, and load the file after that.

The dry run sends every record, and CleverTap stores nothing. Its counts, and why rows failed, are in the question,
which Airflow shows under "Required Actions". "Reject" skips the load.

Requires Airflow 3.1 or newer: earlier releases have no operator that asks a person.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, Param
from airflow.providers.standard.operators.hitl import ApprovalOperator

from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

SAMPLE = Path(__file__).parent / "data" / "customers.csv"
FILE = {
    "source": "{{ params.source }}",
    "columns": {"customer_id": "identity", "full_name": "Name", "email": "Email", "mobile": "Phone", "city": "City"},
    "unmapped": "ignore",
    "default_country": "GB",
}
COUNTS = """
{% set counts = ti.xcom_pull(task_ids='check') %}
| Rows of `{{ params.source }}` | |
|---|---|
{% for outcome in ('rows', 'accepted', 'rejected', 'invalid', 'unconfirmed', 'skipped') -%}
| {{ outcome }} | {{ counts[outcome] }} |
{% endfor %}
{% if counts.reasons -%}
| Rows | Outcome | Column | Code | Why | First rows |
|---|---|---|---|---|---|
{% for each in counts.reasons -%}
| {{ each.rows }} | {{ each.outcome }} | {{ each.column or '' }} | {{ each.code or '' }} | {{ each.reason }} | \
{{ each.first_rows | join(', ') }} |
{% endfor %}
{% endif -%}
{% if counts.further_reasons.reasons -%}
{{ counts.further_reasons.reasons }} further reasons, {{ counts.further_reasons.rows }} rows
{% endif %}
{% if counts.rejects_path -%}
Rows that failed, with reasons: `{{ counts.rejects_path }}`
{%- endif %}
"""

with DAG(
    "dry_run_then_approval",
    dag_display_name="Once: dry run, approval, load",
    tags=["clevertap", "profiles", "approval"],
    schedule=None,
    start_date=datetime(2026, 1, 1),
    params={"source": Param(str(SAMPLE), type="string", title="CSV file", description="Path or URI of the file")},
    doc_md=__doc__,
):
    check = CleverTapUploadProfilesOperator(
        task_id="check",
        dry_run="server",  # "local" checks the rules in the task and sends nothing
        max_rejects="100%",  # a person decides, however many rows fail
        **FILE,
    )
    approval = ApprovalOperator(
        task_id="approval",
        subject="Load {{ ti.xcom_pull(task_ids='check').accepted }} profiles into CleverTap?",
        body=COUNTS,
    )
    load = CleverTapUploadProfilesOperator(task_id="load", max_rejects=0.05, **FILE)
    check >> approval >> load
