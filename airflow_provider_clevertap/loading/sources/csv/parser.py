"""Parse chunks of CSV text into text columns with Arrow, and keep rows that have too many or too few cells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from airflow_provider_clevertap.loading.artifacts.rejects_format import without_formula_marks
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.loading.rows.conversion import (
    array_from_numpy,
    array_from_texts,
    numpy_from_array,
    scalar,
)
from airflow_provider_clevertap.loading.rows.text_arrays import as_mask, blank_out
from airflow_provider_clevertap.loading.sources.column_names import (
    MAX_COLUMNS,
    is_rejects_file,
    names_of_header,
    usable_names,
)
from airflow_provider_clevertap.loading.sources.csv.dialect import Dialect
from airflow_provider_clevertap.loading.sources.csv.quoted_sections import MalformedRecord
from airflow_provider_clevertap.loading.sources.csv.record_splitter import Chunk

#: What MySQL, Hive and PostgreSQL write for an empty cell of a file with backslashes as escapes.
_NULL = "\\N"
_HEADER_AGAIN = "this row is the header again: the file was put together from parts that each begin with the header"
_LOOK_FOR = "look for a missing or surplus delimiter, or a cell that needs quotes around it"


class ChunkParser:
    """Parses chunks that share a header.

    :param header: the cells of the header; also the names of the columns, for files without a header line.
    :param dialect: the characters that have a meaning in the file.
    :param encoding: the encoding of the file, for messages.
    """

    def __init__(self, header: tuple[str, ...], dialect: Dialect, encoding: str) -> None:
        self._header = names_of_header(header)
        self.names = usable_names(self._header)
        self._cells = {name: cell for name, cell in zip(self._header, header, strict=True) if name in self.names}
        self._has_formula_marks = is_rejects_file(header)
        self._dialect = dialect
        self._encoding = encoding
        self._invalid: list[csv.InvalidRow] = []
        self._parse_options = _parse_options(dialect, self._skip_invalid)
        self._convert_options = _convert_options(self.names, dialect)

    def empty(self, file: str) -> RowBlock:
        """Return a block without rows."""
        return RowBlock(file, 1, self.names, {name: array_from_texts([]) for name in self.names})

    def parse(self, chunk: Chunk) -> tuple[dict[str, pa.Array], dict[int, RowError]]:
        """Parse a chunk into columns and the errors of its invalid rows, by row of the chunk."""
        data = self._dialect.double_escapes(chunk.data)
        columns, row_errors = self._columns(data) if is_utf8(data) else self._columns_with_invalid_bytes(data)
        if self._has_formula_marks:
            columns = {name: _remove_formula_marks(column) for name, column in columns.items()}
        row_errors.update(dict.fromkeys(self._repeated_headers(columns), RowError(_HEADER_AGAIN)))
        if chunk.malformed:
            row_errors.update({record.row: _malformed(record, self._dialect) for record in chunk.malformed})
            # No cells: loaded again from the rejects file, they must not pass for what was meant.
            malformed = np.zeros(len(columns[self.names[0]]), np.bool_)
            malformed[[record.row for record in chunk.malformed]] = True
            columns = {name: blank_out(column, malformed) for name, column in columns.items()}
        return columns, row_errors

    def _repeated_headers(self, columns: Mapping[str, pa.Array]) -> list[int]:
        """Return the rows of a chunk whose cells are those of the header."""
        first = next(name for name, of_header in self._cells.items() if of_header.strip())
        rows = np.flatnonzero(as_mask(pc.equal(columns[first], scalar(self._cells[first]))))
        for name, of_header in self._cells.items() if len(rows) else ():
            cells = columns[name].take(array_from_numpy(rows))
            if not of_header.strip():
                cells = pc.utf8_trim_whitespace(cells.fill_null(scalar("")))
            rows = rows[as_mask(pc.equal(cells, scalar(of_header if of_header.strip() else "")))]
        return rows.tolist()

    def _skip_invalid(self, row: csv.InvalidRow) -> str:
        self._invalid.append(row)
        return "skip"

    def _columns(self, data: bytes) -> tuple[dict[str, pa.Array], dict[int, RowError]]:
        self._invalid.clear()
        table = csv.read_csv(
            pa.BufferReader(data), _read_options(self._header, data), self._parse_options, self._convert_options
        )
        columns = {name: _one_array(table.column(name)) for name in self.names}
        if not self._invalid:
            return columns, {}
        return self._insert_invalid_rows(columns, table.num_rows)

    def _insert_invalid_rows(
        self, columns: Mapping[str, pa.Array], valid_rows: int
    ) -> tuple[dict[str, pa.Array], dict[int, RowError]]:
        rows = np.array([row.number - 1 for row in self._invalid])
        is_invalid = np.zeros(valid_rows + len(rows), np.bool_)
        is_invalid[rows] = True
        order = np.empty(len(is_invalid), np.int64)
        order[~is_invalid] = np.arange(valid_rows)
        order[rows] = np.arange(valid_rows, valid_rows + len(rows))
        cells = [self._fit_to_header(row) for row in _cells_of(self._invalid, self._dialect)]
        completed = {
            name: pa.concat_arrays([columns[name], array_from_texts([row[name] for row in cells])]).take(
                array_from_numpy(order)
            )
            for name in self.names
        }
        row_errors = {
            int(number): RowError(
                f"the row has {row.actual_columns} cells where the header has {row.expected_columns}: {_LOOK_FOR}",
                text="" if row.actual_columns <= MAX_COLUMNS else row.text,
                general=f"the row has {'more' if row.actual_columns > row.expected_columns else 'fewer'} cells than "
                f"the header: {_LOOK_FOR}",
            )
            for number, row in zip(rows, self._invalid, strict=True)
        }
        return completed, row_errors

    def _fit_to_header(self, cells: Sequence[str]) -> dict[str, str | None]:
        row_cells: dict[str, str | None] = dict.fromkeys(self.names)
        for name, cell in zip(self._header, cells, strict=False):
            if name in row_cells:
                row_cells[name] = cell or None
        surplus = cells[len(self._header) :]
        if surplus:
            last = self.names[-1]
            row_cells[last] = self._dialect.delimiter.join([row_cells[last] or "", *surplus])
        return row_cells

    def _columns_with_invalid_bytes(self, data: bytes) -> tuple[dict[str, pa.Array], dict[int, RowError]]:
        # Parsed with two replacements for invalid bytes: only cells that contain such bytes differ. Neither replacement
        # adds or removes a delimiter, quote or line end, so the rows are the same.
        columns, row_errors = self._columns(_show_invalid_bytes(data, self._dialect))
        others, _ = self._columns(data.decode("utf-8", "replace").encode())
        for name in self.names:
            differs = pc.fill_null(pc.not_equal(columns[name], others[name]), scalar(False))
            for row in np.flatnonzero(numpy_from_array(differs)).tolist():
                reason = (
                    f"a cell is not valid {self._encoding}: if the whole file is in another encoding, set "
                    "CsvSource(path, encoding=...)"
                )
                row_errors.setdefault(row, RowError(reason, name))
        return columns, row_errors


def _parse_options(dialect: Dialect, handler: Any = None) -> csv.ParseOptions:
    return csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote or False,
        escape_char=dialect.escape or False,
        newlines_in_values=True,
        invalid_row_handler=handler,
    )


def _convert_options(names: Sequence[str], dialect: Dialect) -> csv.ConvertOptions:
    return csv.ConvertOptions(
        # is_utf8 has checked the whole chunk
        check_utf8=False,
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=list(names),
        null_values=["", _NULL] if dialect.escape == "\\" else [""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )


def _read_options(names: Sequence[str], text: bytes) -> csv.ReadOptions:
    return csv.ReadOptions(use_threads=False, column_names=list(names), block_size=len(text) + 1)


def _cells_of(invalid: Sequence[csv.InvalidRow], dialect: Dialect) -> list[list[str]]:
    # Rows with the same number of cells form a table, so that the same parser splits them.
    by_width: dict[int, list[int]] = defaultdict(list)
    cells: dict[int, list[str]] = {}
    for index, row in enumerate(invalid):
        if row.actual_columns > MAX_COLUMNS:
            # A table of that many columns would take a thousand times the memory of its text.
            cells[index] = []
        else:
            by_width[row.actual_columns].append(index)
    for width, indices in by_width.items():
        names = [str(column) for column in range(width)]
        text = "\n".join(_complete(invalid[index].text, dialect) for index in indices).encode()
        options = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        table = csv.read_csv(pa.BufferReader(text), _read_options(names, text), _parse_options(dialect), options)
        columns = [column.to_pylist() for column in table.columns]
        cells.update((index, list(row)) for index, row in zip(indices, zip(*columns, strict=True), strict=True))
    return [cells[index] for index in range(len(invalid))]


def _complete(text: str, dialect: Dialect) -> str:
    """Return the text of a row with the escaped line end at its end that Arrow takes for the end of the row."""
    if dialect.escape is None or (len(text) - len(text.rstrip(dialect.escape))) % 2 == 0:
        return text
    return text + "\n"


def header_cells(record: bytes, dialect: Dialect) -> list[str]:
    """Return the cells of the first record of a file."""
    text = dialect.double_escapes(record) + b"\n"
    table = csv.read_csv(pa.BufferReader(text), _read_options((), text), _parse_options(dialect))
    return list(table.column_names)


def _show_invalid_bytes(data: bytes, dialect: Dialect) -> bytes:
    """Return text in which bytes that are not UTF-8 are written as ``\\x..``."""
    backslash = "\\\\" if dialect.escape == "\\" else "\\"
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda byte: f"{backslash}x{ord(byte[0]) - 0xDC00:02x}", text).encode()


def _malformed(record: MalformedRecord, dialect: Dialect) -> RowError:
    where = "text follows a closing quote, so where the cells of this row end is uncertain"
    lines = f"{record.swallowed_lines} lines"
    if record.swallowed_lines:
        where = f"a quote of this row closes {lines} later in the middle of a cell, so these lines are in this row"
    advice = "remove the stray quote, or write a quote within a quoted cell twice"
    if dialect.escape is None and f"\\{dialect.quote}".encode() in record.text:
        advice += ", or set CsvSource(path, escape='\\\\') if backslashes stand before the quotes within cells"
    return RowError(
        f"{where}: {advice}",
        text=record.text.decode("utf-8", "backslashreplace"),
        general=f"{where.replace(lines, 'lines')}: {advice}",
    )


def _remove_formula_marks(column: pa.Array) -> pa.Array:
    """Remove the apostrophes that a rejects file has before cells that look like formulas."""
    candidates = pc.fill_null(pc.match_substring(column, "'"), scalar(False))
    cells = [without_formula_marks(cell) for cell in column.filter(candidates).to_pylist()]
    return pc.replace_with_mask(column, candidates, array_from_texts(cells)) if cells else column


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def is_utf8(data: bytes) -> bool:
    """Return whether this is valid UTF-8; much faster than decoding it."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(data)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True
