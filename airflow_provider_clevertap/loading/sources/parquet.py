"""Read Parquet files as row blocks, with the types the file declares."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import CleverTapError, SourceError
from airflow_provider_clevertap.loading.rows.arrays import Column, make_block
from airflow_provider_clevertap.loading.rows.block import BLOCK_BYTES, BLOCK_ROWS, MAX_ROW_BYTES, RowBlock
from airflow_provider_clevertap.loading.rows.conversion import numpy_from_array, scalar
from airflow_provider_clevertap.loading.rows.plain.arrow_columns import simplify
from airflow_provider_clevertap.loading.sources.column_names import (
    check_names,
    name_error,
    names_in_schema,
    usable_names,
    with_visible_names,
)
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile

#: How much of each column is buffered, so that memory does not grow with the size of the row groups.
_COLUMN_BUFFER_BYTES = 1 << 20
#: The same when only the first page of a column is read.
_PAGE_BUFFER_BYTES = 1 << 16
#: A longer text in a dictionary makes a block too large if every row refers to it.
_MAX_SHARED_TEXT_BYTES = BLOCK_BYTES // BLOCK_ROWS
#: Arrow's own choice, nanoseconds, holds the years 1677 to 2262 only, and other dates become dates of these years.
_INT96_UNIT = "us"
_TEXT_TYPES = (pa.string(), pa.binary(), pa.large_string())


class ParquetReader:
    """Reads Parquet files as row blocks.

    :param files: the files of the load; the schema of the first shows whether rows have nested values.
    :param block_rows: maximum number of rows in a block.
    :raises SourceError: when the first file cannot be read.
    """

    fixed_columns = True

    def __init__(self, files: Sequence[SourceFile], *, block_rows: int) -> None:
        self._block_rows = block_rows
        with closing(_OpenFile(files[0])) as opened:
            self.nested = any(pa.types.is_nested(field.type) for field in opened.schema)

    def read(self, file: SourceFile) -> Iterator[RowBlock]:
        """Read one file; a file without rows returns one empty block.

        :raises SourceError: when it cannot be read.
        """
        first_row = 1
        with closing(_OpenFile(file)) as opened:
            yield with_visible_names(_block(file.name, first_row, _no_rows(opened.schema), opened.names))
            for batch in opened.batches(self._block_rows):
                for part in _split_long(batch):
                    yield with_visible_names(_block(file.name, first_row, part, opened.names))
                    first_row += len(part)


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch without rows; ``schema.empty_table()`` would import pandas."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def _block(file: str, first_row: int, batch: pa.RecordBatch | pa.Table, names: tuple[str, ...]) -> RowBlock:
    def column(name: str) -> Column:
        return simplify(batch.column(name), batch.schema.field(name).metadata)

    return make_block(names, column, rows=len(batch), first_row=first_row, file=file)


def _split_long(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Split a batch whose values are long: a dictionary holds a text once, and every row may refer to it."""
    sizes = np.zeros(len(batch), np.int64)
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and _max_length(column.dictionary) * len(batch) > BLOCK_BYTES:
            lengths = _lengths(column.dictionary).take(column.indices)
            sizes += numpy_from_array(pc.fill_null(lengths, scalar(0, lengths.type)))
    start = 0
    ends = np.cumsum(sizes)
    while start < len(batch):
        before = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, before + BLOCK_BYTES, side="right")), start + 1)
        yield batch.slice(start, stop - start)
        start = stop


def _lengths(values: pa.Array) -> pa.Array:
    try:
        return pc.binary_length(values)
    except pa.ArrowNotImplementedError:  # numbers and the like
        return pa.nulls(len(values), pa.int32())


def _max_length(values: pa.Array) -> int:
    return int(pc.max(_lengths(values)).as_py() or 0)


