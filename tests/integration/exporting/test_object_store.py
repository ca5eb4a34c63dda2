"""Exports to an object store: the same manifests, no directories, and requests that fail now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError, StorageUnavailableError
from airflow_provider_clevertap.sources import ExportedEventsSource
from airflow_provider_clevertap.storage import retry
from tests.support.exports import Upload, at, numbers
from tests.support.shaky_storage import ShakyStorage

Export = Callable[..., dict[str, Any]]
DAY = {"start": "2025-11-01", "end": "2025-11-02"}


@pytest.fixture(autouse=True)
def uploaded(upload: Upload) -> None:
    upload(*[("Viewed", at("2025-11-01T00:00:00") + timedelta(minutes=number), {"n": number}) for number in range(300)])


@pytest.fixture
def bucket() -> Iterator[str]:
    import fsspec

    yield "memory://bucket/exports"
    with suppress(FileNotFoundError):
        fsspec.filesystem("memory").rm("/bucket", recursive=True)


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_partitions_are_replaced_in_a_bucket(
    export: Export, upload: Upload, bucket: str, tmp_path: Path, file_format: str
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for number in range(1, 4):
        upload(("Viewed", at("2025-11-01T12:00:00"), {"n": 300 + number}))
        summary = export(**DAY, output=bucket, file_format=file_format, run=f"{number:08}", max_rows_per_file=200)
        assert numbers(bucket) == [*range(300), *range(301, 301 + number)]  # type: ignore[arg-type]
        assert summary["files"] == 2
    partition = "/bucket/exports/event=Viewed/date=2025-11-01"
    assert len(memory.ls(partition, detail=False)) == 5  # the manifest and two generations
    assert memory.exists("/bucket/exports/_clevertap_export.json")
    assert list(tmp_path.iterdir()) == []
    files = ExportedEventsSource(bucket).files()
    assert all(str(file).startswith("memory://bucket/exports/event=Viewed/date=2025-11-01/part-") for file in files)


def test_a_bucket_that_holds_something_else_is_left_alone(export: Export, bucket: str) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/bucket/exports/mine.txt", b"mine")
    with pytest.raises(ConfigurationError, match=r"contains 'mine\.txt'"):
        export(**DAY, output=bucket)
    memory.rm_file("/bucket/exports/mine.txt")
    memory.pipe_file("/bucket/exports", b"a file")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        export(**DAY, output=bucket)
    memory.rm_file("/bucket/exports")


def test_a_store_that_fails_now_and_then_is_waited_for_and_one_that_stays_away_ends_the_export(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = f"shaky://{tmp_path}/bucket"
    failures = {"part": 2, "_clevertap_export.json": 0}

    def fails(kind: str, name: str, _: int) -> Exception | None:
        key = "part" if name.startswith("part-") else name
        if kind == "write" and failures.get(key, 0):
            failures[key] -= 1
            return OSError("503 Slow Down")
        return None

    monkeypatch.setattr(ShakyStorage, "fails", staticmethod(fails))
    export(**DAY, output=store, run="1" * 8)
    assert numbers(store) == list(range(300))  # type: ignore[arg-type]
    failures["part"] = 1000
    monkeypatch.setattr(retry, "RETRY_SECONDS", 0.3)
    with pytest.raises(StorageUnavailableError, match=r"export kept failing.*\. Partitions that are finished stay"):
        export(**DAY, output=store, run="2" * 8)
    assert numbers(store) == list(range(300))  # type: ignore[arg-type]
