"""The messages the documentation quotes are the ones users meet."""

from __future__ import annotations

import bz2
import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
from airflow_provider_clevertap.loading.sources.files.errors import read_error
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.doc_pages import spans, table, tables


def quoted(rows: list[list[str]]) -> Iterator[str]:
    """Give what the first cells quote; dots stand for words left out."""
    for row in rows:
        for quote in spans(row[0]):
            yield from (part for part in quote.split(" ... ") if part)


def unheard(rows: list[list[str]], messages: list[str]) -> list[str]:
    """Give the quotes that are in no message."""
    heard = "\n".join(messages)
    return [quote for quote in quoted(rows) if quote not in heard]


@pytest.mark.airflow
def test_messages_of_a_connection(emulator: Any, unused_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(**fields: Any) -> str:
        connection = {"conn_type": "clevertap", "login": emulator.account_id, "password": emulator.passcode, **fields}
        monkeypatch.setenv("AIRFLOW_CONN_TOLD", json.dumps(connection))
        return CleverTapHook("told").test_connection()[1]

    def tell_of(**fault: Any) -> str:
        emulator.inject({"times": 1, **fault})
        return tell(host=emulator.url)

    refused = [
        tell(),
        tell(extra={"region": "in2"}),
        tell(host=emulator.url, password=""),
        tell(host=emulator.url, password="é"),
        tell(host=emulator.url, extra={"passcode": "secret"}),
        tell(host=emulator.url, extra={"max_in_flight": 16}),
        tell(host=emulator.url, extra={"timeout": 0}),
        tell(host=emulator.url, extra={"gzip": "perhaps"}),
        tell(host="http://gateway.example.com"),
        tell(host=f"{emulator.url}/1/upload"),
        tell(host="gateway.example.com", schema="ftp"),
        tell(extra="region=in1"),
    ]
    tested = [
        tell(host=emulator.url),
        tell(host=emulator.url, password="not-the-passcode"),
        tell(host=emulator.url, login="NOBODY"),
        tell(host=emulator.url, extra={"gzip": True}),
        *(tell_of(do="status", status=status) for status in (301, 403, 404, 429, 503)),
        tell_of(do="html"),
        tell(host=f"http://127.0.0.1:{unused_port}"),
    ]
    in_test, before = tables("connection.md", "Message", "Means") + tables("connection.md", "Message", "Do")
    assert unheard(in_test, tested) == []
    assert unheard(before, refused) == []


def test_messages_of_a_source(tmp_path: Path) -> None:
    packed = gzip.compress(b"id\n" + b"".join(b"%d\n" % (number**3) for number in range(99_999)))
    files = {
        "empty.csv": b"",
        "blank.csv": b"\n\n",
        "unnamed.csv": b",id\n1,2\n",
        "twice.csv": b"id,a,a\n",
        "semicolons.csv": b"id;email\n",
        "latin.csv": "id,Straße\n".encode("latin-1"),
        "wide.csv": "id\n1\n".encode("utf-16"),
        "open.csv": b"id,a\n" + b"1,x\n" * 11 + b'2,"y\n3,z\n',
        "short.csv.gz": packed[:-999],
        "broken.csv.gz": packed[:100_000] + b"\0" * 999 + packed[101_000:],
        "hidden.csv": packed,
        "wide_header.csv": b"id" + b",a" * 20_000,
        "long.csv": b"id,a\n" + b"1,x\n" * 11 + b"2" * (17 << 20),
        "page.csv": b"<!DOCTYPE html><html></html>",
        "list.jsonl": b'[\n{"id": 1}\n]\n',
        "no.parquet": bz2.compress(b"id"),
        "a.csv": b"id,a\n1,2\n",
        "b.csv": b"id,b\n1,2\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    parquet.write_table(pa.table({"id": ["x" * (17 << 20)]}), tmp_path / "long.parquet", use_dictionary=False)
    sources: list[Any] = [str(tmp_path / "long.parquet")]
    sources += [str(tmp_path / name) for name in files]
    sources += [[str(tmp_path / name) for name in names] for names in (("a.csv", "b.csv"), ("a.csv", "list.jsonl"))]
    sources += [str(tmp_path / "missing.csv"), str(tmp_path / "*.tsv"), str(tmp_path), []]
    messages = [str(read_error("a.csv", PermissionError("denied")))]
    for source in sources:
        try:
            for _ in open_source(source).blocks():
                pass
        except SourceError as error:
            messages.append(str(error))
    (said,) = [rows for rows in tables("sources.md", "Message") if rows]
    assert unheard(said, messages) == []


@pytest.mark.airflow
def test_storages_airflow_does_not_know_are_opened_by_fsspec(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        archive.writestr("people.csv", "identity,Name\ncust-1,Asha\n")
    summary = CleverTapHook().upload_profiles(f"zip://people.csv::{tmp_path}/people.zip", dry_run="local")
    assert summary["accepted"] == 1


def test_a_message_for_every_row() -> None:
    assert len(table("connection.md", "Message", "Means")) >= 8
    assert len(table("sources.md", "Message")) >= 15