def _row_bytes(file: parquet.FileMetaData) -> int:
    """Return the mean size of a row in the row group with the longest rows, at least 1."""
    groups = map(file.row_group, range(file.num_row_groups))
    return max((group.total_byte_size // group.num_rows for group in groups if group.num_rows), default=1) or 1


def _group_runs(file: parquet.FileMetaData) -> Iterator[list[int]]:
    """Return runs of row groups that fill a block: some writers make many small groups."""
    run: list[int] = []
    rows = 0
    for group in range(file.num_row_groups):
        run.append(group)
        rows += file.row_group(group).num_rows
        if rows >= BLOCK_ROWS:
            yield run
            run, rows = [], 0
    if run:
        yield run


def _dictionary_columns(group: parquet.RowGroupMetaData, schema: pa.Schema) -> list[str]:
    """Return the text columns whose dictionary may hold a text that makes a block too large."""
    columns = map(group.column, range(group.num_columns))
    return [
        column.path_in_schema
        for column in columns
        if column.physical_type == "BYTE_ARRAY"
        and column.has_dictionary_page
        and column.total_uncompressed_size > _MAX_SHARED_TEXT_BYTES
        and "." not in column.path_in_schema
        and schema.field(column.path_in_schema).type in _TEXT_TYPES
    ]


class _OpenFile:
    """An open Parquet file; errors of the parser are translated."""

    def __init__(self, file: SourceFile) -> None:
        if file.compression:
            raise SourceError(
                f"{file.name}: a Parquet file compresses its own columns, and cannot be read if it is compressed "
                f"again. Decompress it, and remove {file.compression} from its name."
            )
        if file.size == 0:
            raise SourceError(f"{file.name}: the file is empty (no bytes). Check what writes it.")
        self._file = file
        # A buffer has its full size from the start, and there is one for each column.
        self._buffer_bytes = _COLUMN_BUFFER_BYTES if file.size is None else min(file.size, _COLUMN_BUFFER_BYTES)
        self._stream = file.open()
        try:
            self._parquet = parquet.ParquetFile(
                self._stream,
                pre_buffer=False,
                buffer_size=self._buffer_bytes,
                coerce_int96_timestamp_unit=_INT96_UNIT,
            )
            self.schema: pa.Schema = self._parquet.schema_arrow
            self._row_bytes = _row_bytes(self._parquet.metadata)
            if self._row_bytes > MAX_ROW_BYTES:
                raise SourceError(
                    f"{file.name}: there are rows of more than {MAX_ROW_BYTES:,} bytes. Leave out the column with "
                    "these values."
                )
            check_names(names_in_schema(self.schema, file.name), file.name)
        except Exception as error:
            self.close()
            raise self._translate(error) from None
        self.names = usable_names(self.schema.names)

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Read the rows, at most this many at a time."""
        # Memory for this many rows is reserved, even where there are fewer.
        rows = max(min(size, BLOCK_BYTES // self._row_bytes, self._parquet.metadata.num_rows), 1)
        try:
            for groups in _group_runs(self._parquet.metadata):
                file = self._with_dictionaries(self._columns_with_long_texts(groups))
                yield from file.iter_batches(rows, groups, list(self.names), use_threads=False)
        except Exception as error:
            raise self._translate(error) from None

    def _columns_with_long_texts(self, groups: Sequence[int]) -> set[str]:
        """Return the columns with long texts in a dictionary: expanding these could exceed the memory of a block."""
        columns: set[str] = set()
        bytes_read = self._file.bytes_read
        for group in groups:
            names = _dictionary_columns(self._parquet.metadata.row_group(group), self.schema)
            if names:
                # Reading the first row of a group loads its dictionaries. The file's footer has no size of them.
                file = self._with_dictionaries(names, _PAGE_BUFFER_BYTES)
                first = next(file.iter_batches(1, [group], names, use_threads=False))
                columns.update(
                    name for name in names if _max_length(first.column(name).dictionary) > _MAX_SHARED_TEXT_BYTES
                )
        # These bytes are read again later, so they do not count as progress.
        self._file.bytes_read = bytes_read
        return columns

    def _with_dictionaries(self, names: Collection[str], buffer_bytes: int | None = None) -> parquet.ParquetFile:
        """Return the file, with some columns read as dictionaries, which is slow for many distinct texts."""
        if not names:
            return self._parquet
        return parquet.ParquetFile(
            self._stream,
            metadata=self._parquet.metadata,
            read_dictionary=sorted(names),
            pre_buffer=False,
            buffer_size=buffer_bytes or self._buffer_bytes,
            coerce_int96_timestamp_unit=_INT96_UNIT,
        )

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, CleverTapError | MemoryError):
            return error
        if isinstance(error, UnicodeDecodeError):  # Arrow opens no file with such a name, also of a nested field
            return name_error(self._file.name)
        return SourceError(
            f"{self._file.name}: this is not a Parquet file, or a damaged one. Fetch it again. If it has another "
            "format, use CsvSource(path) or JsonLinesSource(path)."
        )
