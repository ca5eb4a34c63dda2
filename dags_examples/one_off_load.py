"""Load one file into CleverTap, once, by filling in a form.

Press **Trigger** and fill in the fields: the kind of record, the path of the file, and the mapping of its columns. The
form is pre-filled for the sample customers. Every row gets an outcome: see the log of the task that ran, and the
rejects file named there. An invalid entry fails the task at once, and the log says which entry and why.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator
from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

SAMPLE = Path(__file__).parent / "data" / "customers.csv"
MAPPING = {"customer_id": "identity", "full_name": "Name", "email": "Email", "mobile": "Phone", "city": "City"}
KINDS = {
    "profiles": "Profiles of users",
    "events": "Events of users",
    "device_tokens": "Device tokens for push messages",
}
UNMAPPED = {
    "ignore": "Leave them out",
    "send": "Send them under their own name",
    "error": "Fail the task",
}


def field(default: Any, title: str, description: str, **schema: Any) -> Param:
    """Define a field of the form; Airflow checks ``schema`` before it creates a run."""
    return Param(default, title=title, description=description, **schema)


FORM = {
    "kind": field("profiles", "Kind of record", "A load has one kind of record.",
                  type="string", enum=list(KINDS), values_display=KINDS),
    "source": field(str(SAMPLE), "File", "Path, URI or glob, such as s3://my_s3@exports/customers/*.csv.gz. CSV, JSON "
                    "Lines or Parquet, by its extension. The workers must be able to read it.",
                    type="string", minLength=1),
    "event_name": field(None, "Event name", "For events only: the name of all events in the file. Leave it empty if a "
                        "column becomes evtName.", type=["string", "null"]),
    "columns": field(MAPPING, "Mapping", 'The CleverTap field for each column: {"column": "field"}, or with options '
                     '{"born": {"name": "DOB", "format": "dd/MM/yyyy"}, "sex": {"name": "Gender", "values": '
                     '{"weiblich": "F", "-": null}}}. Profiles need identity or objectId; events ts as well; device '
                     "tokens objectId, token and type.",
                     type=["object", "null"], section="Columns"),
    "unmapped": field("ignore", "Other columns", "What to do with columns that are not named above.",
                      type="string", enum=list(UNMAPPED), values_display=UNMAPPED, section="Columns"),
    "default_country": field("GB", "Country of phone numbers", "Country code, such as IN, for phone numbers without a "
                             "+ prefix. If empty, a row with such a number is invalid.",
                             type=["string", "null"], pattern="^[A-Z]{2}$", section="Columns"),
    "conn_id": field("clevertap_default", "Connection", "Id of the CleverTap connection, which has the account and "
                     "the region.", type="string", minLength=1, section="How to load"),
    "dry_run": field(False, "Dry run", "CleverTap checks every record and stores nothing.",
                     type="boolean", section="How to load"),
    "max_rejects": field("5%", "Rows that may fail", "A number of rows, such as 10, or a share of all rows, such as "
                         "5%. If more rows fail, so does the task, after all other rows were loaded.",
                         type="string", pattern=r"^([0-9]+|([0-9]{1,2}(\.[0-9]+)?|100)%)$", section="How to load"),
}  # fmt: skip

with DAG(
    "one_off_load",
    dag_display_name="Once: load any file with a form",
    tags=["clevertap", "form"],
    schedule=None,
    start_date=datetime(2026, 1, 1),
    is_paused_upon_creation=False,  # it runs only when a user triggers it
    params=FORM,
    doc_md=__doc__,
):

    @task.branch
    def choose_kind(params: dict[str, Any]) -> str:
        return f"load_{params['kind']}"

    arguments: dict[str, Any] = {
        "source": "{{ params.source }}",
        "columns": "{{ params.columns | tojson }}",
        "unmapped": "{{ params.unmapped }}",
        "default_country": "{{ params.default_country }}",
        "clevertap_conn_id": "{{ params.conn_id }}",
        "dry_run": "{{ 'server' if params.dry_run else none }}",
        "max_rejects": "{{ params.max_rejects }}",
        "retries": 0,  # a user decides whether to run it again: events sent twice are stored twice
    }
    choose_kind() >> [
        CleverTapUploadProfilesOperator(task_id="load_profiles", **arguments),
        CleverTapUploadEventsOperator(task_id="load_events", event_name="{{ params.event_name }}", **arguments),
        CleverTapUploadDeviceTokensOperator(task_id="load_device_tokens", **arguments),
    ]
