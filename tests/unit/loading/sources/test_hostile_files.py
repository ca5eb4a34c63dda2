"""Files made to exhaust memory: the result is rows, row errors or a clear error, within bounded memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.column_names import MAX_COLUMNS
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.source_reading import read_row_errors, read_rows, read_with_errors

MB = 1 << 20
#: Reads each file in a process of its own, forked so that the imports are paid once.
DRAIN = """
import json, os, resource, sys
import pandas, pyarrow.compute, pyarrow.parquet
from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
before, rows, row_errors, message = peak(), 0, 0, ""
try:
    for block in open_source(sys.argv[1]).blocks():
        rows += len(block)
        row_errors += len(block.row_errors)
except SourceError as error:
    message = str(error)
print(json.dumps([rows, row_errors, message, peak() - before]))
"""


class Drained(NamedTuple):
    rows: int
    row_errors: int
    message: str
    megabytes: int


def drain(path: Path) -> Drained:
    done = subprocess.run([sys.executable, "-c", DRAIN, path], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return Drained(*json.loads(done.stdout))


def bomb(path: Path, head: bytes, piece: bytes, times: int) -> Path:
    """Write a compressed file that contains a piece of 4 MB many times."""
    pack: Callable[[bytes], bytes] = gzip.compress
    if path.suffix == ".zst":
        pack = lambda data: bytes(pa.compress(data, codec="zstd", asbytes=True))  # noqa: E731
    piece = piece * (4 * MB // len(piece))
    path.write_bytes(pack(head) + pack(piece) * times)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "head", "piece", "times", "most"),
    [
        ("people.csv.gz", b"id,name\n", b"1," + b"a" * 1022 + b"\n", 48, 140),
        ("people.csv.zst", b"id,name\n", b"1," + b"a" * 1022 + b"\n", 48, 140),
        ("people.jsonl.gz", b'{"id":0}\n', b'{"id":"' + b"a" * 1015 + b'"}\n', 128, 400),
        ("people.jsonl.zst", b'{"id":0}\n', b'{"id":"' + b"a" * (MB - 10) + b'"}\n', 128, 400),
        ("blank.csv.gz", b"id,name\n", b"\n", 48, 140),
    ],
    ids=["csv.gz", "csv.zst", "jsonl.gz", "jsonl.zst", "blank lines"],
)
def test_memory_is_flat_whatever_the_compression(
    tmp_path: Path, name: str, head: bytes, piece: bytes, times: int, most: int
) -> None:
    path = bomb(tmp_path / name, head, piece, times)
    assert path.stat().st_size < 4 * MB * times / 120
    drained = drain(path)
    assert not drained.message
    assert drained.rows == (0 if piece == b"\n" else 4 * MB // len(piece) * times + (".jsonl" in name))
    assert drained.megabytes < most < 4 * times


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "head", "piece", "message"),
    [
        ("line.csv.gz", b"id,name\n1,", b"a", "row 1 has no end within"),
        ("commas.csv.gz", b"id,name\n1,", b",", "row 1 has no end within"),
        ("quotes.csv.gz", b"id,name\n1,", b'"', "row 1 has no end within"),
        ("pairs.csv.gz", b"id,name\n1,", b'",', "a quote opened in row 1 is never closed"),
        ("open.csv.gz", b'id,name\n1,"', b"a\n", "a quote opened in row 1 is never closed"),
        ("header.csv.gz", b"id,", b"a", "the header has no end within"),
        ("columns.csv.gz", b"id,", b"a,", "the header has no end within"),
        ("line.jsonl.gz", b'{"a":"', b"a", "row 1 has no end within"),
        ("deep.jsonl.gz", b'{"a":', b"[", "row 1 has no end within"),
    ],
)
def test_a_row_without_end_is_an_error_in_bounded_memory(
    tmp_path: Path, name: str, head: bytes, piece: bytes, message: str
) -> None:
    drained = drain(bomb(tmp_path / name, head, piece, 64))
    assert drained.rows == 0
    assert message in drained.message
    # a quote in every byte is the worst there is
    assert drained.megabytes < (600 if b'"' in piece else 200)


def test_a_header_of_a_hundred_thousand_columns(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{n}" for n in range(100_000)) + "\n")
    with pytest.raises(SourceError, match="more than 16,384 columns"):
        read_rows(path)
    path.write_text(",".join(f"c{n}" for n in range(MAX_COLUMNS)) + "\n" + "," * (MAX_COLUMNS - 2) + "x,y\n")
    (row,) = read_rows(path)
    assert row[f"c{MAX_COLUMNS - 1}"] == "y"


@pytest.mark.slow
def test_a_row_of_millions_of_cells_is_one_invalid_row(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_bytes(b"id,name\n1,x\n" + b"," * (10 * MB) + b"\n" + b"\xff," * (2 * MB) + b"\n2,y\n")
    drained = drain(path)
    assert (drained.rows, drained.row_errors, drained.message) == (4, 2, "")
    assert drained.megabytes < 300
    rows = read_with_errors(path)
    assert rows[3] == ({"id": "2", "name": "y"}, None)
    fault = rows[1][1]
    assert fault is not None
    assert fault.reason.startswith("the row has 10485761 cells where the header has 2")
    assert fault.text == "," * (10 * MB)


@pytest.mark.slow
def test_lines_that_all_have_different_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    path.write_text("".join(f'{{"k{n}":{n}}}\n' for n in range(4_100)))
    drained = drain(path)
    assert (drained.rows, drained.row_errors, drained.message) == (4_100, 0, "")
    assert drained.megabytes < 200
    assert [block.first_row for block in open_source(path).blocks()] == [1, 2049, 4097]


def test_a_line_of_too_many_keys(tmp_path: Path) -> None:
    path = tmp_path / "wide.jsonl"
    path.write_text("{" + ",".join(f'"k{n}":1' for n in range(MAX_COLUMNS + 1)) + '}\n{"id":1}\n')
    assert "more than 16,384 keys" in read_row_errors(path)[1].reason


@pytest.mark.parametrize("depth", [33, 500, 990, 1_000, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('{"a": ', "}"), ('[{"a":', "}]")])
def test_a_deeply_nested_line_is_one_invalid_row(tmp_path: Path, depth: int, opening: str, closing: str) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text('{"a":' + opening * depth + "1" + closing * depth + '}\n{"id":"[[[[[{{{{{"}\n')
    rows = read_with_errors(path)
    assert rows[1] == ({"id": "[[[[[{{{{{"}, None)
    fault = rows[0][1]
    assert fault is not None
    assert "nested too deeply" in fault.reason


def test_brackets_in_a_text_are_not_nesting(tmp_path: Path) -> None:
    path = tmp_path / "brackets.jsonl"
    path.write_text(json.dumps({"a": "[" * 1_000, "b": [[[1]]], "c": [{}] * 100}) + "\n")
    assert read_rows(path) == [{"a": "[" * 1_000, "b": [[[1]]], "c": [{}] * 100}]


@pytest.mark.parametrize("number", ["1" * 4301, "1" * MB, "1e999", "1e" + "9" * 1_000, "-" + "1" * MB])
def test_a_number_out_of_range_is_one_invalid_row(tmp_path: Path, number: str) -> None:
    path = tmp_path / "numbers.jsonl"
    path.write_text(f'{{"a":{number}}}\n{{"id":1}}\n')
    assert list(read_row_errors(path)) == [1]


@pytest.mark.slow
@pytest.mark.parametrize("stored_as", ["dictionary", "text", "binary"])
def test_a_parquet_file_that_names_one_long_text_in_every_row(tmp_path: Path, stored_as: str) -> None:
    path = tmp_path / "people.parquet"
    rows, long = 20_000, "x" * MB
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([long]))
    with parquet.ParquetWriter(path, pa.schema({"t": shared.type}), store_schema=stored_as == "dictionary") as writer:
        writer.write_table(pa.table({"t": shared}))
    drained = drain(path)
    assert path.stat().st_size < MB
    assert (drained.rows, drained.message) == (rows, "")
    assert drained.megabytes < 300


@pytest.mark.slow
def test_a_parquet_file_of_long_texts(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    table = pa.table({"t": ["x" * MB] * 50})
    with parquet.ParquetWriter(path, table.schema, compression="zstd", use_dictionary=False) as writer:
        for _ in range(20):
            writer.write_table(table)
    drained = drain(path)
    assert (drained.rows, drained.message) == (1_000, "")
    assert drained.megabytes < 600


def test_a_parquet_file_with_one_cell_of_many_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    parquet.write_table(pa.table({"t": ["x" * (17 * MB)]}), path, compression="zstd", use_dictionary=False)
    with pytest.raises(SourceError, match="there are rows of more than 16,777,216 bytes"):
        read_rows(path)


def test_texts_in_a_dictionary_are_read_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    texts = ["a" * 2_000, "", None, "é" * 999, "b"] * 1_000
    table = pa.table({"t": texts, "u": pa.array(texts, pa.large_string()), "b": [t and t.encode() for t in texts]})
    parquet.write_table(table, path)
    expected = [{"t": text, "u": text, "b": text if text is None else text.encode()} for text in texts]
    assert read_rows(path, block_rows=4_000) == expected
