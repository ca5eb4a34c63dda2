"""Names of datasets: the same file has the same name, however a DAG writes it, and no name holds a credential."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_clevertap.operators.lineage.dataset_names import (
    MAX_DATASETS,
    Account,
    account_dataset,
    datasets_of,
    file_dataset,
)
from airflow_provider_clevertap.sources import CsvSource, ExportedEventsSource, FrameSource, SqlSource


@pytest.mark.parametrize(
    ("location", "namespace", "name"),
    [
        ("/data/a.csv", "file", "/data/a.csv"),
        ("/data/../data//a.csv", "file", "/data/a.csv"),
        ("file:///data/a.csv", "file", "/data/a.csv"),
        ("local:///data/a.csv", "file", "/data/a.csv"),
        (Path("/data/a.csv"), "file", "/data/a.csv"),
        ("/data/2026-*/a.csv", "file", "/data"),
        ("/*.csv", "file", "/"),
        ("s3://bucket/in/a.csv", "s3://bucket", "in/a.csv"),
        ("s3://warehouse@bucket/in/a.csv", "s3://bucket", "in/a.csv"),
        ("s3a://key:secret@bucket/in/", "s3://bucket", "in"),
        ("s3://bucket/in/[ab]*.csv", "s3://bucket", "in"),
        ("s3://bucket/*.csv", "s3://bucket", "/"),
        ("s3://bucket/in/a@b.csv", "s3://bucket", "in/a@b.csv"),
        ("gcs://bucket/a.csv", "gs://bucket", "a.csv"),
        ("abfs://lake@acme.dfs.core.windows.net/in/a.csv", "abfss://lake@acme.dfs.core.windows.net", "in/a.csv"),
        ("abfs://azure_default@lake/in/a.csv", "abfss://lake", "in/a.csv"),
        ("sftp://me:pw@host:22/in/a.csv", "sftp://host:22", "/in/a.csv"),
        ("hdfs://name:8020/in/", "hdfs://name:8020", "/in"),
        ("https://me:pw@host/in/a.csv?X-Signature=secret", "https://host", "/in/a.csv"),
        ("zip://a.csv::s3://conn@bucket/in.zip", "s3://bucket", "in.zip"),
    ],
)
def test_a_file_has_the_name_of_the_specification(location: Any, namespace: str, name: str) -> None:
    assert file_dataset(location) == (namespace, name)


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a[1].csv"
    path.touch()
    assert file_dataset(str(path)) == ("file", str(path))


def test_an_object_path_has_the_name_of_its_uri() -> None:
    from airflow_provider_clevertap.airflow_compat import ObjectStoragePath

    assert file_dataset(ObjectStoragePath("file:///data/a.csv")) == ("file", "/data/a.csv")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (CsvSource("/data/a.csv", delimiter=";"), ["/data/a.csv"]),
        (ExportedEventsSource("/data/events"), ["/data/events"]),
        (["/data/a.csv", "/data/b.csv", "/data/a.csv"], ["/data/a.csv", "/data/b.csv"]),
        (FrameSource(["/data/a.csv"]), ["/data/a.csv"]),
        (pd.DataFrame({"identity": ["1"]}), []),
        (FrameSource([pd.DataFrame({"identity": ["1"]})]), []),
        (SqlSource(conn_id="shop", sql="SELECT 1"), []),
        (None, []),
    ],
    ids=["csv", "export", "list", "returned list", "frame", "frames", "query", "nothing"],
)
def test_the_files_of_a_source(source: Any, names: list[str]) -> None:
    assert [name for _, name in datasets_of(source)] == names


def test_very_many_files_are_their_common_directory() -> None:
    many = [f"/data/{day}/a.csv" for day in range(MAX_DATASETS + 1)] + ["s3://bucket/a/1.csv", "s3://other/x/y.csv"]
    assert len(datasets_of(many[:MAX_DATASETS])) == MAX_DATASETS
    assert datasets_of(many) == [("file", "/data"), ("s3://bucket", "a/1.csv"), ("s3://other", "x/y.csv")]


def test_an_account_is_named_by_its_region_or_its_host() -> None:
    assert account_dataset(Account("AC-1", "IN1", "https://in1.api.clevertap.com"), "profiles") == (
        "clevertap://in1",
        "AC-1/profiles",
    )
    assert account_dataset(Account("AC-1", None, "http://127.0.0.1:9090"), "events") == (
        "clevertap://127.0.0.1:9090",
        "AC-1/events",
    )
