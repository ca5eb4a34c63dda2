"""A load of a file imports what its source needs: no pandas, which takes longer than a load of a few thousand rows."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.support.paths import ROOT

#: numpy.ma takes 8 MB while it is imported: by numpy.unique, setdiff1d and intersect1d, as they are called by default.
NOT_NEEDED = {"airflow", "aiohttp", "jinja2", "numpy.ma", "pandas", "polars", "pyarrow.dataset", "sqlalchemy"}

#: Loads a file, and prints how many rows were accepted and invalid, and all imported modules.
LOAD = """
import json, sys

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading import record_kinds
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.sources.open import open_source

url, account, passcode, file, kind = sys.argv[1:]
items = {"sku": "sku", "price": Column("price", type="float")}
kinds = {
    "profiles": (
        record_kinds.PROFILES,
        {
            "born": "DOB",
            "points": Column(type="integer"),
            "spent": Column(type="float"),
            "since": Column(type="date", timezone="Europe/Berlin"),
            "tags": Column(type="list", separator="|"),
        },
    ),
    "orders": (
        record_kinds.events(group_by="order", items=items),
        {"order": "Charged ID", "paid": "ts", "customer": "identity"},
    ),
    "device_tokens": (record_kinds.DEVICE_TOKENS, {"device": "objectId"}),
    "subscriptions": (record_kinds.subscriptions(status="Unsubscribe"), {"channel": "type", "address": "value"}),
}
record_kind, columns = kinds[kind]
options = LoadOptions(
    columns=columns,
    default_country="IN",
    max_rejects="100%",
    rejects_path=f"{file}.rejects.csv",
    report_path=f"{file}.report.json",
)
with CleverTapClient(account, passcode, url) as client:
    store = FileCheckpointStore(f"{file}.checkpoint")
    summary = Load(record_kind, open_source(file), client, options, store=store).run()
print(json.dumps([summary.accepted, summary.invalid, sorted(sys.modules)]))
"""

ROWS: Mapping[str, list[dict[str, Any]]] = {
    "profiles": [
        {
            "identity": f"person-{number}",
            "Name": 'Ann "the first" Smith' if number % 3 else "Zoë",
            "Email": f"person-{number}@example.com" if number % 7 else "no address",
            "Phone": "+91 98765 43210" if number % 2 else "09876543210",
            "Gender": "F" if number % 2 else "male",
            "born": "1990-02-03" if number % 5 else None,
            "points": number,
            "spent": number / 4,
            "since": "2024-05-06T07:08:09",
            "tags": "a|b" if number % 4 else "a|a",
            "subscribed": bool(number % 2),
        }
        for number in range(40)
    ],
    "orders": [
        {
            "order": f"order-{number // 2}",
            "customer": "person-1",
            "paid": 1_760_000_000,
            "sku": f"sku-{number}",
            "price": 1.25 if number % 6 else None,
        }
        for number in range(40)
    ],
    "device_tokens": [
        {"device": f"__{number:032x}", "token": f"token-{number % 30}-{'x' * 40}", "type": "fcm" if number else "fax"}
        for number in range(40)
    ],
    "subscriptions": [
        {"channel": "email" if number else "fax", "address": f"person-{number}@example.com"} for number in range(40)
    ],
}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        parquet.write_table(pa.Table.from_pylist(rows), path)


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("extension", ["csv", "jsonl", "parquet"])
def test_a_load_of_a_file_imports_no_pandas(kind: str, extension: str, emulator: Any, tmp_path: Path) -> None:
    file = tmp_path / f"rows.{extension}"
    write(file, ROWS[kind])
    process = subprocess.run(
        [sys.executable, "-c", LOAD, emulator.url, emulator.account_id, emulator.passcode, str(file), kind],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
    )
    assert process.returncode == 0, process.stderr
    accepted, invalid, modules = json.loads(process.stdout)
    assert accepted > 20
    assert accepted + invalid == 40
    assert "airflow_provider_clevertap.loading.rows.key_set" in modules
    assert NOT_NEEDED & set(modules) == set()
    assert ("pyarrow.parquet" in modules) == (extension == "parquet")
    assert ("pyarrow.csv" in modules) == (extension == "csv")


def test_pyarrow_still_imports_pandas_on_its_own() -> None:
    """Without this, ``loading/rows/conversion.py`` would be superfluous."""
    code = "import sys, pyarrow as pa; pa.array(['text']); print('pandas' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)
    assert process.stdout == "True\n"


def test_an_import_makes_no_arrow_value() -> None:
    """The first one makes an allocator of some megabytes, and a small load does without it."""
    program = (
        "import pyarrow as pa\n"
        "import airflow_provider_clevertap.loading.load\n"
        "from airflow_provider_clevertap.loading.sources import csv, json_lines, open, parquet\n"
        "print(pa.default_memory_pool().max_memory())"
    )
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)
    assert int(printed.stdout) == 0
