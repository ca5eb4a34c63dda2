"""What Airflow stores of a DAG is the same each time the DAG file is read, and holds no row."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pandas as pd

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
from airflow_provider_clevertap.sources import CsvSource, FrameSource

FRAME = pd.DataFrame({"id": ["c-1"], "email": ["somebody@example.com"]})
SOURCES = {
    "path": "/data/{{ ds }}.csv",
    "paths": ["/data/a.csv", "/data/b.csv"],
    "described": CsvSource("/data/{{ ds }}.txt", delimiter=";"),
    "frame": FRAME,
    "frames": [FRAME, FRAME],
    "described_frame": FrameSource(FRAME),
}


def serialized() -> str:
    from airflow.providers.common.compat.sdk import DAG

    with DAG("serialized", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        for name, source in SOURCES.items():
            CleverTapUploadProfilesOperator(
                task_id=name, source=source, columns={"id": "identity", "born": Column("DOB", format="yyyy-MM-dd")}
            )
    try:
        from airflow.serialization.serialized_objects import DagSerialization as Serialized
    except ImportError:
        from airflow.serialization.serialized_objects import SerializedDAG as Serialized
    stored: Any = Serialized.to_dict(dag)
    return json.dumps(stored, sort_keys=True, default=str)


def test_no_memory_address_makes_each_reading_a_new_version() -> None:
    assert re.findall(r"0x[0-9a-f]{6,}", serialized()) == []
    assert serialized() == serialized()


def test_rows_of_a_frame_are_not_stored() -> None:
    text = serialized()
    assert "somebody" not in text
    assert "FrameSource(" in text


def test_templates_are_stored_as_written() -> None:
    assert "/data/{{ ds }}.csv" in serialized()
