"""Rows of the files that CleverTap writes into a bucket, for loads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pyarrow as pa

from airflow_provider_clevertap.exported.cloud.files import named_files, read_files
from airflow_provider_clevertap.loading.rows.arrays import make_block
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.plain.arrow_columns import simplify
from airflow_provider_clevertap.locations import location_name
from airflow_provider_clevertap.sources import CloudExportSource


class CloudExportRows:
    """The rows of files of a cloud export, one file after the other.

    :param source: what the user has written.
    :raises SourceError: when there are no such files.
    """

    fixed_columns = False
    nested = False

    def __init__(self, source: CloudExportSource) -> None:
        self._source = source
        self._files = named_files(source.path)
        self._read = 0
        self.many_files = len(self._files) > 1

    @property
    def name(self) -> str:
        """The files as the user named them, without credentials."""
        path = self._source.path
        return f"{location_name(path[0] if isinstance(path, list | tuple) else path)} ({len(self._files)} files)"

    def blocks(self) -> Iterator[RowBlock]:
        """Read all files, in blocks of bounded size.

        :raises SourceError: when a file cannot be read.
        """
        last, first_row = "", 1
        tables = read_files(self._files, timezone=self._source.timezone, include=self._source.include)
        for number, (file, table) in enumerate(tables):
            if file.path != last:
                last, first_row = file.path, 1
                self._read = self._files.index(file)
            if len(table) or not number:
                yield _block(file.path, first_row, table)
            first_row += len(table)

    def fingerprint(self) -> str:
        """Return a short text that changes when a file or an option changes."""
        files = [[file.path, file.size, file.changed] for file in self._files]
        return hashlib.sha256(json.dumps([self._source.options(), files]).encode()).hexdigest()[:20]

    def is_large(self) -> bool:
        """Return ``False``: how many rows are in a file is known only when it has been read."""
        return False

    def progress(self) -> float | None:
        """Return the share of the files read so far."""
        return self._read / len(self._files)


def _block(file: str, first_row: int, table: pa.Table) -> RowBlock:
    names = tuple(table.column_names)
    return make_block(names, lambda name: simplify(table.column(name)), rows=len(table), first_row=first_row, file=file)
