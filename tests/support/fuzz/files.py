"""Files of CSV and of lines of JSON."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import OUTCOME_COLUMNS
from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.json_lines import JsonLinesReader
from tests.support.fuzz.pieces import ANY_JSON, pieces


def file_of(content: bytes, extension: str) -> SourceFile:
    return SourceFile(f"fuzz{extension}", extension, "", len(content), lambda: io.BytesIO(content))


def _rows(reader: Any, content: bytes, extension: str) -> tuple[list[Any], str]:
    """Read everything; return the rows with their errors, and what stopped the reading."""
    rows: list[Any] = []
    try:
        for block in reader.read(file_of(content, extension)):
            assert block.first_row == len(rows) + 1
            faults = [block.row_errors.get(index) for index in range(len(block))]
            rows += zip(block.rows(range(len(block))), faults, strict=True)
    except SourceError as error:
        return rows, str(error)
    return rows, ""


_HEADER = ",".join(OUTCOME_COLUMNS)
CSV = st.tuples(
    st.sampled_from([b"a,b\n", b"a\n", b'"a","b ""c"""\r\n', f"a,{_HEADER}\n".encode(), "\ufeffé,b\r".encode(), b""]),
    pieces(
        *[",", '"', '""', "\n", "\r", "\r\n", "a", "1", "é", "\ufeff", "\0", "'=", ";", "\t", ' "', ",,,,"],
        *["\\", '\\"', "\\\n", "#", "\n#", "a,b\n"],
    ),
    st.fixed_dictionaries(
        {"quote": st.sampled_from(['"', "'", None])},
        optional={
            "escape": st.sampled_from(["\\", "^"]),
            "comment": st.just("#"),
            "skip_rows": st.integers(0, 3),
            "header_row": st.integers(1, 3),
        },
    ),
    st.sampled_from([1, 2, 3, 5, 16]),
)


def read_csv(example: tuple[bytes, bytes, dict[str, Any], int]) -> int:
    header, body, options, chunk_bytes = example
    found = []
    for size in (chunk_bytes, 1 << 20):
        reader = CsvReader(delimiter=",", **options, encoding="utf-8", header=None, block_rows=3, chunk_bytes=size)
        found.append(_rows(reader, header + body, ".csv"))
    (some, stopped), (same, stopped_too) = found
    assert bool(stopped) == bool(stopped_too)
    # of a record that never ends, only the message shows how much of it was read
    assert [row for row, _ in some] == [row for row, _ in same]
    return len(found)


_JSON_LINE = ANY_JSON.map(lambda value: json.dumps(value).encode() + b"\n") | pieces(
    '{"a":', '"b"', "{", "}", "[", "]", ",", ":", "1", "null", "\n", '"', "\\u00", "\\ud800", "1e999", "9" * 40, "\r",
    " ",    '{"a":1,"a" :2}\n', '{"":1}\n', "[" * 40, max_size=12,
)  # fmt: skip
JSON_LINES = st.lists(_JSON_LINE, max_size=6).map(b"".join)


def read_json_lines(content: bytes) -> int:
    (some, stopped), (same, stopped_too) = (
        _rows(JsonLinesReader(encoding="utf-8", block_rows=rows), content, ".jsonl") for rows in (2, 1000)
    )
    assert stopped == stopped_too
    assert len(some) == len(same)
    assert [fault for _, fault in some] == [fault for _, fault in same]
    return 2
