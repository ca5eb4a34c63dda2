"""Read CSV and TSV files as row blocks: every cell is text, and invalid rows are kept with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import without_formula_marks
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.sources.column_names import (
    check_count,
    check_names,
    is_rejects_file,
    names_of_header,
    usable_names,
)
from airflow_provider_clevertap.loading.sources.csv.dialect import Dialect
from airflow_provider_clevertap.loading.sources.csv.parser import ChunkParser, header_cells, is_utf8
from airflow_provider_clevertap.loading.sources.csv.quoted_sections import find_malformed, find_quoted
from airflow_provider_clevertap.loading.sources.csv.record_splitter import (
    CHUNK_BYTES,
    EndlessRecordError,
    RecordSplitter,
)
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.files.text_stream import TextStream, check_encoding

_OTHER_DELIMITERS = ";\t|,"


class CsvReader:
    """Reads CSV files as row blocks.

    :param delimiter: between cells; ``None`` means a tab for ``.tsv`` files and a comma for others.
    :param quote: around cells that contain delimiters or line ends; ``None`` when quotes are ordinary text.
    :param escape: takes the meaning of the delimiter, quote, line end or escape after it; ``None`` for no escape.
    :param comment: begins lines that are left out; ``None`` for none.
    :param encoding: the encoding of the files.
    :param header: the column names, for files without a header line.
    :param skip_rows: how many lines at the start of each file are not rows.
    :param header_row: the number of the line that is the header; ``None`` for the first one that is not skipped.
    :param block_rows: maximum number of rows in a block.
    :param chunk_bytes: how much text is parsed at a time.
    :raises ConfigurationError: when an argument cannot be used.
    """

    fixed_columns = True
    nested = False

    def __init__(
        self,
        *,
        delimiter: str | None,
        quote: str | None,
        encoding: str,
        header: Sequence[str] | None,
        escape: str | None = None,
        comment: str | None = None,
        skip_rows: int = 0,
        header_row: int | None = None,
        block_rows: int,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self._delimiter = delimiter
        self._dialects = {
            extension: Dialect(delimiter or default, quote, escape=escape, comment=comment)
            for extension, default in ((".tsv", "\t"), ("", ","))
        }
        self._encoding = check_encoding(encoding)
        if isinstance(header, str):
            raise ConfigurationError(f"header={header!r} must be a list of column names.")
        self._header = None if header is None else tuple(header)
        _check_row_number("skip_rows", skip_rows, 0)
        if header_row is not None:
            _check_row_number("header_row", header_row, 1)
            if header is not None:
                raise ConfigurationError(
                    "header names the columns, and header_row says which line does: use one of them. To replace the "
                    "names in a file, leave its header out with skip_rows."
                )
        self._skip_rows = skip_rows
        self._header_row = header_row
        self._block_rows = block_rows
        self._chunk_bytes = chunk_bytes

    def read(self, file: SourceFile) -> Iterator[RowBlock]:
        """Read one file; a file without rows returns one empty block.

        :raises SourceError: when it cannot be read, or its header cannot be used.
        """
        dialect = self._dialects.get(file.extension, self._dialects[""])
        stream = TextStream(file, self._encoding)
        first_row = 1
        try:
            splitter = RecordSplitter(stream.read, dialect, chunk_bytes=self._chunk_bytes)
            parser = ChunkParser(self._header_of(file, splitter, dialect), dialect, self._encoding)
            yield parser.empty(file.name)
            for chunk in splitter.chunks():
                columns, row_errors = parser.parse(chunk)
                rows = len(columns[parser.names[0]])
                for start in range(0, rows, self._block_rows):
                    stop = min(start + self._block_rows, rows)
                    yield RowBlock(
                        file=file.name,
                        first_row=first_row + start,
                        names=parser.names,
                        columns={name: column[start:stop] for name, column in columns.items()},
                        row_errors={row - start: row_errors[row] for row in sorted(row_errors) if start <= row < stop},
                    )
                first_row += rows
        except EndlessRecordError as error:
            raise _no_end(file.name, first_row, error) from None
        finally:
            stream.close()

    def _header_of(self, file: SourceFile, splitter: RecordSplitter, dialect: Dialect) -> tuple[str, ...]:
        """Read a file up to its first row, and return the cells of its header."""
        try:
            if self._header is None:
                return self._read_header(file, splitter, dialect)
            splitter.skip_lines(self._skip_rows)
        except EndlessRecordError as error:
            raise _no_end(file.name, 0, error) from None
        return _checked(self._header, file.name)

    def _read_header(self, file: SourceFile, splitter: RecordSplitter, dialect: Dialect) -> tuple[str, ...]:
        lines_before = self._skip_rows if self._header_row is None else self._header_row - 1
        lines = splitter.skip_lines(lines_before)
        if self._header_row is not None:
            _check_header_line(file.name, self._header_row, lines, splitter.next_byte(), dialect)
        record, header_lines = splitter.first_record()
        splitter.skip_lines(self._skip_rows - lines_before - header_lines)
        if not record:
            after = f" after the first {lines:,} lines, which skip_rows leaves out" if lines else ""
            blank = "blank lines" if dialect.comment is None else "blank lines and comments"
            raise SourceError(f"{file.name}: there is no header{after}, only {blank}. Write the column names first.")
        if not is_utf8(record):
            raise SourceError(
                f"{file.name}: the header is not valid {self._encoding}. Set the encoding the file is written in, "
                "for example CsvSource(path, encoding='cp1252')."
            )
        masked = dialect.mask_escapes(record)
        if find_malformed(record, masked, len(record), find_quoted(masked, dialect)):
            raise SourceError(
                f"{file.name}: the header is malformed: text follows a closing quote. Write a quote within a quoted "
                "name twice. If quotes are ordinary text in this file, use CsvSource(path, quote=None)."
            )
        # Checked before parsing, which takes a thousand bytes per column; delimiters within quotes are counted as well.
        check_count(1 + record.count(dialect.delimiter.encode()), file.name)
        names = header_cells(record, dialect)
        self._check_delimiter(names, file, dialect)
        if is_rejects_file(names):
            names = list(map(without_formula_marks, names))
        return _checked(names, file.name)

    def _check_delimiter(self, names: Sequence[str], file: SourceFile, dialect: Dialect) -> None:
        if len(names) > 1 or self._delimiter is not None:
            return
        for other in _OTHER_DELIMITERS:
            if other in names[0]:
                raise SourceError(
                    f"{file.name}: cells are read as divided by {dialect.delimiter!r}, so the header is one "
                    f"column, with {other!r} in its name. If {other!r} is the delimiter, use "
                    f"CsvSource(path, delimiter={other!r}); otherwise delimiter={dialect.delimiter!r}."
                )


def _checked(cells: Sequence[str], file: str) -> tuple[str, ...]:
    check_names(cells, file, unnamed_allowed=True)
    if not any(name.strip() for name in usable_names(names_of_header(cells))):
        raise SourceError(
            f"{file}: the header has only blank cells ({len(cells)}). If another line is the header, use "
            "CsvSource(path, header_row=...) with its number."
        )
    return tuple(cells)


def _check_row_number(name: str, value: object, minimum: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise ConfigurationError(f"{name}={value!r} must be a whole number, at least {minimum}.")


def _check_header_line(file: str, number: int, lines: int, first: bytes, dialect: Dialect) -> None:
    """Check that the line of the header exists and can be one.

    :param number: its number in the file.
    :param lines: how many lines precede it.
    :param first: its first byte.
    """
    if not first:
        raise SourceError(f"{file}: header_row={number}, and the file has only {lines:,} lines.")
    if first in b"\r\n":
        raise SourceError(f"{file}: header_row={number}, and line {number} is blank.")
    if dialect.comment is not None and first == dialect.comment.encode():
        raise SourceError(
            f"{file}: header_row={number}, and line {number} is a comment. If it is the header, leave comment out."
        )


def _no_end(file: str, row: int, error: EndlessRecordError) -> SourceError:
    where = f"row {row}" if row else "the header"
    if error.quoted:
        return SourceError(
            f"{file}: a quote opened in {where} is never closed: the {error.size:,} bytes from there on cannot be "
            "split into rows. Close it or remove it. If quotes are ordinary text in this file, use "
            "CsvSource(path, quote=None). A truncated file causes the same error."
        )
    return SourceError(
        f"{file}: {where} has no end within {error.size:,} bytes. Check that this is a CSV file with line ends."
    )
