"""Export events of some days to files, once, by filling in a form.

Press **Trigger** and fill in the fields: the events, the days, and where the files go. A run that is started by hand
has no data interval, so the days are asked for. They are days of the CleverTap project; the connection needs the extra
`project_timezone`. The result of the task says how many rows there are, and in which files.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

OUTPUT = str(Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "clevertap-one-off")
FORMATS = {"parquet": "Parquet", "jsonl": "JSON Lines, compressed", "csv": "CSV"}


def field(default: Any, title: str, description: str, **schema: Any) -> Param:
    """Define a field of the form; Airflow checks ``schema`` before it creates a run."""
    return Param(default, title=title, description=description, **schema)


FORM = {
    "events": field(["Product Viewed"], "Events", "Names of events, one in each line. Names are case-sensitive.",
                    type="array", items={"type": "string"}, minItems=1),
    "start": field("2026-01-01", "First day", "A day of the project.", type="string", format="date"),
    "end": field("2026-02-01", "Day after the last", "It is not exported.", type="string", format="date"),
    "output": field(OUTPUT, "Directory", "Path or URI, such as s3://my_s3@lake/clevertap. It holds one export and "
                    "nothing else.", type="string", minLength=1),
    "file_format": field("parquet", "Format", "The form of the files.",
                         type="string", enum=list(FORMATS), values_display=FORMATS),
}  # fmt: skip

with DAG(
    "one_off_export",
    dag_display_name="Once: export events, by filling in a form",
    tags=["clevertap", "export", "events", "form"],
    schedule=None,
    start_date=datetime(2026, 1, 1),
    params=FORM,
    doc_md=__doc__,
):
    CleverTapExportEventsOperator(
        task_id="export_events",
        events="{{ params.events | tojson }}",
        start="{{ params.start }}",
        end="{{ params.end }}",
        output="{{ params.output }}",
        file_format="{{ params.file_format }}",
        retries=2,
    )
