"""Several files of one format as one source of rows."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Final, Protocol

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import OUTCOME_COLUMNS
from airflow_provider_clevertap.loading.rows.block import RowBlock, conversion_errors, rows_of
from airflow_provider_clevertap.loading.sources.column_names import check_same_names
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.storage.file_identity import same_file

#: How much of a first line is read: enough for the widest header a CSV file may have.
_MAX_FIRST_LINE_BYTES: Final = 16 * 1024 * 1024
#: Stored bytes that make several blocks, unless rows are very long.
_LARGE_BYTES: Final = 16 * 1024 * 1024


class FileReader(Protocol):
    """Reads files of one format."""

    fixed_columns: bool
    nested: bool

    def read(self, file: SourceFile) -> Iterator[RowBlock]:
        """Read one file from its start, with row numbers from 1. The first block is empty and has the columns."""


class FilesSource:
    """Files of one format, one after the other.

    :param location_name: the files as the user named them, without credentials.
    :param files: the files in the order to read them.
    :param reader: reads one file.
    :param options: the format options the user set, as text; a part of the fingerprint.
    """

    def __init__(self, location_name: str, files: Sequence[SourceFile], reader: FileReader, options: str = "") -> None:
        self.location_name = location_name
        self._options = options
        self._files = files
        self._reader = reader
        self.fixed_columns = reader.fixed_columns
        self.nested = reader.nested
        self.many_files = len(files) > 1

    @property
    def name(self) -> str:
        """The files as the user named them, without credentials."""
        return self.location_name if not self.many_files else f"{self.location_name} ({len(self._files)} files)"

    def exclude_outputs(self, outputs: Mapping[str, Any], log: logging.Logger) -> None:
        """Check that the load writes no file that it reads.

        One case is allowed: a glob has matched a rejects file of this package at the load's own ``rejects_path``, from
        an earlier run. That file is left out of the source.

        :param outputs: locations the load writes to, by the name of the option.
        :param log: gets a line for each file left out.
        :raises ConfigurationError: when a file would be overwritten.
        :raises SourceError: when nothing else is left to read.
        """
        remaining = []
        written = {name: location for name, location in outputs.items() if location is not None}
        for file in self._files:
            option = next(
                (
                    name
                    for name, location in written.items()
                    if same_file(file.storage, file.path, location, is_local=file.is_local)
                ),
                None,
            )
            if option is None:
                remaining.append(file)
            elif option == "rejects_path" and file.is_match and _has_added_columns(file):
                log.info("%s is this load's own rejects file: it is left out of the source", file.name)
            else:
                raise ConfigurationError(
                    f"{option} is {written[option]}, and this load reads that file ({file.name}): it would be "
                    f"overwritten. Set another {option}, or leave it out for the default path."
                )
        if not remaining:
            raise SourceError(
                f"{self.location_name}: the only file is a rejects file of an earlier load. Check the path."
            )
        self._files = remaining
        self.many_files = len(remaining) > 1

    def blocks(self) -> Iterator[RowBlock]:
        """Read all files in order, in blocks of bounded size; each call returns the same blocks.

        :raises SourceError: when a file cannot be read, or its columns differ from the first file's.
        """
        for file in self._files:
            file.bytes_read = 0
        first: RowBlock | None = None
        has_rows = False
        for file in self._files:
            for block in self._read(file):
                first = first or block
                if self.fixed_columns and block.names != first.names:
                    check_same_names(block.names, first.names, block.file, first.file)
                    block = replace(block, names=first.names)  # noqa: PLW2901 - the same block, with the columns in the first file's order
                if len(block):
                    has_rows = True
                    yield block
        if first is not None and not has_rows:
            yield first

    def _read(self, file: SourceFile) -> Iterator[RowBlock]:
        row, blocks = 1, self._reader.read(file)
        while True:
            with conversion_errors(rows_of(file.name, row, 0)):
                block = next(blocks, None)
            if block is None:
                return
            row += len(block)
            yield block

    def fingerprint(self) -> str:
        """Return a short text that changes when a file or an option changes.

        :raises SourceError: when a file cannot be read.
        """
        parts = [type(self._reader).__name__, self._options, *(file.fingerprint() for file in self._files)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]

    def is_large(self) -> bool:
        """Return whether the files are known to have many blocks."""
        return sum(file.size or 0 for file in self._files) > _LARGE_BYTES

    def progress(self) -> float | None:
        """Return the share of the stored bytes read so far, or ``None`` when a size is unknown."""
        total = 0
        for file in self._files:
            if file.size is None:
                return None
            total += file.size
        return min(sum(file.bytes_read for file in self._files) / total, 1.0) if total else None


def _has_added_columns(file: SourceFile) -> bool:
    """Return whether a file has the columns that a rejects file of this package adds to those of its source."""
    with closing(file.open()) as stream:
        first_line: bytes = stream.readline(_MAX_FIRST_LINE_BYTES)
    return all(name.encode() in first_line for name in OUTCOME_COLUMNS)
