"""The files of the partitions that one walk fills: rows are collected, and written in parts of a useful size.

A walk may return the days of a month in any order, so that many files are open at once. What all of them have collected
is limited together; beyond the limit the largest collection is written.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Final

import pyarrow as pa

from airflow_provider_clevertap.exported.layout import data_file_name
from airflow_provider_clevertap.exported.manifests import ExportedFile
from airflow_provider_clevertap.exporting.files.formats import FORMATS, MakeWriter, concatenated
from airflow_provider_clevertap.storage.directory import Directory
from airflow_provider_clevertap.storage.errors import storage_errors
from airflow_provider_clevertap.storage.files import AtomicFile

#: Rows and bytes of a part, such as a row group of Parquet: it ends at what comes first.
_PART_ROWS: Final = 1 << 16
_PART_BYTES: Final = 8 << 20
#: Bytes that one walk collects at most, over all of its partitions.
_MAX_COLLECTED_BYTES: Final = 16 << 20


class PartitionFiles:
    """Collects the rows of one partition in files.

    :param directory: where they go.
    :param schema: the columns.
    :param file_format: a key of ``FORMATS``.
    :param max_rows: the maximum number of rows in a file.
    :param run: see ``layout.data_file_name``.
    :param attempt: see ``layout.data_file_name``.
    """

    def __init__(
        self, directory: Directory, schema: pa.Schema, *, file_format: str, max_rows: int, run: str, attempt: str
    ) -> None:
        self._directory = directory
        self.schema = schema
        self.file_format = file_format
        self._extension, self._make_writer = FORMATS[file_format]
        self._max_rows = max_rows
        self._names = (run, attempt)
        self._tables: list[pa.Table] = []
        self._collected_rows = 0
        #: bytes that are collected and not written yet
        self.collected_bytes = 0
        self.rows = 0
        self._open: _OpenFile | None = None
        self._finished: list[_OpenFile] = []

    def add(self, rows: pa.Table) -> None:
        """Add rows; they are written now or later.

        :raises StorageUnavailableError: when the storage fails, for example because a disk is full.
        """
        self._tables.append(rows)
        self._collected_rows += len(rows)
        self.collected_bytes += rows.nbytes
        self.rows += len(rows)
        if self._collected_rows >= _PART_ROWS or self.collected_bytes >= _PART_BYTES:
            self.write_collected()

    def write_collected(self) -> None:
        """Write what is collected.

        :raises StorageUnavailableError: when the storage fails.
        """
        if not self._tables:
            return
        rows = concatenated(self._tables)
        self._tables, self._collected_rows, self.collected_bytes = [], 0, 0
        while len(rows):
            if self._open is None:
                number = len(self._finished)
                name = data_file_name(*self._names, number, self._extension)
                self._open = _OpenFile(name, self._directory.file(name), self._make_writer, self.schema)
            part = rows.slice(0, min(self._max_rows - self._open.rows, _PART_ROWS))
            self._open.write(part)
            rows = rows.slice(len(part))
            if self._open.rows >= self._max_rows:
                self._close()
        pa.default_memory_pool().release_unused()  # else what the largest parts needed stays with the process

    def finish(self) -> None:
        """Write everything; the files have no final names yet.

        :raises StorageUnavailableError: when the storage fails.
        """
        self.write_collected()
        if self._open is not None:
            self._close()

    def publish(self) -> list[ExportedFile]:
        """Move the finished files to their final names, and return them. No manifest names them yet.

        :raises StorageUnavailableError: when the storage fails. May be called again.
        """
        return [file.publish() for file in self._finished]

    def discard_unpublished(self) -> None:
        """Remove the files that have no final names yet."""
        for file in self._finished:
            file.discard(published=False)

    def discard(self) -> None:
        """Remove all files, published or not."""
        for file in [*self._finished, *filter(None, [self._open])]:
            file.discard()
        self._tables, self._finished, self._open = [], [], None

    def _close(self) -> None:
        assert self._open is not None  # noqa: S101 - for the type checker
        self._open.close()
        self._finished.append(self._open)
        self._open = None


class _OpenFile:
    """One file of rows."""

    def __init__(self, name: str, file: AtomicFile, make_writer: MakeWriter, schema: pa.Schema) -> None:
        self.name = name
        self.rows = 0
        self._file = file
        self._written = file.open()
        self._published: ExportedFile | None = None
        try:
            with storage_errors(file.name):
                self._writer = make_writer(self._written, schema)
        except BaseException:
            file.discard()
            raise

    def write(self, rows: pa.Table) -> None:
        with storage_errors(self._file.name):
            self._writer.write(rows)
        self.rows += len(rows)

    def close(self) -> None:
        with storage_errors(self._file.name):
            self._writer.close()

    def publish(self) -> ExportedFile:
        if self._published is None:
            size = self._written.size
            self._file.publish()
            self._published = ExportedFile(name=self.name, rows=self.rows, bytes=size)
        return self._published

    def discard(self, *, published: bool = True) -> None:
        self._writer.drop()
        self._file.discard()
        if published and self._published is not None:
            with suppress(Exception):  # what stays is removed by the next replacement of the partition
                self._file.remove()


class WalkFiles:
    """The files of all partitions of one walk, with a common limit of what is collected.

    :param partitions: the files by partition.
    """

    def __init__(self, partitions: dict[date, PartitionFiles]) -> None:
        self._partitions = partitions

    def add(self, key: date, rows: pa.Table) -> None:
        """Add rows to a partition.

        :raises StorageUnavailableError: when the storage fails.
        """
        self._partitions[key].add(rows)
        while sum(files.collected_bytes for files in self._partitions.values()) > _MAX_COLLECTED_BYTES:
            max(self._partitions.values(), key=lambda files: files.collected_bytes).write_collected()

    def finish(self) -> None:
        """Write everything.

        :raises StorageUnavailableError: when the storage fails.
        """
        for files in self._partitions.values():
            files.finish()

    def discard(self) -> None:
        """Remove all files."""
        for files in self._partitions.values():
            files.discard()
