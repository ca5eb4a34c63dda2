"""An export imports what it needs: no pandas, which takes longer than an export of a few thousand events."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from tests.support.paths import ROOT

NOT_NEEDED = {"airflow", "aiohttp", "jinja2", "pandas", "polars", "pyarrow.dataset", "sqlalchemy"}

#: Exports a day, and prints how many rows there were, and all imported modules.
EXPORT = """
import json, logging, sys
from zoneinfo import ZoneInfo

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.exporting.events.export import EventExport
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from airflow_provider_clevertap.exporting.events.options import EventOptions

url, account, passcode, output, file_format, schema = sys.argv[1:]
options = EventOptions(
    events="Viewed", start="2025-11-01", end="2025-11-03", output=output, zone=ZoneInfo("UTC"),
    file_format=file_format, schema=json.loads(schema), include=["profile", "push_token"],
)
with CleverTapClient(account, passcode, url) as client:
    summary = EventExport(client, options, RunIdentity("0" * 8, "1" * 8), logging.getLogger()).run()
print(json.dumps([summary["rows"], summary["unfit"], sorted(sys.modules)]))
"""


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_an_export_imports_no_pandas(emulator: Any, tmp_path: Path, file_format: str) -> None:
    data = [{"a": 1, "b": 1.5, "c": True, "d": "x", "e": "$D_1761955200"}, {"a": "x"}, {}]
    records = [
        {"type": "event", "identity": "p", "evtName": "Viewed", "ts": 1761955200 + number * 86_400, "evtData": each}
        for number, each in enumerate(data)
    ]
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        client.upload(json.dumps({"d": records}).encode(), len(records))
    schema = dict(zip("abcde", ("integer", "float", "boolean", "text", "timestamp"), strict=True))
    completed = subprocess.run(
        [
            sys.executable, "-c", EXPORT, emulator.url, emulator.account_id, emulator.passcode, str(tmp_path / "out"),
            file_format, json.dumps(schema),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    rows, unfit, modules = json.loads(completed.stdout)
    assert (rows, unfit) == (2, {"a": 1})
    assert sorted(NOT_NEEDED & set(modules)) == []
