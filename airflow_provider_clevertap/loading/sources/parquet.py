"""Parquet files as row blocks, with the types the file declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import pyarrow as pa
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import CleverTapError, SourceError
from airflow_provider_clevertap.loading.rows import RowBlock
from airflow_provider_clevertap.loading.sources.arrays import plain, split_columns
from airflow_provider_clevertap.loading.sources.files import SourceFile
from airflow_provider_clevertap.loading.sources.names import check_names, kept

#: How much of each column is read ahead, so that memory does not grow with the row groups of the file.
_COLUMN_BUFFER_BYTES = 1 << 20


class ParquetReader:
    """Read Parquet files as row blocks.

    :param files: the files of the load; the first tells whether rows hold nested values.
    :param block_rows: most rows in a block.
    :raises SourceError: when the first file cannot be read.
    """

    fixed_columns = True

    def __init__(self, files: Sequence[SourceFile], *, block_rows: int) -> None:
        self._block_rows = block_rows
        with closing(_Opened(files[0])) as opened:
            self.nested = any(pa.types.is_nested(field.type) for field in opened.schema)

    def read(self, file: SourceFile) -> Iterator[RowBlock]:
        """Read one file; a file with no rows gives one empty block.

        :raises SourceError: when it cannot be read.
        """
        first_row = 1
        with closing(_Opened(file)) as opened:
            yield _block(file.name, first_row, opened.schema.empty_table(), opened.names)
            for batch in opened.batches(self._block_rows):
                yield _block(file.name, first_row, batch, opened.names)
                first_row += len(batch)


def _block(file: str, first_row: int, batch: pa.RecordBatch | pa.Table, names: tuple[str, ...]) -> RowBlock:
    columns, objects = split_columns({name: plain(batch.column(name)) for name in names})
    return RowBlock(file, first_row, names, columns, objects, row_count=len(batch))


class _Opened:
    """An open Parquet file, with what goes wrong in it told in our words."""

    def __init__(self, file: SourceFile) -> None:
        if file.compression:
            raise SourceError(
                f"{file.name}: a Parquet file compresses its own columns and cannot be read from within another "
                f"compression. Decompress it, and drop {file.compression} from its name."
            )
        if file.size == 0:
            raise SourceError(f"{file.name}: the file is empty (no bytes). Look at what writes it.")
        self._file = file
        self._stream = file.open()
        try:
            self._parquet = parquet.ParquetFile(self._stream, pre_buffer=False, buffer_size=_COLUMN_BUFFER_BYTES)
            self.schema: pa.Schema = self._parquet.schema_arrow
            check_names(self.schema.names, file.name)
        except Exception as error:
            self.close()
            raise self._told(error) from None
        self.names = kept(self.schema.names)

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        batches = self._parquet.iter_batches(batch_size=size, use_threads=False, columns=list(self.names))
        while True:
            try:
                batch = next(batches, None)
            except Exception as error:
                raise self._told(error) from None
            if batch is None:
                return
            yield batch

    def close(self) -> None:
        self._stream.close()

    def _told(self, error: Exception) -> CleverTapError:
        if isinstance(error, CleverTapError):
            return error
        return SourceError(
            f"{self._file.name}: this is not a Parquet file, or a damaged one. Fetch it again; if its name is "
            "wrong, name its format with CsvSource(path) or JsonLinesSource(path)."
        )
