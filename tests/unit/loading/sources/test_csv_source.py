"""CSV and TSV files: cells, delimiters, headers, and rows with too few or too many cells."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import CsvSource
from tests.support.source_reading import read_row_errors, read_rows, read_with_errors, write_csv


def test_every_cell_stays_text(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "id,phone,big,exp,flag\n007,+919812345678,1234567890123456789,1e5,true\n")
    assert read_rows(path) == [
        {"id": "007", "phone": "+919812345678", "big": "1234567890123456789", "exp": "1e5", "flag": "true"}
    ]
    block = next(iter(open_source(path).blocks()))
    assert {column.type for column in block.columns.values()} == {pa.string()}


def test_null_words_are_text_and_only_empty_cells_are_empty(tmp_path: Path) -> None:
    path = write_csv(tmp_path, 'a,b,c,d,e\nNA,null,NaN,,""\n')
    assert read_rows(path) == [{"a": "NA", "b": "null", "c": "NaN", "d": None, "e": None}]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blank_lines(tmp_path: Path, line_end: str) -> None:
    path = write_csv(tmp_path, line_end.join(["", "a,b", "1,2", "", "", ",", "3,4", ""]))
    assert read_rows(path) == [{"a": "1", "b": "2"}, {"a": None, "b": None}, {"a": "3", "b": "4"}]


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    assert read_rows(write_csv(tmp_path, "a,b\n1,2")) == [{"a": "1", "b": "2"}]
    assert read_rows(write_csv(tmp_path, 'a,b\n1,"2"')) == [{"a": "1", "b": "2"}]


def test_rows_with_too_few_or_too_many_cells_keep_their_number_and_cells(tmp_path: Path) -> None:
    path = write_csv(tmp_path, 'a,b,c\n1,2,3\n4,5\n\n6,"7,7",8,9,10\n11,12,13\n')
    rows = read_with_errors(path)
    assert [tuple(row.values()) for row, _ in rows] == [
        ("1", "2", "3"),
        ("4", "5", None),
        ("6", "7,7", "8,9,10"),
        ("11", "12", "13"),
    ]
    reasons = {number: fault.reason for number, fault in read_row_errors(path).items()}
    assert list(reasons) == [2, 3]
    assert "2 cells where the header has 3" in reasons[2]
    assert "5 cells where the header has 3" in reasons[3]


def test_a_file_of_invalid_rows_only(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "a,b\n" + "1,2,3\n" * 5_000)
    assert len(read_row_errors(path)) == 5_000


def test_a_header_alone_is_a_source_with_no_rows(tmp_path: Path) -> None:
    for content in ("a,b\n", "a,b", '"a",b\r\n\r\n'):
        blocks = list(open_source(write_csv(tmp_path, content)).blocks())
        assert [(len(block), block.names) for block in blocks] == [(0, ("a", "b"))]
        assert {column.type for column in blocks[0].columns.values()} == {pa.string()}


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\r\n\n"])
def test_a_file_without_a_header(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SourceError, match=r"empty|no header"):
        read_rows(write_csv(tmp_path, content))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,b,a,c,b", "more than once: 'a', 'b'"),
        (",", "only blank cells"),
        ("clevertap_row,clevertap_code", "rejects file"),
    ],
)
def test_headers_that_no_mapping_can_use(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_rows(write_csv(tmp_path, f"{header}\n1,2,3,4,5\n"))


def test_a_rejects_file_can_be_loaded_again(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path,
        "id,name,clevertap_row,clevertap_outcome,clevertap_code,clevertap_field,clevertap_reason,clevertap_file\n"
        "1,x,7,invalid,,name,because,people.csv\n2,y\n3,z,8,invalid,,,,people.csv,surplus\n",
    )
    rows = read_with_errors(path)
    assert [row for row, _ in rows] == [
        {"id": "1", "name": "x"},
        {"id": "2", "name": "y"},
        {"id": "3", "name": "z,surplus"},
    ]
    assert [bool(fault) for _, fault in rows] == [False, True, True]


def test_delimiters(tmp_path: Path) -> None:
    assert read_rows(write_csv(tmp_path, "a\tb\n1,5\t2\n", "x.tsv")) == [{"a": "1,5", "b": "2"}]
    semicolons = write_csv(tmp_path, "a;b\n1,5;2\n")
    assert read_rows(CsvSource(semicolons, delimiter=";")) == [{"a": "1,5", "b": "2"}]
    with pytest.raises(SourceError, match="delimiter=';'"):
        read_rows(semicolons)
    assert read_rows(CsvSource(write_csv(tmp_path, "a;b\n1\n"), delimiter=",")) == [{"a;b": "1"}]


def test_a_file_without_a_header_line(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "1,x\n2,y\n")
    assert read_rows(CsvSource(path, header=["id", "name"])) == [{"id": "1", "name": "x"}, {"id": "2", "name": "y"}]


@pytest.mark.parametrize(
    "arguments",
    [
        {"delimiter": ";;"},
        {"delimiter": "\n"},
        {"quote": "«"},
        {"delimiter": '"'},
        {"encoding": "utf-9"},
        {"encoding": "hex"},
        {"header": "a,b"},
    ],
)
def test_arguments_that_cannot_be_used(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        open_source(CsvSource(write_csv(tmp_path, "a\n1\n"), **arguments))


def test_a_row_is_the_header_again_only_if_all_of_its_cells_are(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "id,name,city\nid,name,\nid,Name,city\nid,name,city,\nid,name\nid,name,city\n")
    assert ["header again" in error.reason for error in read_row_errors(path).values()] == [False, False, True]
    assert read_row_errors(CsvSource(write_csv(tmp_path, "id\n1\n"), header=["id"]))[1].reason.startswith("this row is")


def test_blocks_are_bounded_and_the_same_each_time(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "id,text\n" + "".join(f"{number},{'x' * (number % 90)}\n" for number in range(60_000)))
    compressed = write_csv(tmp_path, gzip.compress(path.read_bytes()), "people.csv.gz")
    source = open_source(path, block_rows=1000)
    first, again, other = (
        [(block.first_row, len(block)) for block in opened.blocks()]
        for opened in (source, source, open_source(compressed, block_rows=1000))
    )
    assert first == again == other
    assert max(rows for _, rows in first) == 1000
    assert sum(rows for _, rows in first) == 60_000


def test_progress_goes_from_0_to_1(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "id,text\n" + "1,some text or other\n" * 800_000)
    source = open_source(path)
    assert source.progress() == 0
    shares = [source.progress() for _ in source.blocks()]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert source.progress() == 1
