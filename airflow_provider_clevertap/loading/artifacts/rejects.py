"""The rejects file: every row that failed, as it was, with the reason; fix the cells and load the file again."""

from __future__ import annotations

import base64
import csv
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
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.storage.errors import storage_errors
from airflow_provider_clevertap.loading.storage.files import AtomicFile
from airflow_provider_clevertap.loading.storage.private_files import PRIVATE
from airflow_provider_clevertap.loading.storage.written_file import WrittenFile


class RejectsFile:
    """Writes the rejects file; nothing is made until there is a row to write.

    :param place: where it goes, ``None`` to write none. A name that ends in ``.jsonl`` is written as JSON Lines,
        one that ends in ``.csv`` as CSV.
    :param nested: the rows hold nested values: JSON Lines unless the name says otherwise.
    :param many_files: the load has more than one file.
    :param mode: who may read the file, where it is a local path.
    """

    def __init__(self, place: Any, *, nested: bool = False, many_files: bool = False, mode: int = PRIVATE) -> None:
        self._file = None if place is None else AtomicFile(place, mode)
        self._many_files = many_files
        self._rows: _CsvRows | _JsonRows | None = None
        self._as_json = nested
        if self._file is not None:
            ending = Path(self._file.name).suffix
            self._as_json = ending in (".jsonl", ".ndjson") or (nested and ending != ".csv")
            self._file.prepare()
        #: where the file is, ``None`` while there is none
        self.path: str | None = None

    def write(self, block: RowBlock, verdicts: Mapping[int, RowOutcome]) -> None:
        """Write some of a block's rows. After a failure there is no file, and nothing more is written.

        :param verdicts: what became of them, by their place in the block, in the order to write them.
        :raises ConfigurationError: when the file cannot be written there.
        :raises StorageUnavailableError: when the storage fails, as a full disk does.
        """
        if self._file is None or not verdicts:
            return
        try:
            self._write(self._file, block, verdicts)
        except (CleverTapError, OSError) as error:
            file = self._file
            self.discard()
            with storage_errors(file.name):
                raise error

    def _write(self, file: AtomicFile, block: RowBlock, verdicts: Mapping[int, RowOutcome]) -> None:
        if self._rows is None:
            stream = file.open()
            self._rows = _JsonRows(stream) if self._as_json else _CsvRows(stream)
        self._rows.write(block, list(verdicts), self._added(block, verdicts))

    def _added(self, block: RowBlock, verdicts: Mapping[int, RowOutcome]) -> dict[str, list[Any]]:
        """Give the columns that go beside the source's own."""
        found = [
            (block.first_row + row, verdict.outcome.value, verdict.code, verdict.field, verdict.reason)
            for row, verdict in verdicts.items()
        ]
        added = dict(zip(OUTCOME_COLUMNS, map(list, zip(*found, strict=True)), strict=True))
        if self._many_files:
            added[FILE_COLUMN] = [block.file] * len(found)
        lines = [block.row_errors[row].text or None if row in block.row_errors else None for row in verdicts]
        if any(lines):
            added[LINE_COLUMN] = lines
        return added

    def close(self) -> None:
        """Finish the file and put it in its place; may be tried again when it failed.

        :raises ConfigurationError: when the file cannot be written there.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._rows is not None and self._file is not None:
            self._rows.finish(self._file)
            self._file.publish()
            self._rows, self.path = None, self._file.name

    def published_rows(self) -> int:
        """Count the rows in the file's place; 0 when this load has put none there.

        :raises StorageUnavailableError: when it cannot be read.
        """
        if self._file is None or self.path is None:
            return 0
        with self._file.read() as stream:
            return _lines(stream) if self._as_json else _records(stream) - 1

    def remove_earlier(self) -> None:
        """Remove what an earlier attempt or run left in the file's place, as this load has nothing to put there.

        :raises ConfigurationError: when it cannot be removed.
        :raises StorageUnavailableError: when the storage fails.
        """
        if self._file is not None and self.path is None:
            self._file.remove()

    def discard(self) -> None:
        """Leave no file, unless it is in its place already."""
        if self._file is not None:
            self._file.discard()
        self._file = self._rows = None


class _JsonRows:
    def __init__(self, stream: WrittenFile) -> None:
        self.stream = stream

    def write(self, block: RowBlock, places: Sequence[int], added: Mapping[str, Sequence[Any]]) -> None:
        for row, cells in zip(block.rows(places), zip(*added.values(), strict=True), strict=True):
            row.update(zip(added, cells, strict=True))
            if row.get(LINE_COLUMN, "") is None:
                del row[LINE_COLUMN]
            self.stream.write(json.dumps(row, default=_plain, ensure_ascii=False) + "\n")

    def finish(self, file: AtomicFile) -> None:
        """Do nothing: lines need no header."""


class _CsvRows:
    """Rows under one header. Columns may come as the load goes on; the header is then put right once, at the end."""

    def __init__(self, stream: WrittenFile) -> None:
        self._columns: tuple[str, ...] = ()
        #: the columns of rows that follow one another, and how many rows they are
        self._parts: list[tuple[tuple[str, ...], int]] = []
        self._writer = csv.writer(stream)

    def write(self, block: RowBlock, places: Sequence[int], added: Mapping[str, Sequence[Any]]) -> None:
        if not {*block.names, *added} <= set(self._columns):
            self._take_up((*block.names, *added))
        rows = slicing.take_rows(block, np.array(places, np.int64))
        cells = {name: _cells(slicing.column_of(rows, name)) for name in block.names}
        cells |= {name: _alike_cells(values) for name, values in added.items()}
        missing = [None] * len(places)
        self._writer.writerows(zip(*(cells.get(name, missing) for name in self._columns), strict=True))
        columns, count = self._parts[-1]
        self._parts[-1] = (columns, count + len(places))

    def finish(self, file: AtomicFile) -> None:
        """Give all rows the columns of the last ones. It may be called again when it failed."""
        if len(self._parts) > 1:
            file.rewrite(self._copy)
            self._parts = [(self._columns, sum(count for _, count in self._parts))]

    def _take_up(self, found: Iterable[str]) -> None:
        """Take up columns the header does not have yet, as a second file of a load may bring them."""
        names = dict.fromkeys((*self._columns, *found))
        self._columns = (
            *(name for name in names if name not in ADDED_COLUMNS),
            *(name for name in ADDED_COLUMNS if name in names),
        )
        if not self._parts:
            self._writer.writerow(map(with_formula_marks, self._columns))
        self._parts.append((self._columns, 0))

    def _copy(self, written: IO[str], to: WrittenFile) -> None:
        """Copy the rows, as they stand in the file with their marks, below the whole header."""
        limit = csv.field_size_limit(sys.maxsize)
        try:
            rows, writer = csv.reader(written), csv.writer(to)
            writer.writerow(map(with_formula_marks, self._columns))
            next(rows)
            for columns, count in self._parts:
                places = {name: place for place, name in enumerate(columns)}
                found = [places.get(name) for name in self._columns]
                for cells in islice(rows, count):
                    writer.writerow([None if place is None else cells[place] for place in found])
        finally:
            csv.field_size_limit(limit)


def _lines(stream: IO[bytes]) -> int:
    return sum(chunk.count(b"\n") for chunk in iter(partial(stream.read, 1 << 20), b""))


def _records(stream: IO[bytes]) -> int:
    """Count line ends outside of quotation marks."""
    count, quoted = 0, False
    while chunk := stream.read(1 << 20):
        for number, piece in enumerate(chunk.split(b'"')):
            quoted ^= number > 0
            count += 0 if quoted else piece.count(b"\n")
    return count


def _cells(column: Any) -> Sequence[str | None]:
    """Write the cells of a column, an Arrow array or Python values."""
    if isinstance(column, list):
        return [_cell(value) for value in column]
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type) or pa.types.is_date32(column.type):
        # Arrow writes these as _cell does.
        column = column.cast(pa.string())
    return mark_formulas(column) if pa.types.is_string(column.type) else [_cell(value) for value in column.to_pylist()]


def _alike_cells(values: Sequence[Any]) -> Sequence[Any]:
    """Write numbers, and texts among which few are different."""
    written = {text: with_formula_marks(text) for text in set(values) if isinstance(text, str)}
    return [written.get(value, value) for value in values]


def _cell(value: Any) -> str | None:
    """Write a value so that a CSV source reads the same from it, and no spreadsheet a formula."""
    if value is None:
        return None
    if isinstance(value, str):
        return with_formula_marks(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        value = json.dumps(value, default=_plain, ensure_ascii=False)
    return with_formula_marks(_plain(value) if isinstance(value, date | time | bytes) else str(value))


def _plain(value: Any) -> Any:
    """Write what JSON has no form for."""
    if isinstance(value, date | time):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
