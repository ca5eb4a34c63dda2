"""Reading takes the same memory for sources of any size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

ROW = "{0},Name {0},user{0}@example.com,some text that makes the row as long as rows are\n"
DRAIN = """
import resource, sys
import pandas, pyarrow.compute, pyarrow.parquet
from airflow_provider_clevertap.loading.sources.open import open_source
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = sum(len(block) for block in open_source(sys.argv[1]).blocks())
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["people.csv", "people.csv.zst", "people.jsonl", "people.parquet"])
def test_memory_is_flat(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = 700_000
    text = "id,name,mail,text\n" + "".join(map(ROW.format, range(rows)))
    if name == "people.csv":
        path.write_text(text)
    elif name == "people.csv.zst":
        path.write_bytes(pa.compress(text.encode(), codec="zstd", asbytes=True))
    elif name == "people.jsonl":
        path.write_text("".join(f'{{"line": "{line}"}}\n' for line in text.splitlines()[1:]))
    else:
        parquet.write_table(pa.table({"line": text.splitlines()[1:]}), path, row_group_size=rows)
    del text
    done = subprocess.run([sys.executable, "-c", DRAIN, path], capture_output=True, text=True, check=True)
    read, grown = map(int, done.stdout.split())
    assert read == rows
    assert grown < 48, f"{grown} MB for a file of 60 MB"
