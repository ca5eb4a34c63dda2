"""Write a data file, unless it exists: ``python -m benchmarks.data.files DIRECTORY DATASET ROWS csv``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.data import DATASETS, Dataset, data_file
from benchmarks.data.pieces import CHUNK_ROWS, Chunk


def tables(dataset: Dataset, rows: int) -> Iterator[Any]:
    """Yield the rows in Arrow tables of limited size."""
    import pyarrow as pa

    for first in range(1, rows + 1, CHUNK_ROWS):
        chunk = Chunk.of(first, min(CHUNK_ROWS, rows + 1 - first))
        yield pa.table(dataset.make(chunk, dataset.dirt))


def write_csv(path: Path, dataset: Dataset, rows: int) -> None:
    with path.open("wb") as file:
        for number, table in enumerate(tables(dataset, rows)):
            if not number:
                file.write(",".join(table.column_names).encode() + b"\n")
            file.write(_csv_text(table))


def write_parquet(path: Path, dataset: Dataset, rows: int) -> None:
    """Write the file with pandas and its defaults; all rows are held in memory."""
    import pyarrow as pa

    pa.concat_tables(tables(dataset, rows)).to_pandas().to_parquet(path)


def write_json_lines(path: Path, dataset: Dataset, rows: int) -> None:
    """Write one object for each row; empty cells are left out."""
    import msgspec

    encode = msgspec.json.Encoder().encode_lines
    with path.open("wb") as file:
        for table in tables(dataset, rows):
            file.write(encode([_filled(row) for row in table.to_pylist()]))


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _filled(value) if isinstance(value, dict) else value for name, value in row.items() if value is not None
    }


def _csv_text(table: Any) -> bytes:
    import pyarrow.compute as pc

    cells = [_quoted(column) for column in table.columns]
    lines = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    return ("\n".join(lines.to_pylist()) + "\n").encode()


def _quoted(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = column.cast(pa.string())
    needs_quotes = pc.match_substring_regex(cells, '[",]')
    if not pc.any(needs_quotes).as_py():
        return cells
    return pc.if_else(
        needs_quotes, pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', ""), cells
    )


WRITERS: dict[str, Callable[[Path, Dataset, int], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "jsonl": write_json_lines,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("rows", type=int)
    parser.add_argument("extension", choices=WRITERS)
    arguments = parser.parse_args()
    path = data_file(arguments.directory, arguments.dataset, arguments.rows, arguments.extension)
    if path.exists():
        return
    arguments.directory.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    WRITERS[arguments.extension](unfinished, DATASETS[arguments.dataset], arguments.rows)
    unfinished.rename(path)


if __name__ == "__main__":
    main()
