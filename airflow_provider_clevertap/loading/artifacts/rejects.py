"""The rejects file: every row that failed, unchanged, with the reason. Fix its cells and load the file again."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from airflow_provider_clevertap.exceptions import CleverTapError
from airflow_provider_clevertap.loading.artifacts.rejects_format import (
    ADDED_COLUMNS,
    FILE_COLUMN,
    LINE_COLUMN,
    OUTCOME_COLUMNS,
    mark_formulas,
    with_formula_marks,
)
from airflow_provider_clevertap.loading.outcomes.outcome import RowOutcome
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock, conversion_errors
from airflow_provider_clevertap.loading.rows.json_values import to_json_value
from airflow_provider_clevertap.storage.errors import storage_errors
from airflow_provider_clevertap.storage.files import AtomicFile
from airflow_provider_clevertap.storage.private_files import PRIVATE
from airflow_provider_clevertap.storage.written_file import WrittenFile


class RejectsFile:
    """Writes the rejects file. No file is created before the first row is written.

    :param location: where to write it, ``None`` to write none. A name that ends in ``.jsonl`` is written as JSON Lines,
        one that ends in ``.csv`` as CSV.
    :param nested: the rows hold nested values: the format is JSON Lines unless the name ends in ``.csv``.
    :param many_files: the source has more than one file.
    :param mode: who may read the file, for a local path.
    """

    def __init__(self, location: Any, *, nested: bool = False, many_files: bool = False, mode: int = PRIVATE) -> None:
        self._file = None if location is None else AtomicFile(location, mode)
        self._many_files = many_files
        self._rows: _CsvRows | _JsonRows | None = None
        self._as_json = nested
        if self._file is not None:
            suffix = Path(self._file.name).suffix
            self._as_json = suffix in (".jsonl", ".ndjson") or (nested and suffix != ".csv")
            self._file.prepare()
        #: the location of the published file, ``None`` before
        self.path: str | None = None

    def write(self, block: RowBlock, outcomes: Mapping[int, RowOutcome]) -> None:
        """Write some rows of a block. After a failure the file is deleted, and later calls write nothing.

        :param outcomes: their outcomes, by their position in the block, in the order to write them.
        :raises ConfigurationError: when the file cannot be written at its location.
        :raises StorageUnavailableError: when the storage fails, as a full disk does.
        """
        if self._file is None or not outcomes:
            return
        try:
            self._write(self._file, block, outcomes)
        except (CleverTapError, OSError) as error:
            file = self._file
            self.discard()
            with storage_errors(file.name):
                raise error

    def _write(self, file: AtomicFile, block: RowBlock, outcomes: Mapping[int, RowOutcome]) -> None:
        if self._rows is None:
            stream = file.open()
            self._rows = _JsonRows(stream) if self._as_json else _CsvRows(stream)
        with conversion_errors(block.place):
            rows, positions = block.as_read(list(outcomes))
            self._rows.write(rows, positions, self._added(block, outcomes))

    def _added(self, block: RowBlock, outcomes: Mapping[int, RowOutcome]) -> dict[str, list[Any]]:
        """Return the columns that are added to those of the source."""
        values = [
            (block.first_row + row, outcome.outcome, outcome.code, outcome.field, outcome.reason)
            for row, outcome in outcomes.items()
        ]
        added = dict(zip(OUTCOME_COLUMNS, map(list, zip(*values, strict=True)), strict=True))
        if self._many_files:
            added[FILE_COLUMN] = [block.file] * len(values)
        lines = [block.row_errors[row].text or None if row in block.row_errors else None for row in outcomes]
        if any(lines):
            added[LINE_COLUMN] = lines
        return added

    def publish(self) -> None:
        """Finish the file and move it to its location. It may be called again after a failure.

        :raises ConfigurationError: when the file cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._rows is not None and self._file is not None:
            self._rows.finish(self._file)
            self._file.publish()
            self._rows, self.path = None, self._file.name

    def published_rows(self) -> int:
        """Count the rows of the published file; 0 when this load has published none.

        :raises StorageUnavailableError: when it cannot be read.
        """
        if self._file is None or self.path is None:
            return 0
        with self._file.read() as stream:
            return _count_lines(stream) if self._as_json else _count_records(stream) - 1

    def remove_earlier(self) -> None:
        """Delete the file of an earlier attempt or run at this location. For a load without rejected rows.

        :raises ConfigurationError: when it cannot be removed.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._file is not None and self.path is None:
            self._file.remove()

    def discard(self) -> None:
        """Delete the file, unless it is published."""
        if self._file is not None:
            self._file.discard()
        self._file = self._rows = None


class _JsonRows:
    def __init__(self, stream: WrittenFile) -> None:
        self.stream = stream

    def write(self, block: RowBlock, rows: Sequence[int], added: Mapping[str, Sequence[Any]]) -> None:
        for row, cells in zip(block.rows(rows), zip(*added.values(), strict=True), strict=True):
            row.update(zip(added, cells, strict=True))
            if row.get(LINE_COLUMN, "") is None:
                del row[LINE_COLUMN]
            self.stream.write(json.dumps(row, default=to_json_value, ensure_ascii=False) + "\n")

    def finish(self, file: AtomicFile) -> None:
        """Do nothing: JSON Lines have no header."""


class _CsvRows:
    """CSV rows below one header. Columns may be added during a load; the header is then rewritten once, at the end."""

    def __init__(self, stream: WrittenFile) -> None:
        self._columns: tuple[str, ...] = ()
        #: for consecutive rows with the same columns: the columns and the number of rows
        self._parts: list[tuple[tuple[str, ...], int]] = []
        self._stream = stream

    def write(self, block: RowBlock, rows: Sequence[int], added: Mapping[str, Sequence[Any]]) -> None:
        if not {*block.names, *added} <= set(self._columns):
            self._add_columns((*block.names, *added))
        taken = slicing.take_rows(block, np.array(rows, np.int64))
        cells = {name: _cells(slicing.column_of(taken, name)) for name in block.names}
        cells |= {name: _repeated_cells(values) for name, values in added.items()}
        missing = [None] * len(rows)
        self._write(zip(*(cells.get(name, missing) for name in self._columns), strict=True))
        columns, count = self._parts[-1]
        self._parts[-1] = (columns, count + len(rows))

    def finish(self, file: AtomicFile) -> None:
        """Rewrite the file so that all rows have all columns. It may be called again after a failure."""
        if len(self._parts) > 1:
            file.rewrite(self._copy)
            self._parts = [(self._columns, sum(count for _, count in self._parts))]

    def _add_columns(self, new: Iterable[str]) -> None:
        """Add columns that the header does not have yet: a second file of a load may have others."""
        names = dict.fromkeys((*self._columns, *new))
        self._columns = (
            *(name for name in names if name not in ADDED_COLUMNS),
            *(name for name in ADDED_COLUMNS if name in names),
        )
        if not self._parts:
            self._write([tuple(map(with_formula_marks, self._columns))])
        self._parts.append((self._columns, 0))

    def _write(self, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._stream.write(text.getvalue())

    def _copy(self, written: IO[str], to: WrittenFile) -> None:
        """Copy the rows, with their formula marks, below the complete header."""
        limit = csv.field_size_limit(sys.maxsize)
        try:
            rows, writer = csv.reader(written), csv.writer(to)
            writer.writerow(map(with_formula_marks, self._columns))
            next(rows)
            for columns, count in self._parts:
                index = {name: number for number, name in enumerate(columns)}
                indices = [index.get(name) for name in self._columns]
                for cells in islice(rows, count):
                    writer.writerow([None if number is None else cells[number] for number in indices])
        finally:
            csv.field_size_limit(limit)


def _count_lines(stream: IO[bytes]) -> int:
    return sum(chunk.count(b"\n") for chunk in iter(partial(stream.read, 1 << 20), b""))


def _count_records(stream: IO[bytes]) -> int:
    """Count line ends outside quotation marks."""
    count, quoted = 0, False
    while chunk := stream.read(1 << 20):
        for number, piece in enumerate(chunk.split(b'"')):
            quoted ^= number > 0
            count += 0 if quoted else piece.count(b"\n")
    return count


def _cells(column: Any) -> Sequence[str | None]:
    """Return the cells of a column, an Arrow array or Python values, as CSV text."""
    if isinstance(column, list):
        return [_cell(value) for value in column]
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type) or pa.types.is_date32(column.type):
        # Arrow writes these types in the same way as _cell.
        column = column.cast(pa.string())
    return mark_formulas(column) if pa.types.is_string(column.type) else [_cell(value) for value in column.to_pylist()]


def _repeated_cells(values: Sequence[Any]) -> Sequence[Any]:
    """Return the cells of a column of numbers, or of texts with few different values."""
    written = {text: with_formula_marks(text) for text in set(values) if isinstance(text, str)}
    return [written.get(value, value) for value in values]


def _cell(value: Any) -> str | None:
    """Return a value as text that a CSV source reads as the same value, and that no spreadsheet runs as a formula."""
    if value is None:
        return None
    if isinstance(value, str):
        return with_formula_marks(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        value = json.dumps(value, default=to_json_value, ensure_ascii=False)
    return with_formula_marks(to_json_value(value) if isinstance(value, date | time | bytes) else str(value))
