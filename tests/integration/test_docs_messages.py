"""The messages quoted in the documentation are the ones users see."""

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
from airflow_provider_clevertap.sources import CsvSource
from tests.support.doc_pages import spans, table, tables


def quoted(rows: list[list[str]]) -> Iterator[str]:
    """Yield the quotes in the first cells; dots stand for words that are left out."""
    for row in rows:
        for quote in spans(row[0]):
            yield from (part for part in quote.split(" ... ") if part)


def missing_quotes(rows: list[list[str]], messages: list[str]) -> list[str]:
    """Return the quotes that are in no message."""
    text = "\n".join(messages)
    return [quote for quote in quoted(rows) if quote not in text]


@pytest.mark.airflow
def test_messages_of_a_connection(emulator: Any, unused_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def message(**fields: Any) -> str:
        connection = {"conn_type": "clevertap", "login": emulator.account_id, "password": emulator.passcode, **fields}
        monkeypatch.setenv("AIRFLOW_CONN_TESTED", json.dumps(connection))
        return CleverTapHook("tested").test_connection()[1]

    def message_after(**fault: Any) -> str:
        emulator.inject({"times": 1, **fault})
        return message(host=emulator.url)

    at_configuration = [
        message(),
        message(extra={"region": "in2"}),
        message(host=emulator.url, password=""),
        message(host=emulator.url, password="é"),
        message(host=emulator.url, extra={"passcode": "secret"}),
        message(host=emulator.url, extra={"max_in_flight": 16}),
        message(host=emulator.url, extra={"timeout": 0}),
        message(host=emulator.url, extra={"gzip": "perhaps"}),
        message(host="http://gateway.example.com"),
        message(host=f"{emulator.url}/1/upload"),
        message(host="gateway.example.com", schema="ftp"),
        message(extra="region=in1"),
    ]
    of_the_test = [
        message(host=emulator.url),
        message(host=emulator.url, password="not-the-passcode"),
        message(host=emulator.url, login="NOBODY"),
        message(host=emulator.url, extra={"gzip": True}),
        *(message_after(do="status", status=status) for status in (301, 403, 404, 429, 503)),
        message_after(do="html"),
        message(host=f"http://127.0.0.1:{unused_port}"),
    ]
    test_rows, configuration_rows = tables("connection.md", "Message", "Means") + tables(
        "connection.md", "Message", "Do"
    )
    assert missing_quotes(test_rows, of_the_test) == []
    assert missing_quotes(configuration_rows, at_configuration) == []


def test_messages_of_a_source(tmp_path: Path) -> None:
    packed = gzip.compress(b"id\n" + b"".join(b"%d\n" % (number**3) for number in range(99_999)))
    files = {
        "empty.csv": b"",
        "blank.csv": b"\n\n",
        "unnamed.csv": b",id\n1,2\n",
        "blank_cells.csv": b",,\n1,2,3\n",
        "three.csv": b"id\n1\n2\n",
        "quoted.csv": b'id,"a"b\n1,2\n',
        "alike.csv": "id,a,a\u200b\n1,2,3\n".encode(),
        "nameless.jsonl": b'{"": 1, "id": 2}\n',
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
        "gap.csv": b"id\n1\n2\n3\n\n4\n",
        "a.csv": b"id,a\n1,2\n",
        "b.csv": b"id,b\n1,2\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    parquet.write_table(pa.table({"id": ["x" * (17 << 20)]}), tmp_path / "long.parquet", use_dictionary=False)
    sources: list[Any] = [str(tmp_path / "long.parquet")]
    sources += [str(tmp_path / name) for name in files]
    sources += [[str(tmp_path / name) for name in names] for names in (("a.csv", "b.csv"), ("a.csv", "list.jsonl"))]
    sources += [CsvSource(tmp_path / "three.csv", header_row=5), CsvSource(tmp_path / "blank.csv", header_row=2)]
    sources += [pa.table({"": [1], "id": [2]}), CsvSource(tmp_path / "gap.csv", header_row=5)]
    sources += [str(tmp_path / "missing.csv"), str(tmp_path / "*.tsv"), str(tmp_path), []]
    messages = [str(read_error("a.csv", PermissionError("denied")))]
    for source in sources:
        try:
            for _ in open_source(source).blocks():
                pass
        except SourceError as error:
            messages.append(str(error))
    (documented,) = [rows for rows in tables("sources.md", "Message") if rows]
    assert missing_quotes(documented, messages) == []


@pytest.mark.airflow
def test_storages_unknown_to_airflow_are_opened_by_fsspec(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        archive.writestr("people.csv", "identity,Name\ncust-1,Asha\n")
    summary = CleverTapHook().upload_profiles(f"zip://people.csv::{tmp_path}/people.zip", dry_run="local")
    assert summary["accepted"] == 1


def test_enough_messages_are_documented() -> None:
    assert len(table("connection.md", "Message", "Means")) >= 8
    assert len(table("sources.md", "Message")) >= 15
