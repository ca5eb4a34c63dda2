"""Files that cannot be read: cut off, damaged, of another format, missing, or on a storage that fails."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path
from random import Random
from typing import ClassVar

import fsspec
import pyarrow as pa
import pytest
from fsspec import AbstractFileSystem
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import CleverTapError, FinalError, SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.source_reading import count_rows, read_rows, zst

CSV = "id,name\n1,x\n2,y\n"


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize("rows", [10, 500_000])
@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_a_truncated_file_is_an_error_and_not_the_end(tmp_path: Path, ending: str, rows: int, kept: float) -> None:
    data = ("id,name\n" + "".join(f"{number},n{number * 7919 % 10007}\n" for number in range(rows))).encode()
    whole = gzip.compress(data, 1) if ending == ".gz" else zst(data)
    path = tmp_path / f"people.csv{ending}"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(SourceError, match="ends too early"):
        count_rows(path)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_damaged_compression(tmp_path: Path, ending: str) -> None:
    data = ("a,b\n" + "".join(f"{number},{number * 7919 % 10007}\n" for number in range(100_000))).encode()
    whole = bytearray(gzip.compress(data, 1) if ending == ".gz" else zst(data))
    whole[100:] = b"\xff" * (len(whole) - 100)
    path = tmp_path / f"people.csv{ending}"
    path.write_bytes(whole)
    with pytest.raises(SourceError, match=r"is damaged|ends too early"):
        read_rows(path)


CLAIMS = {
    "a.csv": (gzip.compress(CSV.encode()), r"gzip: add \.gz"),
    "b.csv": (zst(CSV.encode()), r"Zstandard: add \.zst"),
    "c.csv": (b"PAR1" + b"\0" * 100, "Parquet"),
    "d.csv": (b"PK\x03\x04" + b"\0" * 100, "Excel"),
    "e.csv": (b"<!DOCTYPE html>\n<html>", "web page"),
    "f.jsonl": (b"  <html><body>Sign in</body></html>", "web page"),
    "g.csv": (b"<?xml version='1.0'?><Error/>", "XML"),
    "h.csv": (b"id\0name\n", "NUL"),
    "i.csv.gz": (CSV.encode(), "not gzip data"),
    "j.csv.zst": (CSV.encode(), "not Zstandard data"),
    "k.parquet": (CSV.encode() * 20, "not a Parquet file"),
    "l.parquet": (b"", "empty"),
    "m.csv": (b"", "empty"),
    "n.jsonl": (b"", "empty"),
    "o.csv.gz": (gzip.compress(b""), "empty"),
    "p.csv.gz": (b"", "empty"),
    "q.parquet.gz": (gzip.compress(b"PAR1"), "Decompress it"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_files_of_another_format_than_their_name_says(tmp_path: Path, name: str) -> None:
    content, message = CLAIMS[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as raised:
        read_rows(path)
    assert name in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    cases = {
        tmp_path / "none.csv": "there is no such file",
        tmp_path / "none-*.csv": "no file matches",
        tmp_path: r"is a directory.*\*\.csv",
        "no-such-storage://x/y.csv": "storage cannot be read here",
        "s3://bucket/x.csv": "s3fs",
    }
    for location, message in cases.items():
        with pytest.raises(SourceError, match=message):
            open_source(location)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(CSV)
    path.chmod(0)
    with pytest.raises(SourceError, match="not allowed"):
        read_rows(path)


class FailingStorage(AbstractFileSystem):
    """A storage whose connection breaks after the first megabyte."""

    protocol = "failing"
    files: ClassVar[dict[str, bytes]] = {}

    def info(self, path: str, **options: object) -> dict[str, object]:
        return {"name": path, "type": "file", "size": len(self.files[path])}

    def _open(self, path: str, mode: str = "rb", **options: object) -> io.BytesIO:
        class Failing(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                if self.tell() > 1_000_000:
                    raise ConnectionResetError(104, "Connection reset by peer")
                return super().read(size)

        return Failing(self.files[path])


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.csv.zst", "x.jsonl", "x.parquet"])
def test_a_storage_that_fails_during_the_load_is_a_transient_failure(name: str) -> None:
    fsspec.register_implementation("failing", FailingStorage, clobber=True)
    data = b"id\n" + Random(1).randbytes(1_500_000).hex().encode()
    if name.endswith(".parquet"):
        written = io.BytesIO()
        parquet.write_table(pa.table({"id": [data]}), written, compression="none")
        data = written.getvalue()
    FailingStorage.files[name] = (
        gzip.compress(data, 1) if name.endswith("gz") else zst(data) if name.endswith("zst") else data
    )
    with pytest.raises(CleverTapError, match=r"storage failed.*Connection reset") as raised:
        read_rows(f"failing://{name}")
    assert not isinstance(raised.value, FinalError)
