"""The formats of exported files: Parquet, JSON Lines and CSV, each written in parts as rows arrive."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.exporting.columns.arrays import INSTANT, LOCAL_TIME, texts
from airflow_provider_clevertap.loading.rows.conversion import scalar
from airflow_provider_clevertap.storage.written_file import WrittenFile

#: JSON text compresses well at any level; a higher one costs several times the time for a tenth of the size.
_GZIP_LEVEL: Final = 1
#: zlib's window with the header and the end of a gzip file.
_GZIP_WINDOW: Final = 31
#: Characters of a date, after which Arrow writes a blank and ISO a T.
_DATE_LENGTH: Final = len("2026-11-01")
#: Rows that JSON Lines are made of at a time.
_ROWS_AT_A_TIME: Final = 4096
#: Columns whose values rarely repeat: dictionaries of them take a third of the writing time and make files larger.
_DISTINCT: Final = frozenset(
    {"ts", "ts_local", "identity", "object_id", "email", "properties", "profile", "event_summary", "push_token", "name"}
)


class RowWriter(Protocol):
    """Writes tables of one schema to a file."""

    def write(self, rows: pa.Table) -> None:
        """Add rows."""

    def close(self) -> None:
        """Write what is left; the file itself stays open."""

    def drop(self) -> None:
        """Write nothing more: the file is discarded."""


class _Sink:
    """A file as Arrow writes to one."""

    def __init__(self, file: WrittenFile) -> None:
        self._file = file
        self.closed = False
        #: the file is discarded; Arrow's writers still write their ends when they are deleted
        self.dropped = False

    def write(self, data: Any) -> int:
        return len(data) if self.dropped else self._file.write_bytes(memoryview(data))

    def tell(self) -> int:
        return self._file.size

    def flush(self) -> None:
        """Do nothing: the file is synchronised when it is published."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


class ParquetWriter:
    """Writes Parquet, compressed with Zstandard: a row group for each table."""

    def __init__(self, file: WrittenFile, schema: pa.Schema) -> None:
        from pyarrow import parquet

        self._sink = _Sink(file)
        repeated = [name for name in schema.names if name not in _DISTINCT]
        self._writer = parquet.ParquetWriter(self._sink, schema, compression="zstd", use_dictionary=repeated)

    def write(self, rows: pa.Table) -> None:
        """Add a row group."""
        self._writer.write_table(rows, row_group_size=len(rows))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()

    def drop(self) -> None:
        """Write nothing more."""
        self._sink.dropped = True


class JsonLinesWriter:
    """Writes JSON Lines, compressed with gzip. Times are text in ISO form."""

    def __init__(self, file: WrittenFile, schema: pa.Schema) -> None:
        self._file = file
        names = {f"c{index}": name for index, name in enumerate(schema.names)}
        self._row = msgspec.defstruct("Row", [(name, Any) for name in names], rename=names)
        self._encoder = msgspec.json.Encoder()
        self._compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    def write(self, rows: pa.Table) -> None:
        """Add lines."""
        for start in range(0, len(rows), _ROWS_AT_A_TIME):  # as Python objects rows take much memory
            part = rows.slice(start, _ROWS_AT_A_TIME)
            columns = [with_iso_texts(column).to_pylist() for column in part.columns]
            lines = self._encoder.encode_lines([self._row(*values) for values in zip(*columns, strict=True)])
            self._file.write_bytes(self._compressor.compress(lines))

    def close(self) -> None:
        """Write the end of the compressed data."""
        self._file.write_bytes(self._compressor.flush())

    def drop(self) -> None:
        """Do nothing: nothing is written unless asked for."""


class CsvWriter:
    """Writes CSV with a header. Texts are quoted, so that an empty one differs from none; times are in ISO form."""

    def __init__(self, file: WrittenFile, schema: pa.Schema) -> None:
        from pyarrow import csv

        self._schema = pa.schema(
            [(field.name, field.type if _is_plain(field.type) else pa.string()) for field in schema]
        )
        self._sink = _Sink(file)
        self._writer = csv.CSVWriter(self._sink, self._schema)

    def write(self, rows: pa.Table) -> None:
        """Add lines."""
        columns = [_list_texts(with_iso_texts(column)) for column in rows.columns]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

    def drop(self) -> None:
        """Write nothing more."""
        self._sink.dropped = True


#: Makes the writer of a file.
MakeWriter: TypeAlias = Callable[[WrittenFile, pa.Schema], RowWriter]
#: The formats by name: the extension of a file, and its writer.
FORMATS: Final[Mapping[str, tuple[str, MakeWriter]]] = {
    "parquet": ("parquet", ParquetWriter),
    "jsonl": ("jsonl.gz", JsonLinesWriter),
    "csv": ("csv", CsvWriter),
}


def with_iso_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of times as text: ``2026-11-01T08:34:16Z`` for instants, without ``Z`` for local times."""
    if not _is_time(column.type):
        return column
    # strftime takes twenty times as long
    text = column.cast(LOCAL_TIME).cast(pa.timestamp("s")).cast(pa.string())
    text = pc.binary_replace_slice(text, start=_DATE_LENGTH, stop=_DATE_LENGTH + 1, replacement="T")
    return pc.binary_join_element_wise(text, scalar("Z"), scalar("")) if column.type == INSTANT else text


def _list_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of lists as JSON text: CSV has no lists."""
    if not pa.types.is_list(column.type):
        return column
    return texts([None if value is None else msgspec.json.encode(value).decode() for value in column.to_pylist()])


def _is_plain(kind: pa.DataType) -> bool:
    return not _is_time(kind) and not pa.types.is_list(kind)


def _is_time(kind: pa.DataType) -> bool:
    return kind in (INSTANT, LOCAL_TIME)


def described(schema: pa.Schema) -> dict[str, str]:
    """Return the names and types of columns, as a manifest has them."""
    return {field.name: str(field.type) for field in schema}


def concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables of one schema as one."""
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables)
