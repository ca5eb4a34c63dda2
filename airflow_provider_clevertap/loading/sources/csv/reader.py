"""Read CSV and TSV files as row blocks: every cell is text, and invalid rows are kept with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.artifacts.rejects_format import without_formula_marks
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.sources.column_names import check_count, check_names, is_rejects_file
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
    :param encoding: the encoding of the files.
    :param header: the column names, for files without a header line.
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
        block_rows: int,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self._delimiter = delimiter
        self._dialects = {
            extension: Dialect(delimiter or default, quote) for extension, default in ((".tsv", "\t"), ("", ","))
        }
        self._encoding = check_encoding(encoding)
        if isinstance(header, str):
            raise ConfigurationError(f"header={header!r} must be a list of column names.")
        self._header = None if header is None else tuple(header)
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
            parser = ChunkParser(self._names(file, splitter, dialect), dialect, self._encoding)
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

    def _names(self, file: SourceFile, splitter: RecordSplitter, dialect: Dialect) -> tuple[str, ...]:
        if self._header is not None:
            check_names(self._header, file.name)
            return self._header
        try:
            record = splitter.first_record()
        except EndlessRecordError as error:
            raise _no_end(file.name, 0, error) from None
        if not record:
            raise SourceError(f"{file.name}: there is no header, only blank lines. Write the column names first.")
        if not is_utf8(record):
            raise SourceError(
                f"{file.name}: the header is not valid {self._encoding}. Set the encoding the file is written in, "
                "for example CsvSource(path, encoding='cp1252')."
            )
        if find_malformed(record, len(record), find_quoted(record, dialect)):
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
        check_names(names, file.name)
        return tuple(names)

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
