"""The example of the README, pasted into a DAG file."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.doc_pages import blocks
from tests.support.example_needs import dag_in

pytestmark = pytest.mark.airflow


def test_it_loads_a_file(run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    day = tmp_path / "customers" / "2026-01-02"
    day.mkdir(parents=True)
    with gzip.open(day / "part-1.csv.gz", "wt") as file:
        file.write("customer_id,mobile,joined\nc1,9812345678,31/12/2025\nc2,+442079460958,01/01/2026\n")
    dag_file = tmp_path / "nightly_profiles.py"
    dag_file.write_text(blocks("README.md", "python")[0].replace('"/data/', f'"{tmp_path}/'))

    run = run_dag(dag_in(dag_file), at=datetime(2026, 1, 2, tzinfo=UTC))

    summary = returned(run, "load")
    assert (summary["rows"], summary["accepted"]) == (2, 2)
    assert emulator.profile("c1")["data"]["Phone"] in (919812345678, "+919812345678")
