"""The source classes used in DAG files: cheap to import, comparable, and without secrets in their text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd

from airflow_provider_clevertap.sources import CsvSource, FrameSource, JsonLinesSource, ParquetSource


def test_importing_them_imports_no_heavy_library() -> None:
    program = (
        "import sys\n"
        "from airflow_provider_clevertap import sources as s\n"
        "repr([s.CsvSource('s3://no/{{ ds }}.csv'), s.JsonLinesSource('x'), s.ParquetSource('x'), s.FrameSource(1)])\n"
        "heavy = {'pyarrow', 'pandas', 'numpy', 'polars', 'fsspec', 'msgspec', 'airflow', 'pydantic', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_their_text_shows_arguments_without_secrets() -> None:
    assert repr(CsvSource("in/{{ ds }}.csv")) == "CsvSource('in/{{ ds }}.csv')"
    assert repr(CsvSource(["a.csv", Path("b.csv")], delimiter=";", quote=None)) == (
        "CsvSource(['a.csv', 'b.csv'], delimiter=';', quote=None)"
    )
    assert repr(JsonLinesSource("x", encoding="utf-16")) == "JsonLinesSource('x', encoding='utf-16')"
    assert (
        repr(ParquetSource("https://user:secret@host/x.parquet?sig=secret"))
        == "ParquetSource('https://host/x.parquet')"
    )
    assert repr(FrameSource(pd.DataFrame({"a": ["secret"]}))) == "FrameSource(DataFrame)"


def test_they_are_equal_if_their_arguments_are() -> None:
    assert CsvSource("a", delimiter=";") == CsvSource("a", delimiter=";") != CsvSource("a")
    assert FrameSource(pd.DataFrame({"a": [1]})) != FrameSource(pd.DataFrame({"a": [1]}))
