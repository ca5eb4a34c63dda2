"""Encodings of CSV files: those declared, byte order marks, and bytes that are no text."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader
from airflow_provider_clevertap.loading.sources.files.discovery import find_files
from airflow_provider_clevertap.sources import CsvSource
from tests.support.source_reading import read_row_errors, read_rows, read_with_errors, write_csv


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "\ufeffid,name\n1,é\n")
    assert read_rows(path) == read_rows(CsvSource(path, encoding="utf-8-sig")) == [{"id": "1", "name": "é"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252", "shift_jis"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = "id,name\n" + "".join(f"{number},ソ表\n" for number in range(40_000))
    if encoding == "cp1252":
        text = text.replace("ソ表", "Zoë €")
    path = write_csv(tmp_path, text.encode(encoding))
    rows = read_rows(CsvSource(path, encoding=encoding))
    assert [row["id"] for row in rows] == [str(number) for number in range(40_000)]
    assert {row["name"] for row in rows} == {text.split("\n")[1].split(",")[1]}


def test_utf16_that_is_not_declared_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="encoding='utf-16'"):
        read_rows(write_csv(tmp_path, "id\n1\n".encode("utf-16")))
    with pytest.raises(SourceError, match="NUL bytes"):
        read_rows(write_csv(tmp_path, "id\n1\n".encode("utf-16-le")))


def test_bytes_invalid_in_the_encoding_make_the_row_invalid_and_are_shown(tmp_path: Path) -> None:
    path = write_csv(tmp_path, b"id,name\n1,ok\n2,Zo\xeb\n3,ok\n")
    rows = read_with_errors(path)
    assert [row for row, _ in rows] == [
        {"id": "1", "name": "ok"},
        {"id": "2", "name": "Zo\\xeb"},
        {"id": "3", "name": "ok"},
    ]
    assert [number for number, (_, fault) in enumerate(rows) if fault] == [1]
    assert rows[1][1] is not None
    assert rows[1][1].column == "name"
    assert "encoding" in rows[1][1].reason
    assert "Zo" not in rows[1][1].reason
    assert read_rows(CsvSource(path, encoding="cp1252"))[1] == {"id": "2", "name": "Zoë"}


def test_an_undefined_byte_of_a_declared_encoding_makes_only_its_row_invalid(tmp_path: Path) -> None:
    path = write_csv(tmp_path, b"id,name\n1,Zo\xeb\n2,\x81\n")
    source = CsvSource(path, encoding="cp1252")
    assert [row["name"] for row in read_rows(source)] == ["Zoë", "\\x81"]
    assert list(read_row_errors(source)) == [2]
    assert "cp1252" in read_row_errors(source)[2].reason


def test_text_that_is_invalid_in_utf16(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "id\nabc\n".encode("utf-16") + b"\x00\xdc" * 2)
    with pytest.raises(SourceError, match="the file is not utf-16"):
        read_rows(CsvSource(path, encoding="utf-16"))


def test_invalid_bytes_among_invalid_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path, b'a,b\n1,\xff,3\n4,"x\ny\xfe"\n5\n6,7\n')
    rows = read_with_errors(path)
    assert [tuple(row.values()) for row, _ in rows] == [
        ("1", "\\xff,3"),
        ("4", "x\ny\\xfe"),
        ("5", None),
        ("6", "7"),
    ]
    assert [bool(fault) for _, fault in rows] == [True, True, True, False]


def test_a_header_in_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"header is not valid utf-8.*encoding"):
        read_rows(write_csv(tmp_path, "id,prénom\n1,x\n".encode("cp1252")))


@pytest.mark.parametrize("chunk_bytes", [1, 8, 1 << 20])
def test_byte_order_marks_before_records_are_dropped(tmp_path: Path, chunk_bytes: int) -> None:
    path = write_csv(tmp_path, "a,b\n" + "\ufeffx,1\n" * 30 + '\ufeff\ufeff"\ufeffy\n\ufeff, z",2\r\n\r\n\ufeff\n')
    (file,) = find_files([path])
    reader = CsvReader(delimiter=None, quote='"', encoding="utf-8", header=None, block_rows=9, chunk_bytes=chunk_bytes)
    values = [row["a"] for block in reader.read(file) for row in block.rows(range(len(block)))]
    assert values == ["x"] * 30 + ["\ufeffy\n\ufeff, z"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("compression", ["", ".gz"])
def test_a_file_put_together_from_parts(tmp_path: Path, encoding: str, compression: str) -> None:
    parts = ["\ufeffid,name\n1,A\n", '\ufeff"id",name\r\n2,B\r\n', "id,name\n", "\ufeff3,id\n", "id,name"]
    compress = gzip.compress if compression else bytes
    path = write_csv(tmp_path, b"".join(compress(part.encode(encoding)) for part in parts), f"people.csv{compression}")
    rows = read_with_errors(CsvSource(path, encoding=encoding))
    assert [row["id"] for row, _ in rows] == ["1", "id", "2", "id", "3", "id"]
    assert ["header again" in error.reason if error else None for _, error in rows] == [None, True] * 3
