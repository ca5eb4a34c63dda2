"""Write a file, and read a whole source as rows, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS, RowError
from airflow_provider_clevertap.loading.sources.open import open_source


def read_rows(source: Any, **options: Any) -> list[dict[str, Any]]:
    """Return every row, and check the invariants of the blocks."""
    return [row for row, _ in read_with_errors(source, **options)]


def read_row_errors(source: Any, **options: Any) -> dict[int, RowError]:
    """Return the errors of invalid rows, by row number."""
    rows = enumerate(read_with_errors(source, **options), 1)
    return {number: error for number, (_, error) in rows if error is not None}


def read_with_errors(source: Any, **options: Any) -> list[tuple[dict[str, Any], RowError | None]]:
    opened = open_source(source, **options)
    rows: list[tuple[dict[str, Any], RowError | None]] = []
    next_row: dict[str, int] = {}
    for block in opened.blocks():
        assert block.first_row == next_row.get(block.file, 1)
        assert set(block.names) == set(block.columns) | set(block.objects)
        assert all(len(column) == len(block) for column in (*block.columns.values(), *block.objects.values()))
        assert all(0 <= index < len(block) for index in block.row_errors)
        assert len(block) <= options.get("block_rows", BLOCK_ROWS)
        next_row[block.file] = block.first_row + len(block)
        rows += [(row, block.row_errors.get(index)) for index, row in enumerate(block.rows(range(len(block))))]
    return rows


def count_rows(source: Any) -> int:
    """Return the number of rows, without reading a cell."""
    return sum(len(block) for block in open_source(source).blocks())


def write_csv(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    """Write a file as it is given; return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zst(data: bytes) -> bytes:
    """Return data compressed with Zstandard."""
    return bytes(pa.compress(data, codec="zstd", asbytes=True))
